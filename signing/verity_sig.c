/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/json.h"
#include "signing/openssl.h"
#include "signing/root_hash.h"

#define VERITY_SIG_ALIGN     (4 * KiB)
#define VERITY_SIG_MAX_BYTES (1 * MiB)

int verity_sig_build(X509 *cert, const uint8_t root_hash[SHA256_BYTES], const void *der, size_t len,
		     struct buf *ret, struct err *e)
{
	uint8_t fingerprint[SHA256_BYTES];
	char hash_hex[SHA256_HEX], fingerprint_hex[SHA256_HEX];
	_cleanup_free_ char *base64 = base64_encode(der, len);
	_cleanup_buf_ struct buf b = BUF_INIT;
	int r = certificate_fingerprint(cert, fingerprint, e);

	if (r < 0)
		return r;
	if (!base64)
		return err_oom(e);
	hex_encode(root_hash, SHA256_BYTES, hash_hex);
	hex_encode(fingerprint, SHA256_BYTES, fingerprint_hex);
	buf_printf(&b,
		   "{\"rootHash\":\"%s\",\"certificateFingerprint\":\"%s\",\"signature\":\"%s\"}",
		   hash_hex, fingerprint_hex, base64);
	buf_pad(&b, VERITY_SIG_ALIGN);
	buf_append(ret, b.data, b.len);
	return buf_failed(&b) || buf_failed(ret) ? err_oom(e) : 0;
}

static int text_length(const char *data, size_t len, int *ret, struct err *e)
{
	size_t n = strnlen(data, len);

	if (n == 0 || n > VERITY_SIG_MAX_BYTES)
		return err_set(e, -EBADMSG, "%s", n ? "it is too long" : "it is empty");
	for (size_t i = n; i < len; i++)
		if (data[i])
			return err_set(e, -EBADMSG, "bytes after the NUL at %zu", n);
	*ret = (int)n;
	return 0;
}

static int get_digest(struct json_object *o, const char *key, uint8_t ret[SHA256_BYTES],
		      struct err *e)
{
	const char *hex;
	int r = json_read_string(o, key, &hex, e);

	if (r == 0 && hex_decode(hex, ret, SHA256_BYTES) < 0)
		return err_set(e, -EBADMSG, "\"%s\" is not 64 hex digits", key);
	return r;
}

static int parse(const char *data, size_t len, struct verity_sig *s, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = NULL;
	int n = 0, r = text_length(data, len, &n, e);

	if (r == 0)
		r = json_read_object(data, (size_t)n, 4, &o, e);
	if (r < 0)
		return r;
	r = get_digest(o, "rootHash", s->root_hash, e);
	if (r == 0)
		r = get_digest(o, "certificateFingerprint", s->fingerprint, e);
	return r < 0 ? r : json_read_base64(o, "signature", &s->der, e);
}

int verity_sig_parse(const void *data, size_t len, struct verity_sig *ret, struct err *e)
{
	struct verity_sig s = VERITY_SIG_INIT;
	int r = parse(data, len, &s, e);

	if (r < 0) {
		verity_sig_done(&s);
		return err_wrap(e, r, "verity signature partition");
	}
	*ret = s;
	return 0;
}

void verity_sig_done(struct verity_sig *s)
{
	buf_done(&s->der);
}
