/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/authenticode.h"
#include "signing/pe.h"
#include "signing/pe_format.h"
#include "signing/pkcs7.h"

#define SPC_INDIRECT_DATA_OID "1.3.6.1.4.1.311.2.1.4"

DEFINE_CLEANUP(X509_SIG *, X509_SIG_free)

/* clang-format off */
/*
 * SpcIndirectDataContent, all of it but the digest at its end:
 *   SEQUENCE {
 *     SEQUENCE { OID 1.3.6.1.4.1.311.2.1.15 (SPC_PE_IMAGE_DATA),
 *       SEQUENCE { BIT STRING {}, [0] { [2] { [0] "<<<Obsolete>>>" in UTF-16 } } } }
 *     SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.2.1 (SHA-256), NULL }, OCTET STRING (32) } }
 */
static const uint8_t spc_prefix[] = {
	0x30, 0x68,
	0x30, 0x33, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0f,
	0x30, 0x25, 0x03, 0x01, 0x00, 0xa0, 0x20, 0xa2, 0x1e, 0x80, 0x1c,
	0, '<', 0, '<', 0, '<', 0, 'O', 0, 'b', 0, 's', 0, 'o',
	0, 'l', 0, 'e', 0, 't', 0, 'e', 0, '>', 0, '>', 0, '>',
	0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
	0x05, 0x00, 0x04, SHA256_BYTES,
};
/* clang-format on */

#define SPC_BYTES (sizeof(spc_prefix) + SHA256_BYTES)

static struct pkcs7_params spc_params(const uint8_t digest[SHA256_BYTES], uint8_t spc[SPC_BYTES])
{
	memcpy(spc, spc_prefix, sizeof(spc_prefix));
	memcpy(spc + sizeof(spc_prefix), digest, SHA256_BYTES);
	return (struct pkcs7_params){ .content = spc,
				      .len = SPC_BYTES,
				      .certificate = true,
				      .content_type_oid = SPC_INDIRECT_DATA_OID };
}

static int sign_digest(const struct signer *s, const uint8_t digest[SHA256_BYTES], struct buf *der,
		       struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	uint8_t spc[SPC_BYTES];
	struct pkcs7_params p = spc_params(digest, spc);
	int r = pkcs7_sign(s, &p, &p7, e);
	return r < 0 ? r : buf_append_pkcs7(der, p7, true, e);
}

/* The padding in front of the certificate table is part of what is signed. */
static int padded_digest(struct buf *pe, uint8_t digest[SHA256_BYTES], struct err *e)
{
	size_t len = pe->len;
	struct pe parsed;
	int r = pe_parse(&parsed, pe->data, pe->len, e);

	if (r < 0)
		return r;
	if (!parsed.cert_offset) {
		buf_pad(pe, 8);
		if (buf_failed(pe))
			return err_oom(e);
		r = pe_parse(&parsed, pe->data, pe->len, e);
	}
	if (r == 0)
		r = pe_digest(&parsed, digest, e);
	if (r < 0)
		pe->len = len;
	return r;
}

/* A WIN_CERTIFICATE with its padding, which is counted in the table but not in the certificate. */
static int append_certificate(struct buf *pe, size_t cert_directory, size_t cert_offset,
			      const struct buf *der, struct err *e)
{
	uint8_t header[WIN_CERT_HEADER_BYTES];

	if (pe->len + der->len >= 2 * GiB)
		return err_set(e, -EBADMSG, "the file is over 2 GiB");
	put_le32(header, (uint32_t)(sizeof(header) + der->len));
	put_le16(header + 4, WIN_CERT_REVISION_2_0);
	put_le16(header + 6, WIN_CERT_TYPE_PKCS_SIGNED_DATA);
	if (!buf_grow(pe, sizeof(header) + der->len + 8)) {
		pe->failed = false;
		return err_oom(e);
	}
	buf_pad(pe, 8);
	buf_append(pe, header, sizeof(header));
	buf_append(pe, der->data, der->len);
	buf_pad(pe, 8);
	put_le32(pe->data + cert_directory, (uint32_t)cert_offset);
	put_le32(pe->data + cert_directory + 4, (uint32_t)(pe->len - cert_offset));
	return 0;
}

