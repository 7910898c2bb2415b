/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/signers.h"

#include <time.h>

#include "base/path.h"
#include "signing/authenticode.h"
#include "signing/pkcs7.h"
#include "signing/root_hash.h"

/* As `openssl x509 -subject` has it: "O = Example, CN = node". */
static char *name_text(X509_NAME *name)
{
	_cleanup_(BIO_free_all) BIO *b = BIO_new(BIO_s_mem());
	char *data;

	if (!b || X509_NAME_print_ex(b, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return NULL;
	long len = BIO_get_mem_data(b, &data);
	_cleanup_free_ char *text = strndup(data, len > 0 ? (size_t)len : 0);
	return text ? path_quote(text) : NULL;
}

static int64_t asn1_seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int set_certificate(struct image_signer *s, X509 *cert, struct err *e)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	int digest = NID_undef;

	X509_get_signature_info(cert, &digest, NULL, NULL, NULL);
	free(s->subject);
	s->subject = name_text(X509_get_subject_name(cert));
	s->has_certificate = true;
	s->not_before = asn1_seconds(X509_get0_notBefore(cert));
	s->not_after = asn1_seconds(X509_get0_notAfter(cert));
	snprintf(s->algorithm, sizeof(s->algorithm), "%s %d, %s",
		 key && EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "unknown",
		 key ? EVP_PKEY_get_bits(key) : 0, OBJ_nid2sn(digest));
	return s->subject ? certificate_fingerprint(cert, s->fingerprint, e) : err_oom(e);
}

static int set_issuer(struct image_signer *s, const PKCS7_ISSUER_AND_SERIAL *is, struct err *e)
{
	_cleanup_free_ char *issuer = name_text(is->issuer);
	char serial[2 * 20 + 1] = "";
	int len = ASN1_STRING_length(is->serial);

	hex_encode(ASN1_STRING_get0_data(is->serial), (size_t)MIN(MAX(len, 0), 20), serial);
	s->subject = issuer ? str_printf("certificate %s of %s", serial, issuer) : NULL;
	return s->subject ? 0 : err_oom(e);
}

static X509 *find_certificate(PKCS7 *p7, const PKCS7_ISSUER_AND_SERIAL *is)
{
	return p7->d.sign->cert
		       ? X509_find_by_issuer_and_serial(p7->d.sign->cert, is->issuer, is->serial)
		       : NULL;
}

static int new_signer(struct image_signers *s, const char *what, struct image_signer **ret,
		      struct err *e)
{
	struct image_signer *v = reallocarray(s->v, s->n + 1, sizeof(*v));

	if (!v)
		return err_oom(e);
	s->v = v;
	*ret = &v[s->n++];
	**ret = (struct image_signer){ .what = strdup(what) };
	return (*ret)->what ? 0 : err_oom(e);
}

/* *ret: the last one of it; NULL: it is damaged. */
static int add_pkcs7(struct image_signers *s, const char *what, const void *der, size_t len,
		     struct image_signer **ret, struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	int r = pkcs7_parse(der, len, false, &p7, e);

	*ret = NULL;
	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(p7);
	for (int i = 0; r == 0 && i < sk_PKCS7_SIGNER_INFO_num(infos); i++) {
		const PKCS7_ISSUER_AND_SERIAL *is =
			sk_PKCS7_SIGNER_INFO_value(infos, i)->issuer_and_serial;
		X509 *cert = find_certificate(p7, is);
		r = new_signer(s, what, ret, e);
		if (r == 0)
			r = cert ? set_certificate(*ret, cert, e) : set_issuer(*ret, is, e);
	}
	return r;
}

int image_signers_add_pe(struct image_signers *s, const char *what, const void *data, size_t len,
			 struct err *e)
{
	const uint8_t *der;
	struct image_signer *last;
	size_t at = 0, der_len;
	struct pe pe;

	if (pe_parse(&pe, data, len, e) < 0)
		return 0;
	while (pe_certificate(&pe, &at, &der, &der_len, e) > 0) {
		int r = add_pkcs7(s, what, der, der_len, &last, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_certificate(struct image_signer *to, const struct image_signer *from, struct err *e)
{
	char *subject = strdup(from->subject);

	if (!subject)
		return err_oom(e);
	free(to->subject);
	to->subject = subject;
	to->has_certificate = true;
	to->not_before = from->not_before;
	to->not_after = from->not_after;
	memcpy(to->algorithm, from->algorithm, sizeof(to->algorithm));
	return 0;
}

int image_signers_add_root_hash(struct image_signers *s, const void *data, size_t len,
				struct err *e)
{
	_cleanup_verity_sig_ struct verity_sig sig = VERITY_SIG_INIT;
	struct image_signer *last;

	int r = verity_sig_parse(data, len, &sig, e);
	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	r = add_pkcs7(s, "root hash", sig.der.data, sig.der.len, &last, e);
	if (r < 0 || !last)
		return r;
	memcpy(last->fingerprint, sig.fingerprint, sizeof(last->fingerprint));
	for (size_t i = 0; &s->v[i] < last; i++)
		if (s->v[i].has_certificate &&
		    memcmp(s->v[i].fingerprint, sig.fingerprint, sizeof(sig.fingerprint)) == 0)
			return copy_certificate(last, &s->v[i], e);
	return 0;
}

void image_signers_done(struct image_signers *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].what);
		free(s->v[i].subject);
	}
	free(s->v);
	*s = (struct image_signers){ 0 };
}
