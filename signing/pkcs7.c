/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/pkcs7.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/objects.h>

DEFINE_CLEANUP(ASN1_OBJECT *, ASN1_OBJECT_free)

static void free_stack(STACK_OF(X509) * certs)
{
	sk_X509_free(certs);
}
DEFINE_CLEANUP(STACK_OF(X509) *, free_stack)

static int sign_failed(struct err *e)
{
	return openssl_err(e, -EIO, "cannot sign");
}

/* The content without its tag and length is what messageDigest covers. RFC 2315, 9.3. */
static int inner_digest(const struct pkcs7_params *p, uint8_t ret[SHA256_BYTES], struct err *e)
{
	const uint8_t *at = p->content;
	long inner;
	int tag, class;

	int flags = ASN1_get_object(&at, &inner, &tag, &class, (long)p->len);
	if (flags & 0x80)
		return openssl_err(e, -EINVAL, "content to be signed is not DER");
	sha256_bytes(at, (size_t)inner, ret);
	return 0;
}

static int add_attributes(PKCS7_SIGNER_INFO *si, const struct pkcs7_params *p, struct err *e)
{
	uint8_t digest[SHA256_BYTES];
	int r = inner_digest(p, digest, e);

	if (r < 0)
		return r;
	_cleanup_(ASN1_OBJECT_free) ASN1_OBJECT *type = OBJ_txt2obj(p->content_type_oid, 1);
	if (!type || !PKCS7_add_attrib_content_type(si, type))
		return sign_failed(e);
	(void)TAKE_PTR(type);
	return PKCS7_add1_attrib_digest(si, digest, sizeof(digest)) ? 0 : sign_failed(e);
}

/* Signed are the attributes, as a SET OF in DER, not with the implicit tag that they are stored with. */
static int to_be_signed(PKCS7_SIGNER_INFO *si, const struct pkcs7_params *p, struct buf *b,
			struct err *e)
{
	if (!p->content_type_oid) {
		buf_append(b, p->content, p->len);
		return buf_failed(b) ? err_oom(e) : 0;
	}
	uint8_t *der = NULL;
	int len = ASN1_item_i2d((ASN1_VALUE *)PKCS7_get_signed_attributes(si), &der,
				ASN1_ITEM_rptr(PKCS7_ATTR_SIGN));
	if (len <= 0)
		return sign_failed(e);
	buf_append(b, der, (size_t)len);
	OPENSSL_free(der);
	return buf_failed(b) ? err_oom(e) : 0;
}

static int rsa_sign(const struct signer *s, const struct buf *tbs, ASN1_OCTET_STRING *ret,
		    struct err *e)
{
	_cleanup_(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	_cleanup_buf_ struct buf sig = BUF_INIT;
	size_t len = 0;

	if (!ctx)
		return err_oom(e);
	if (EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, s->key, NULL) != 1 ||
	    EVP_DigestSign(ctx, NULL, &len, tbs->data, tbs->len) != 1)
		return sign_failed(e);
	uint8_t *p = buf_grow(&sig, len);
	if (!p)
		return err_oom(e);
	if (EVP_DigestSign(ctx, p, &len, tbs->data, tbs->len) != 1)
		return sign_failed(e);
	return ASN1_OCTET_STRING_set(ret, p, (int)len) ? 0 : err_oom(e);
}

/* SpcIndirectDataContent and the like: content that is not an OCTET STRING. */
static int embed_content(PKCS7 *p7, const struct pkcs7_params *p, struct err *e)
{
	const uint8_t *at = p->content;
	PKCS7 *inner = PKCS7_new();

	if (!inner || !PKCS7_set_content(p7, inner)) {
		PKCS7_free(inner);
		return sign_failed(e);
	}
	ASN1_OBJECT_free(inner->type);
	inner->type = OBJ_txt2obj(p->content_type_oid, 1);
	inner->d.other = d2i_ASN1_TYPE(NULL, &at, (long)p->len);
	return inner->type && inner->d.other ? 0 : sign_failed(e);
}

static int embed_nothing(PKCS7 *p7, struct err *e)
{
	return PKCS7_content_new(p7, NID_pkcs7_data) && PKCS7_set_detached(p7, 1) ? 0
										  : sign_failed(e);
}

/* All but the signature itself. Of @key only the type matters here. */
static int fill(PKCS7 *p7, X509 *cert, EVP_PKEY *key, const struct pkcs7_params *p,
		PKCS7_SIGNER_INFO **ret, struct err *e)
{
	if (!PKCS7_set_type(p7, NID_pkcs7_signed))
		return sign_failed(e);
	PKCS7_SIGNER_INFO *si = PKCS7_add_signature(p7, cert, key, EVP_sha256());
	if (!si || (p->certificate && !PKCS7_add_certificate(p7, cert)))
		return sign_failed(e);
	*ret = si;
	if (!p->content_type_oid)
		return embed_nothing(p7, e);
	int r = embed_content(p7, p, e);
	return r < 0 ? r : add_attributes(si, p, e);
}

