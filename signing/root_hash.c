/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/root_hash.h"
#include "signing/pkcs7.h"

int root_hash_sign(const struct signer *s, const uint8_t root_hash[SHA256_BYTES],
		   struct buf *ret_der, struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	char hex[SHA256_HEX];

	hex_encode(root_hash, SHA256_BYTES, hex);
	struct pkcs7_params p = { .content = hex, .len = SHA256_HEX - 1 };
	int r = pkcs7_sign(s, &p, &p7, e);
	if (r == 0)
		r = buf_append_pkcs7(ret_der, p7, true, e);
	return r < 0 ? err_wrap(e, r, "root hash signature") : 0;
}

/* The kernel finds the key by itself, and older ones parse nothing but the plain form. */
static int check_form(PKCS7 *p7, struct err *e)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(p7);

	for (int i = 0; i < sk_PKCS7_SIGNER_INFO_num(signers); i++)
		if (PKCS7_get_signed_attributes(sk_PKCS7_SIGNER_INFO_value(signers, i)))
			return err_set(e, -EBADMSG, "it has signed attributes");
	if (!PKCS7_type_is_data(p7->d.sign->contents) || !PKCS7_get_detached(p7))
		return err_set(e, -EBADMSG, "it is not a detached signature");
	return 0;
}

int root_hash_verify(X509 *cert, const uint8_t root_hash[SHA256_BYTES], const void *der, size_t len,
		     struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	char hex[SHA256_HEX];
	struct pkcs7_params p = { .content = hex, .len = SHA256_HEX - 1 };
	int r = pkcs7_parse(der, len, true, &p7, e);

	hex_encode(root_hash, SHA256_BYTES, hex);
	if (r == 0)
		r = check_form(p7, e);
	if (r == 0)
		r = pkcs7_verify(p7, cert, p.content, p.len, e);
	if (r == 0)
		r = pkcs7_check_canonical(p7, cert, &p, der, len, e);
	return r < 0 ? err_wrap(e, r, "root hash signature") : 0;
}
