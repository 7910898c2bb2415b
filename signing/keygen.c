/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/keygen.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "base/outfile.h"
#include "signing/efi_auth.h"
#include "signing/openssl.h"

#define KEYGEN_RSA_BITS 2048
#define SECONDS_PER_DAY 86400L

enum { N_KEYS = EFI_VARIABLE_DB + 1 };

static const char *const suffixes[] = { "key", "crt", "der", "auth" };

static int crypto_failed(struct err *e)
{
	return openssl_err(e, -EIO, "cannot make a key and its certificate");
}

static int add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	_cleanup_(X509_EXTENSION_free) X509_EXTENSION *ext =
		X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return ext && X509_add_ext(cert, ext, -1);
}

/* No extended key usage: firmware, kernel and the usual tools then take it for any of their uses. */
static int add_extensions(X509 *cert)
{
	return add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, NID_authority_key_identifier, "keyid:always");
}

/* Derived from the public key: positive, 16 bytes, never the same for two keys. */
static int set_serial(X509 *cert)
{
	uint8_t digest[SHA256_BYTES];
	unsigned int len;

	if (!X509_pubkey_digest(cert, EVP_sha256(), digest, &len))
		return 0;
	digest[0] = (digest[0] & 0x7f) | 0x40;
	BIGNUM *n = BN_bin2bn(digest, 16, NULL);
	int ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

static int set_names(X509 *cert, const char *name)
{
	_cleanup_free_ char *cn = str_printf("slipway DEVELOPMENT key - do not ship (%s)", name);
	X509_NAME *n = X509_get_subject_name(cert);

	return cn &&
	       X509_NAME_add_entry_by_NID(n, NID_commonName, MBSTRING_ASC, (const uint8_t *)cn, -1,
					  -1, 0) &&
	       X509_set_issuer_name(cert, n);
}

static int certify(EVP_PKEY *key, const char *name, const struct keygen_params *p, X509 **ret,
		   struct err *e)
{
	_cleanup_(X509_free) X509 *cert = X509_new();

	if (!cert || !X509_set_version(cert, X509_VERSION_3) || !X509_set_pubkey(cert, key) ||
	    !set_serial(cert) || !set_names(cert, name) ||
	    !ASN1_TIME_set(X509_getm_notBefore(cert), p->now) ||
	    !ASN1_TIME_set(X509_getm_notAfter(cert), p->now + p->valid_days * SECONDS_PER_DAY) ||
	    !add_extensions(cert) || !X509_sign(cert, key, EVP_sha256()))
		return crypto_failed(e);
	*ret = TAKE_PTR(cert);
	return 0;
}

static int make_signer(const char *name, const struct keygen_params *p, struct signer **ret,
		       struct err *e)
{
	_cleanup_(EVP_PKEY_free) EVP_PKEY *key = EVP_RSA_gen(KEYGEN_RSA_BITS);
	_cleanup_(X509_free) X509 *cert = NULL;

	if (!key)
		return crypto_failed(e);
	int r = certify(key, name, p, &cert, e);
	return r < 0 ? r : signer_new(key, cert, 0, ret, e);
}

static int write_file(const struct keygen_params *p, const char *name, const char *suffix,
		      const struct buf *b, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s.%s", p->dir, name, suffix);

	if (!path || buf_failed(b))
		return err_oom(e);
	return outfile_write(path, str_eq(suffix, "key") ? 0600 : 0644, b->data, b->len, e);
}

static int write_bio(const struct keygen_params *p, const char *name, const char *suffix, BIO *bio,
		     struct err *e)
{
	char *data;
	struct buf b = { .len = (size_t)BIO_get_mem_data(bio, &data) };

	b.data = (uint8_t *)data;
	return write_file(p, name, suffix, &b, e);
}

static int write_key(const struct keygen_params *p, const char *name, const struct signer *s,
		     struct err *e)
{
	_cleanup_(BIO_free_all) BIO *key = BIO_new(BIO_s_secmem()), *pem = BIO_new(BIO_s_mem());
	_cleanup_buf_ struct buf der = BUF_INIT;

	if (!key || !pem ||
	    !PEM_write_bio_PKCS8PrivateKey(key, s->key, NULL, NULL, 0, NULL, NULL) ||
	    !PEM_write_bio_X509(pem, s->cert))
		return crypto_failed(e);
	int r = buf_append_x509(&der, s->cert, e);
	if (r == 0)
		r = write_bio(p, name, "key", key, e);
	if (r == 0)
		r = write_bio(p, name, "crt", pem, e);
	return r < 0 ? r : write_file(p, name, "der", &der, e);
}

static int write_auth(const struct keygen_params *p, enum efi_variable v,
		      struct signer *const signers[N_KEYS], struct err *e)
{
	const struct signer *by =
		signers[v == EFI_VARIABLE_DB ? EFI_VARIABLE_KEK : EFI_VARIABLE_PK];
	_cleanup_buf_ struct buf esl = BUF_INIT, auth = BUF_INIT;
	uint8_t owner[16];
	int r = efi_owner_guid(signers[EFI_VARIABLE_PK]->cert, owner, e);

	if (r == 0)
		r = efi_esl_append(&esl, signers[v]->cert, owner, e);
	if (r < 0)
		return r;
	struct efi_auth_params a = { v, p->now, esl.data, esl.len, false };
	r = efi_auth_build(&a, by, &auth, e);
	return r < 0 ? r : write_file(p, efi_variable_name(v), "auth", &auth, e);
}

/* @instead: what to do */
static int check_absent(const struct keygen_params *p, const char *name, const char *suffix,
			const char *instead, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s.%s", p->dir, name, suffix);
	struct stat st;

	if (!path)
		return err_oom(e);
	if (lstat(path, &st) == 0)
		return err_set(e, -EEXIST, "%s exists: keys are never overwritten; name another %s",
			       path, instead);
	return errno == ENOENT ? 0 : err_sys(e, -errno, "%s", path);
}

static int prepare(const struct keygen_params *p, struct err *e)
{
	if (p->valid_days < 1 || p->valid_days > 36500)
		return err_set(e, -EINVAL, "keys valid for %u days, expected 1 to 36500",
			       p->valid_days);
	if (mkdir(p->dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "make directory %s", p->dir);
	int r = 0;
	for (size_t i = 0; r == 0 && i < N_KEYS * ARRAY_SIZE(suffixes); i++)
		r = check_absent(p, efi_variable_name(i / ARRAY_SIZE(suffixes)),
				 suffixes[i % ARRAY_SIZE(suffixes)], "directory", e);
	return r;
}

static int generate(const struct keygen_params *p, struct signer *signers[N_KEYS], struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_KEYS; i++)
		r = make_signer(efi_variable_name(i), p, &signers[i], e);
	for (size_t i = 0; r == 0 && i < N_KEYS; i++)
		r = write_auth(p, i, signers, e);
	for (size_t i = 0; r == 0 && i < N_KEYS; i++)
		r = write_key(p, efi_variable_name(i), signers[i], e);
	return r;
}

int keygen(const struct keygen_params *p, struct err *e)
{
	struct signer *signers[N_KEYS] = { NULL };
	int r = prepare(p, e);

	if (r == 0)
		r = generate(p, signers, e);
	for (size_t i = 0; i < N_KEYS; i++)
		signer_free(signers[i]);
	return r;
}

/* The signers of a set that is there. */
struct owner {
	struct signer *kek;
	X509 *pk, *db;
};

static void owner_done(struct owner *o)
{
	signer_free(o->kek);
	X509_free(o->pk);
	X509_free(o->db);
}

static int owner_load(const struct keygen_params *p, struct owner *o, struct err *e)
{
	_cleanup_free_ char *key = str_printf("%s/KEK.key", p->dir),
			    *cert = str_printf("%s/KEK.crt", p->dir),
			    *pk = str_printf("%s/PK.crt", p->dir),
			    *db = str_printf("%s/db.crt", p->dir);

	if (!key || !cert || !pk || !db)
		return err_oom(e);
	int r = signer_load(key, cert, 0, &o->kek, e);
	if (r == 0)
		r = certificate_load(pk, &o->pk, e);
	return r < 0 ? r : certificate_load(db, &o->db, e);
}

/* A certificate to be appended to db or dbx, in <name>.<suffix>. */
static int write_append(const struct keygen_params *p, const struct owner *o, const char *name,
			X509 *cert, enum efi_variable v, struct err *e)
{
	_cleanup_buf_ struct buf esl = BUF_INIT, auth = BUF_INIT;
	uint8_t owner[16];

	int r = efi_owner_guid(o->pk, owner, e);
	if (r == 0)
		r = efi_esl_append(&esl, cert, owner, e);
	if (r < 0)
		return r;
	const struct efi_auth_params a = { v, p->now, esl.data, esl.len, true };
	r = efi_auth_build(&a, o->kek, &auth, e);
	return r < 0 ? r
		     : write_file(p, name, v == EFI_VARIABLE_DB ? "trust.auth" : "revoke.auth",
				  &auth, e);
}

static int write_next(const struct keygen_params *p, const struct owner *o, const char *name,
		      struct err *e)
{
	_cleanup_(signer_free) struct signer *s = NULL;
	struct err there;

	int r = make_signer(name, p, &s, e);
	if (r == 0)
		r = write_append(p, o, name, s->cert, EFI_VARIABLE_DB, e);
	if (r == 0)
		r = write_append(p, o, name, s->cert, EFI_VARIABLE_DBX, e);
	if (r == 0 && check_absent(p, "db", "revoke.auth", "", &there) == 0)
		r = write_append(p, o, "db", o->db, EFI_VARIABLE_DBX, e);
	return r < 0 ? r : write_key(p, name, s, e);
}

int keygen_next(const struct keygen_params *p, const char *name, struct err *e)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_";
	static const char *const written[] = { "key", "crt", "der", "trust.auth", "revoke.auth" };
	struct owner o = { NULL, NULL, NULL };
	int r = 0;

	if (!*name || name[strspn(name, chars)])
		return err_set(e, -EINVAL, "name of a key \"%.80s\": letters, digits, - and _ only",
			       name);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(written); i++)
		r = check_absent(p, name, written[i], "name", e);
	if (r == 0)
		r = owner_load(p, &o, e);
	if (r == 0)
		r = write_next(p, &o, name, e);
	owner_done(&o);
	return r;
}
