/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PKCS#7 signatures: who signed, when, what, and the value. */
#include "builder/audit/compare.h"
#include "signing/pkcs7.h"

#define TEXT_BYTES 256

/* What is compared of a signature, as text. */
struct signature {
	char signer[TEXT_BYTES];      /* issuer and serial number */
	char certificate[TEXT_BYTES]; /* fingerprint of the first one in it, or "" */
	char time[64];		      /* or "" */
	char digest[TEXT_BYTES];      /* the attribute, or "" */
	char value[TEXT_BYTES];	      /* hex, its start */
	uint8_t value_digest[SHA256_BYTES];
};

static void hex_start(const ASN1_STRING *s, char *out)
{
	hex_encode(ASN1_STRING_get0_data(s), (size_t)MIN(MAX(ASN1_STRING_length(s), 0), 24), out);
}

static void describe_signer(PKCS7_SIGNER_INFO *si, char *out)
{
	const PKCS7_ISSUER_AND_SERIAL *is = si->issuer_and_serial;
	char serial[64] = "";

	X509_NAME_oneline(is->issuer, out, TEXT_BYTES - 64);
	hex_start(is->serial, serial);
	size_t len = strlen(out);
	snprintf(out + len, TEXT_BYTES - len, " serial %s", serial);
}

static void describe_attributes(PKCS7_SIGNER_INFO *si, struct signature *s)
{
	ASN1_TYPE *time = PKCS7_get_signed_attribute(si, NID_pkcs9_signingTime);
	ASN1_TYPE *digest = PKCS7_get_signed_attribute(si, NID_pkcs9_messageDigest);

	if (time && (time->type == V_ASN1_UTCTIME || time->type == V_ASN1_GENERALIZEDTIME))
		snprintf(s->time, sizeof(s->time), "%.*s",
			 ASN1_STRING_length(time->value.asn1_string),
			 (const char *)ASN1_STRING_get0_data(time->value.asn1_string));
	if (digest && digest->type == V_ASN1_OCTET_STRING)
		hex_start(digest->value.octet_string, s->digest);
}

static void describe_certificate(PKCS7 *p7, char *out)
{
	STACK_OF(X509) *certs = p7->d.sign->cert;
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (sk_X509_num(certs) > 0 &&
	    X509_digest(sk_X509_value(certs, 0), EVP_sha256(), md, &len) == 1)
		hex_encode(md, len, out);
}

static int describe(const struct source *src, struct signature *ret, struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;

	*ret = (struct signature){ 0 };
	int r = pkcs7_parse(src->bytes, src->size_bytes, false, &p7, e);
	if (r < 0)
		return r;
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(p7);
	if (sk_PKCS7_SIGNER_INFO_num(signers) != 1)
		return err_set(e, -EBADMSG, "not one signer");
	PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(signers, 0);
	describe_signer(si, ret->signer);
	describe_attributes(si, ret);
	describe_certificate(p7, ret->certificate);
	hex_start(si->enc_digest, ret->value);
	sha256_bytes(ASN1_STRING_get0_data(si->enc_digest),
		     (size_t)MAX(ASN1_STRING_length(si->enc_digest), 0), ret->value_digest);
	return 0;
}

static int add_if(struct compare *c, enum diff_kind kind, const char *field, const char *a,
		  const char *b, struct err *e)
{
	const struct finding f = { kind, field, *a ? a : NULL, *b ? b : NULL };

	return str_eq(a, b) ? 0 : compare_add(c, &f, e);
}

static int compare_signatures(struct compare *c, const struct signature *a,
			      const struct signature *b, bool signed_differs, struct err *e)
{
	size_t before = diff_report_total(c->report);

	int r = add_if(c, DIFF_KEY, "signer", a->signer, b->signer, e);
	if (r == 0)
		r = add_if(c, DIFF_KEY, "certificate", a->certificate, b->certificate, e);
	if (r == 0)
		r = add_if(c, DIFF_SIGNING_TIME, "signing time", a->time, b->time, e);
	if (r == 0)
		r = add_if(c, signed_differs ? DIFF_SIGNED : DIFF_SIGNATURE, "digest", a->digest,
			   b->digest, e);
	signed_differs = signed_differs || diff_report_total(c->report) > before;
	if (r == 0 && memcmp(a->value_digest, b->value_digest, SHA256_BYTES) != 0)
		r = compare_add(c,
				&(struct finding){ signed_differs ? DIFF_SIGNED : DIFF_SIGNATURE,
						   "value", a->value, b->value },
				e);
	return r;
}

int compare_signature(struct compare *c, const struct source *a, const struct source *b,
		      bool signed_differs, struct err *e)
{
	struct signature sa, sb;
	uint64_t at;

	int r = source_mismatch(a, b, 0, NULL, &at, e);
	if (r < 0 || at == MISMATCH_NONE)
		return r;
	size_t mark = compare_enter(c, "signature"), before = diff_report_total(c->report);
	r = describe(a, &sa, e);
	if (r < 0) {
		r = compare_damaged(c, 0, r, e);
	} else if ((r = describe(b, &sb, e)) < 0) {
		r = compare_damaged(c, 1, r, e);
	} else {
		r = compare_signatures(c, &sa, &sb, signed_differs, e);
	}
	if (r == 0 && diff_report_total(c->report) == before)
		r = compare_bytes(c, a, b, signed_differs ? DIFF_SIGNED : DIFF_SIGNATURE, e);
	compare_leave(c, mark);
	return r;
}