int pkcs7_sign(const struct signer *s, const struct pkcs7_params *p, PKCS7 **ret, struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = PKCS7_new();
	_cleanup_buf_ struct buf tbs = BUF_INIT;
	PKCS7_SIGNER_INFO *si;

	ERR_clear_error();
	int r = p7 ? fill(p7, s->cert, s->key, p, &si, e) : err_oom(e);
	if (r == 0)
		r = to_be_signed(si, p, &tbs, e);
	if (r == 0)
		r = rsa_sign(s, &tbs, si->enc_digest, e);
	if (r == 0)
		*ret = TAKE_PTR(p7);
	return r;
}

int pkcs7_check_canonical(PKCS7 *p7, X509 *cert, const struct pkcs7_params *p, const void *der,
			  size_t len, struct err *e)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(p7);
	_cleanup_(PKCS7_free) PKCS7 *expected = PKCS7_new();
	_cleanup_buf_ struct buf b = BUF_INIT;
	PKCS7_SIGNER_INFO *si;

	if (sk_PKCS7_SIGNER_INFO_num(signers) != 1)
		return err_set(e, -EBADMSG, "%d signers, expected one",
			       MAX(0, sk_PKCS7_SIGNER_INFO_num(signers)));
	const ASN1_STRING *sig = sk_PKCS7_SIGNER_INFO_value(signers, 0)->enc_digest;
	int r = expected ? fill(expected, cert, X509_get0_pubkey(cert), p, &si, e) : err_oom(e);
	if (r == 0 && !ASN1_STRING_copy(si->enc_digest, sig))
		r = err_oom(e);
	if (r == 0)
		r = buf_append_pkcs7(&b, expected, true, e);
	if (r == 0 && (b.len != len || memcmp(b.data, der, len) != 0))
		r = err_set(e, -EBADMSG, "it is not of the form that the kernel reads");
	return r;
}

int buf_append_pkcs7(struct buf *b, PKCS7 *p7, bool content_info, struct err *e)
{
	int len = content_info ? i2d_PKCS7(p7, NULL) : i2d_PKCS7_SIGNED(p7->d.sign, NULL);
	uint8_t *p = len > 0 ? buf_grow(b, (size_t)len + 1) : NULL;

	if (!p)
		return err_oom(e);
	if (content_info)
		i2d_PKCS7(p7, &p);
	else
		i2d_PKCS7_SIGNED(p7->d.sign, &p);
	*p = '\0';
	b->len += (size_t)len;
	return 0;
}

int pkcs7_parse(const void *der, size_t len, bool strict, PKCS7 **ret, struct err *e)
{
	const uint8_t *at = der, *end = at + len;

	ERR_clear_error();
	if (len > INT_MAX)
		return err_set(e, -EBADMSG, "a signature of %zu bytes", len);
	_cleanup_(PKCS7_free) PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)len);
	if (!p7)
		return openssl_err(e, -EBADMSG, "not a PKCS#7 signature");
	if (!PKCS7_type_is_signed(p7) || !p7->d.sign || !p7->d.sign->contents)
		return err_set(e, -EBADMSG, "PKCS#7, but not signed data");
	for (; at < end; at++)
		if (strict || *at)
			return err_set(e, -EBADMSG, "bytes after the PKCS#7 signature");
	*ret = TAKE_PTR(p7);
	return 0;
}

static int check_sha256(PKCS7 *p7, struct err *e)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(p7);
	X509_ALGOR *digest = NULL;

	if (sk_PKCS7_SIGNER_INFO_num(signers) != 1)
		return err_set(e, -EKEYREJECTED, "%d signers, expected one",
			       MAX(0, sk_PKCS7_SIGNER_INFO_num(signers)));
	PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(signers, 0), NULL, &digest, NULL);
	/* The list of all digests is OpenSSL's to go by; it leaks memory when it knows one of them not. */
	STACK_OF(X509_ALGOR) *listed = p7->d.sign->md_algs;
	if (!digest || OBJ_obj2nid(digest->algorithm) != NID_sha256 ||
	    sk_X509_ALGOR_num(listed) != 1 ||
	    OBJ_obj2nid(sk_X509_ALGOR_value(listed, 0)->algorithm) != NID_sha256)
		return err_set(e, -EKEYREJECTED, "its digest is not SHA-256");
	return 0;
}

int pkcs7_verify(PKCS7 *p7, X509 *cert, const void *content, size_t len, struct err *e)
{
	int r = check_sha256(p7, e);

	if (r < 0)
		return r;
	ERR_clear_error();
	_cleanup_(BIO_free_all) BIO *in = BIO_new_mem_buf(content, (int)len);
	_cleanup_(free_stack) STACK_OF(X509) *certs = sk_X509_new_null();
	if (!in || !certs || !sk_X509_push(certs, cert))
		return err_oom(e);
	if (PKCS7_verify(p7, certs, NULL, in, NULL,
			 PKCS7_NOVERIFY | PKCS7_NOINTERN | PKCS7_BINARY) != 1)
		return openssl_err(e, -EKEYREJECTED, "not signed by this certificate's key");
	return 0;
}
