/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: the signature of a root hash, and the certificate that it is checked with, of any
 * bytes. Built by `make fuzz`. The input: length of the certificate (2 bytes), the certificate, the root
 * hash, the signature. A signature that is taken has one form only: one more byte, and it is refused.
 */
#include "signing/pkcs7.h"
#include "signing/root_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(X509 *cert, const uint8_t *hash, const uint8_t *der, size_t len)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	_cleanup_buf_ struct buf longer = BUF_INIT;
	struct err e;

	if (pkcs7_parse(der, len, false, &p7, &e) == 0)
		(void)!pkcs7_verify(p7, cert, "content", 7, &e);
	if (root_hash_verify(cert, hash, der, len, &e) < 0)
		return;
	buf_append(&longer, der, len);
	buf_append_zero(&longer, 1);
	if (!buf_failed(&longer) && root_hash_verify(cert, hash, longer.data, longer.len, &e) == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cert_len = size < 2 ? 0 : get_le16(data);

	if (size < 2 + cert_len + SHA256_BYTES)
		return 0;
	const uint8_t *at = data + 2, *hash = at + cert_len, *end = data + size;
	_cleanup_(X509_free) X509 *cert = d2i_X509(NULL, &at, (long)cert_len);
	size_t len = (size_t)(end - hash) - SHA256_BYTES;
	_cleanup_free_ uint8_t *der = malloc(len ? len : 1); /* exact: a byte too far is seen */
	if (!cert || !der)
		return 0;
	memcpy(der, hash + SHA256_BYTES, len);
	use(cert, hash, der, len);
	return 0;
}