int authenticode_sign(const struct signer *s, struct buf *pe, struct err *e)
{
	uint8_t digest[SHA256_BYTES];
	_cleanup_buf_ struct buf der = BUF_INIT;
	size_t len = pe->len;
	struct pe parsed;
	int r = padded_digest(pe, digest, e);

	if (r == 0)
		r = pe_parse(&parsed, pe->data, pe->len, e);
	if (r == 0)
		r = sign_digest(s, digest, &der, e);
	if (r == 0)
		r = append_certificate(pe, parsed.cert_directory,
				       parsed.cert_offset ? parsed.cert_offset : pe->len, &der, e);
	if (r < 0) {
		pe->len = len;
		return err_wrap(e, r, "Secure Boot signature");
	}
	pe_update_checksum(&parsed, pe->data, pe->len);
	return 0;
}

/* An element of DER: its bytes with and without tag and length. */
struct element {
	const uint8_t *whole, *inner;
	size_t whole_len, inner_len;
};

/* The sequence at *@at, which is moved behind it. */
static int next_sequence(const uint8_t **at, const uint8_t *end, struct element *ret)
{
	const uint8_t *p = *at;
	long len;
	int tag, class;
	int flags = ASN1_get_object(&p, &len, &tag, &class, end - *at);

	if (flags != V_ASN1_CONSTRUCTED || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
		return -EBADMSG;
	ret->whole = *at;
	ret->inner = p;
	ret->inner_len = (size_t)len;
	ret->whole_len = (size_t)(p - *at) + ret->inner_len;
	*at = p + len;
	return 0;
}

/* Which digest does an SpcIndirectDataContent claim? */
static int claimed_digest(const struct element *spc, uint8_t ret[SHA256_BYTES], struct err *e)
{
	const uint8_t *at = spc->inner, *end = at + spc->inner_len;
	const X509_ALGOR *algorithm;
	const ASN1_OCTET_STRING *digest;
	struct element data, info;

	if (next_sequence(&at, end, &data) < 0 || next_sequence(&at, end, &info) < 0 || at != end)
		return err_set(e, -EBADMSG, "malformed SpcIndirectDataContent");
	at = info.whole;
	_cleanup_(X509_SIG_free) X509_SIG *sig = d2i_X509_SIG(NULL, &at, (long)info.whole_len);
	if (!sig)
		return openssl_err(e, -EBADMSG, "malformed SpcIndirectDataContent");
	X509_SIG_get0(sig, &algorithm, &digest);
	if (OBJ_obj2nid(algorithm->algorithm) != NID_sha256 ||
	    ASN1_STRING_length(digest) != SHA256_BYTES)
		return err_set(e, -EKEYREJECTED, "its digest is not SHA-256");
	memcpy(ret, ASN1_STRING_get0_data(digest), SHA256_BYTES);
	return 0;
}

static int embedded_content(PKCS7 *p7, struct element *ret, struct err *e)
{
	const PKCS7 *inner = p7->d.sign->contents;
	char oid[64];

	if (OBJ_obj2txt(oid, sizeof(oid), inner->type, 1) <= 0 ||
	    !str_eq(oid, SPC_INDIRECT_DATA_OID) || !inner->d.other ||
	    inner->d.other->type != V_ASN1_SEQUENCE)
		return err_set(e, -EBADMSG, "PKCS#7, but not of an Authenticode signature");
	const ASN1_STRING *s = inner->d.other->value.sequence;
	const uint8_t *at = ASN1_STRING_get0_data(s), *end = at + ASN1_STRING_length(s);
	if (next_sequence(&at, end, ret) < 0 || at != end)
		return err_set(e, -EBADMSG, "malformed SpcIndirectDataContent");
	return 0;
}

static int verify_one(const uint8_t *der, size_t len, X509 *cert,
		      const uint8_t digest[SHA256_BYTES], struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	uint8_t claimed[SHA256_BYTES];
	struct element spc;
	int r = pkcs7_parse(der, len, false, &p7, e);

	if (r == 0)
		r = embedded_content(p7, &spc, e);
	if (r == 0)
		r = claimed_digest(&spc, claimed, e);
	if (r == 0)
		r = pkcs7_verify(p7, cert, spc.inner, spc.inner_len, e);
	if (r == 0 && memcmp(claimed, digest, SHA256_BYTES) != 0)
		return err_set(e, -EKEYREJECTED, "the content is not what was signed");
	return r;
}

int pe_certificate(const struct pe *pe, size_t *at, const uint8_t **ret_der, size_t *ret_len,
		   struct err *e)
{
	size_t left = pe->cert_bytes - MIN(*at, pe->cert_bytes), len;

	if (left == 0)
		return 0;
	const uint8_t *c = pe->data + pe->cert_offset + *at;
	if (left < WIN_CERT_HEADER_BYTES)
		return err_set(e, -EBADMSG, "%zu stray bytes in the certificate table", left);
	len = get_le32(c);
	if (len < WIN_CERT_HEADER_BYTES || len > left)
		return err_set(e, -EBADMSG, "a certificate of %zu bytes in a table of %zu", len,
			       pe->cert_bytes);
	if (get_le16(c + 4) != WIN_CERT_REVISION_2_0 ||
	    get_le16(c + 6) != WIN_CERT_TYPE_PKCS_SIGNED_DATA)
		return err_set(e, -EBADMSG, "a certificate of revision %#x, type %#x",
			       get_le16(c + 4), get_le16(c + 6));
	*ret_der = c + WIN_CERT_HEADER_BYTES;
	*ret_len = len - WIN_CERT_HEADER_BYTES;
	*at += align_up(len, 8);
	return 1;
}

static int verify_any(const struct pe *pe, X509 *cert, struct err *e)
{
	uint8_t digest[SHA256_BYTES];
	const uint8_t *der;
	size_t at = 0, len;
	int r = pe_digest(pe, digest, e);

	if (r < 0)
		return r;
	r = err_set(e, -EKEYREJECTED, "there is none");
	while (r == -EKEYREJECTED) {
		int more = pe_certificate(pe, &at, &der, &len, e);
		if (more <= 0)
			return more < 0 ? more : r;
		r = verify_one(der, len, cert, digest, e);
	}
	return r;
}

int authenticode_verify(const void *data, size_t len, X509 *cert, struct err *e)
{
	struct pe pe;
	int r = pe_parse(&pe, data, len, e);

	if (r == 0 && !pe.cert_offset)
		r = err_set(e, -ENODATA, "there is none");
	if (r == 0)
		r = verify_any(&pe, cert, e);
	return r < 0 ? err_wrap(e, r, "Secure Boot signature") : 0;
}

/* The same file as it was before it was signed, signed again with the signature that is there. */
static int sign_again(const struct pe *pe, const uint8_t *der, size_t der_len, struct buf *ret,
		      struct err *e)
{
	struct buf signature = { .data = (uint8_t *)(uintptr_t)der, .len = der_len };

	buf_append(ret, pe->data, pe->cert_offset);
	if (buf_failed(ret))
		return err_oom(e);
	int r = append_certificate(ret, pe->cert_directory, pe->cert_offset, &signature, e);
	if (r == 0)
		pe_update_checksum(pe, ret->data, ret->len);
	return r;
}

static int check_signature_form(const struct pe *pe, const uint8_t *der, size_t len, X509 *cert,
				struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	uint8_t digest[SHA256_BYTES], spc[SPC_BYTES];
	int r = pe_digest(pe, digest, e);

	if (r == 0)
		r = pkcs7_parse(der, len, true, &p7, e);
	if (r < 0)
		return r;
	struct pkcs7_params p = spc_params(digest, spc);
	return pkcs7_check_canonical(p7, cert, &p, der, len, e);
}

int authenticode_check_canonical(const void *data, size_t len, X509 *cert, struct err *e)
{
	_cleanup_buf_ struct buf again = BUF_INIT;
	const uint8_t *der = NULL;
	size_t at = 0, der_len = 0;
	struct pe pe;
	int r = pe_parse(&pe, data, len, e);

	if (r < 0)
		return r;
	r = pe_certificate(&pe, &at, &der, &der_len, e);
	if (r == 0)
		return err_set(e, -EBADMSG, "there is no signature");
	if (r > 0)
		r = check_signature_form(&pe, der, der_len, cert, e);
	if (r == 0)
		r = sign_again(&pe, der, der_len, &again, e);
	if (r < 0)
		return r;
	if (again.len != len)
		return err_set(e, -EBADMSG,
			       "%zu bytes, expected %zu: there is more than one signature", len,
			       again.len);
	for (at = 0; at < len && again.data[at] == pe.data[at];)
		at++;
	return at == len ? 0 : err_set(e, -EBADMSG, "byte %zu is not as it must be", at);
}
