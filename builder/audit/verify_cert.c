/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has signed or may sign later, and whether they could. */
#include "builder/audit/verify_internal.h"
#include "signing/openssl.h"
#include "signing/signer.h"

static void name_of(X509 *cert, char *out, size_t size)
{
	if (!X509_NAME_oneline(X509_get_subject_name(cert), out, (int)size))
		snprintf(out, size, "a certificate");
}

int verify_signer(struct verify *v, enum verify_id id, verify_signed_fn *fn, const void *ctx,
		  X509 **ret, struct err *e)
{
	char name[256];
	int r = 0;

	*ret = NULL;
	for (size_t i = 0; i < v->p->n_trust; i++) {
		r = fn(v->p->trust[i], ctx, e);
		if (verify_is_fatal(r))
			return r;
		if (r < 0)
			continue;
		v->used_trust[i] = true;
		*ret = v->p->trust[i];
		name_of(*ret, name, sizeof(name));
		return verify_ok(v, id, e, "by %s", name);
	}
	return verify_failed(v, id, r, e);
}

bool verify_may_sign(struct verify *v, const uint8_t *der, size_t len)
{
	uint8_t sha256[SHA256_BYTES], trusted[SHA256_BYTES];
	struct err e;

	sha256_bytes(der, len, sha256);
	for (size_t i = 0; i < v->p->n_trust; i++)
		if (certificate_fingerprint(v->p->trust[i], trusted, &e) == 0 &&
		    memcmp(sha256, trusted, sizeof(sha256)) == 0) {
			v->used_trust[i] = true;
			return true;
		}
	return false;
}

static int check_time(struct verify *v, X509 *cert, struct err *e)
{
	int start = ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), v->p->at),
	    end = ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), v->p->at);

	if (start == -2 || end == -2)
		return verify_fail(v, VERIFY_CERT_TIME, e, "its dates cannot be read");
	if (start > 0 || end < 0)
		return verify_fail(v, VERIFY_CERT_TIME, e, "%s at the time that is asked about",
				   start > 0 ? "it is not valid yet" : "it has expired");
	return verify_ok(v, VERIFY_CERT_TIME, e, "it is valid at the time that is asked about");
}

static int check_key(struct verify *v, X509 *cert, struct err *e)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	int digest = NID_undef;

	X509_get_signature_info(cert, &digest, NULL, NULL, NULL);
	if (!key || !EVP_PKEY_is_a(key, "RSA"))
		return verify_fail(v, VERIFY_CERT_KEY, e, "its key is not an RSA key");
	if (EVP_PKEY_get_bits(key) < (int)v->p->policy->key_bits)
		return verify_fail(v, VERIFY_CERT_KEY, e, "RSA of %d bits, expected %d at least",
				   EVP_PKEY_get_bits(key), (int)v->p->policy->key_bits);
	if (digest == NID_md5 || digest == NID_sha1)
		return verify_fail(v, VERIFY_CERT_KEY, e, "the certificate is signed with %s",
				   OBJ_nid2sn(digest));
	return verify_ok(v, VERIFY_CERT_KEY, e, "RSA of %d bits, %s", EVP_PKEY_get_bits(key),
			 OBJ_nid2sn(digest));
}

int verify_certs(struct verify *v, struct err *e)
{
	char name[200];
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->p->n_trust; i++) {
		if (!v->used_trust[i])
			continue;
		name_of(v->p->trust[i], name, sizeof(name));
		verify_at(v, "%s", name);
		r = check_time(v, v->p->trust[i], e);
		if (r == 0)
			r = check_key(v, v->p->trust[i], e);
	}
	return r;
}
