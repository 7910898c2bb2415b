/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/null_credential.h"

#include "base/digest.h"
#include "signing/openssl.h"

#define IV_BYTES  12
#define TAG_BYTES 16

DEFINE_CLEANUP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free)

/* 05:84:69:da-…: AES-256-GCM, by no key. */
static const uint8_t id[16] = { 0x05, 0x84, 0x69, 0xda, 0xf6, 0xf5, 0x43, 0x24,
				0x80, 0x05, 0x49, 0xda, 0x0f, 0x8e, 0xa2, 0xfb };

static void append_le32(struct buf *b, uint32_t v)
{
	uint8_t bytes[4];

	put_le32(bytes, v);
	buf_append(b, bytes, sizeof(bytes));
}

/* Sizes of key, block, initialization vector and tag; the vector is zeros. */
static void append_header(struct buf *b)
{
	buf_append(b, id, sizeof(id));
	append_le32(b, SHA256_BYTES);
	append_le32(b, 1);
	append_le32(b, IV_BYTES);
	append_le32(b, TAG_BYTES);
	buf_append_zero(b, IV_BYTES);
	buf_pad(b, 8);
}

/* When it was made (long ago), until when it holds (for ever), its name; then the content. */
static void append_plain(struct buf *b, const char *name, const void *data, size_t len)
{
	static const uint8_t for_ever[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	buf_append_zero(b, 8);
	buf_append(b, for_ever, sizeof(for_ever));
	append_le32(b, (uint32_t)strlen(name));
	buf_append_str(b, name);
	buf_pad(b, 8);
	buf_append(b, data, len);
}

static bool encrypt(EVP_CIPHER_CTX *ctx, const struct buf *header, const struct buf *plain,
		    uint8_t *out)
{
	static const uint8_t iv[IV_BYTES];
	uint8_t key[SHA256_BYTES];
	int n;

	sha256_bytes("", 0, key);
	return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv) &&
	       EVP_EncryptUpdate(ctx, NULL, &n, header->data, (int)header->len) &&
	       EVP_EncryptUpdate(ctx, out, &n, plain->data, (int)plain->len) &&
	       EVP_EncryptFinal_ex(ctx, out + n, &n) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + plain->len);
}

int null_credential_build(const char *name, const void *data, size_t len, struct buf *ret,
			  struct err *e)
{
	_cleanup_(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	_cleanup_buf_ struct buf file = BUF_INIT, plain = BUF_INIT;

	append_header(&file);
	append_plain(&plain, name, data, len);
	if (!ctx || buf_failed(&file) || buf_failed(&plain))
		return err_oom(e);
	uint8_t *out = malloc(plain.len + TAG_BYTES);
	if (!out)
		return err_oom(e);
	bool ok = encrypt(ctx, &file, &plain, out);
	if (ok)
		buf_append(&file, out, plain.len + TAG_BYTES);
	free(out);
	if (!ok)
		return openssl_err(e, -EIO, "cannot encrypt a credential");
	_cleanup_free_ char *text = buf_failed(&file) ? NULL : base64_encode(file.data, file.len);
	buf_append_str(ret, text ? text : "");
	return text && !buf_failed(ret) ? 0 : err_oom(e);
}
