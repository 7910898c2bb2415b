/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/signer.h"
#include "signing/openssl.h"

#include <ctype.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>

DEFINE_CLEANUP(OSSL_STORE_CTX *, OSSL_STORE_close)
DEFINE_CLEANUP(OSSL_STORE_INFO *, OSSL_STORE_INFO_free)
DEFINE_CLEANUP(UI_METHOD *, UI_destroy_method)

/* A URI starts with a scheme; everything else is a path. */
static bool is_uri(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '+' || *s == '-' || *s == '.')
		s++;
	return *s == ':';
}

static int check_readable(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, -errno, "%s", path) : 0;
}

/* Stands in for a person at a terminal: notes that something was asked and answers nothing. */
static int refuse_prompt(UI *ui, UI_STRING *s unused_)
{
	*(bool *)UI_get0_user_data(ui) = true;
	return 0;
}

static UI_METHOD *refusing_ui(void)
{
	UI_METHOD *m = UI_create_method("slipway");

	if (m)
		UI_method_set_reader(m, refuse_prompt);
	return m;
}

/*
 * Both kinds are read from a store: a provider's, or OpenSSL's own for files, which finds out whether a
 * file is PEM, DER or PKCS#12. What is not of the wanted kind is passed over but remembered.
 */
struct wanted {
	int kind; /* OSSL_STORE_INFO_PKEY or _CERT */
	const char *kind_name;
	bool asked; /* for a passphrase */
	int other;  /* the kind of something else that was there */
};

static OSSL_STORE_INFO *next_wanted(OSSL_STORE_CTX *store, struct wanted *w)
{
	while (!OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);
		if (!info) {
			if (w->asked || OSSL_STORE_error(store))
				return NULL;
			continue; /* the end: eof is true now */
		}
		int kind = OSSL_STORE_INFO_get_type(info);
		if (kind == w->kind)
			return info;
		w->other = kind;
		OSSL_STORE_INFO_free(info);
	}
	return NULL;
}

static int not_found(const char *where, const struct wanted *w, struct err *e)
{
	if (w->asked) {
		ERR_clear_error();
		return err_set(
			e, -ENOKEY,
			"%s: it is encrypted, and nobody can be asked for its passphrase here: give the key unencrypted, or by a provider's URI",
			where);
	}
	if (w->other) {
		ERR_clear_error();
		return err_set(e, -ENOKEY, "%s: no %s in it, but a %s", where, w->kind_name,
			       w->other == OSSL_STORE_INFO_CERT	    ? "certificate"
			       : w->other == OSSL_STORE_INFO_PUBKEY ? "public key"
			       : w->other == OSSL_STORE_INFO_PKEY   ? "private key"
			       : w->other == OSSL_STORE_INFO_NAME   ? "directory"
								    : "list or parameters");
	}
	return openssl_err(e, -ENOKEY, "%s: no %s in it (PEM or DER is expected)", where,
			   w->kind_name);
}

static int store_load(const char *where, struct wanted *w, OSSL_STORE_INFO **ret, struct err *e)
{
	int r = is_uri(where) ? 0 : check_readable(where, e);

	if (r < 0)
		return err_wrap(e, r, "%s", w->kind_name);
	_cleanup_(UI_destroy_method) UI_METHOD *ui = refusing_ui();
	if (!ui)
		return err_oom(e);
	ERR_clear_error();
	_cleanup_(OSSL_STORE_close) OSSL_STORE_CTX *store =
		OSSL_STORE_open(where, ui, &w->asked, NULL, NULL);
	if (!store)
		return openssl_err(
			e, -ENOKEY, "%s %s%s", w->kind_name, where,
			is_uri(where) ? ": no OpenSSL provider opens it (see openssl.cnf)" : "");
	*ret = next_wanted(store, w);
	if (!*ret)
		return not_found(where, w, e);
	ERR_clear_error();
	return 0;
}

static int key_load(const char *where, EVP_PKEY **ret, struct err *e)
{
	struct wanted w = { .kind = OSSL_STORE_INFO_PKEY, .kind_name = "private key" };
	_cleanup_(OSSL_STORE_INFO_free) OSSL_STORE_INFO *info = NULL;
	int r = store_load(where, &w, &info, e);

	if (r < 0)
		return r;
	*ret = OSSL_STORE_INFO_get1_PKEY(info);
	return *ret ? 0 : err_oom(e);
}

int certificate_load(const char *path, X509 **ret, struct err *e)
{
	struct wanted w = { .kind = OSSL_STORE_INFO_CERT, .kind_name = "certificate" };
	_cleanup_(OSSL_STORE_INFO_free) OSSL_STORE_INFO *info = NULL;
	int r = store_load(path, &w, &info, e);

	if (r < 0)
		return r;
	*ret = OSSL_STORE_INFO_get1_CERT(info);
	return *ret ? 0 : err_oom(e);
}

static int check_key(EVP_PKEY *key, struct err *e)
{
	if (!EVP_PKEY_is_a(key, "RSA"))
		return err_set(
			e, -EKEYREJECTED,
			"it is an %s key: firmware and kernels verify RSA signatures only: take an RSA key",
			EVP_PKEY_get0_type_name(key));
	if (EVP_PKEY_get_bits(key) < 2048)
		return err_set(e, -EKEYREJECTED, "RSA of %d bits is too short: 2048 at least",
			       EVP_PKEY_get_bits(key));
	return 0;
}

static int dated(const ASN1_TIME *t, const char *fmt, struct err *e)
{
	char day[16] = "?";
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	return err_set(e, -EKEYEXPIRED, fmt, day);
}

static int check_dates(X509 *cert, time_t at, struct err *e)
{
	if (at == 0)
		return 0;
	int start = ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), at);
	int end = ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), at);
	if (start == -2 || end == -2)
		return openssl_err(e, -EKEYREJECTED, "its dates cannot be read");
	if (start > 0)
		return dated(X509_get0_notBefore(cert),
			     "it is not valid before %s: is this machine's clock right?", e);
	if (end < 0)
		return dated(X509_get0_notAfter(cert), "it expired on %s: sign with a newer one",
			     e);
	return 0;
}

/* What it says it may be used for, if it says so: RFC 5280, 4.2.1.3 and 4.2.1.12. */
static int check_usage(X509 *cert, struct err *e)
{
	if (!(X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE))
		return err_set(e, -EKEYREJECTED,
			       "its key usage lacks digitalSignature: it is not for signing data");
	if (!(X509_get_extended_key_usage(cert) & (XKU_CODE_SIGN | XKU_ANYEKU)))
		return err_set(
			e, -EKEYREJECTED,
			"its extended key usage lacks codeSigning: it is not for boot files");
	return 0;
}

static int check_pair(EVP_PKEY *key, X509 *cert, struct err *e)
{
	EVP_PKEY *public = X509_get0_pubkey(cert);

	if (!public || EVP_PKEY_eq(public, key) != 1) {
		ERR_clear_error();
		return err_set(e, -EKEYREJECTED,
			       "it is not the certificate of this private key: name the two that "
			       "belong together");
	}
	return 0;
}

int signer_new(EVP_PKEY *key, X509 *cert, time_t at, struct signer **ret, struct err *e)
{
	int r = check_key(key, e);

	if (r < 0)
		return err_wrap(e, r, "private key");
	r = check_pair(key, cert, e);
	if (r == 0)
		r = check_usage(cert, e);
	if (r == 0)
		r = check_dates(cert, at, e);
	if (r < 0)
		return err_wrap(e, r, "certificate");
	struct signer *s = calloc(1, sizeof(*s));
	if (!s)
		return err_oom(e);
	EVP_PKEY_up_ref(key);
	X509_up_ref(cert);
	s->key = key;
	s->cert = cert;
	*ret = s;
	return 0;
}

int signer_load(const char *key_where, const char *cert_where, time_t at, struct signer **ret,
		struct err *e)
{
	_cleanup_(EVP_PKEY_free) EVP_PKEY *key = NULL;
	_cleanup_(X509_free) X509 *cert = NULL;
	int r = key_load(key_where, &key, e);

	if (r == 0)
		r = certificate_load(cert_where, &cert, e);
	if (r < 0)
		return r;
	r = signer_new(key, cert, at, ret, e);
	return r < 0 ? err_wrap(e, r, "%s and %s", key_where, cert_where) : 0;
}

void signer_free(struct signer *s)
{
	if (!s)
		return;
	EVP_PKEY_free(s->key);
	X509_free(s->cert);
	free(s);
}

int certificate_fingerprint(X509 *cert, uint8_t ret[SHA256_BYTES], struct err *e)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	int r = buf_append_x509(&der, cert, e);

	if (r == 0)
		sha256_bytes(der.data, der.len, ret);
	return r;
}
