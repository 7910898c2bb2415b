/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <openssl/pem.h>
#include <sys/stat.h>

#include "signing/test/fixture.h"

static struct err e;
static struct signer *s;

static int load(const char *key, const char *cert)
{
	return signer_load(fx_path(key), fx_path(cert), 0, &s, &e);
}

START_TEST(loads_pem_and_der)
{
	fx_runs(0, NULL, "openssl", "pkey", "-in", fx_path("db.key"), "-outform", "DER", "-out",
		fx_path("db.key.der"));
	ck_ok(load("db.key", "db.crt"));
	ck_assert_int_eq(X509_cmp(s->cert, fx_db->cert), 0);
	signer_free(s);
	ck_ok(load("db.key.der", "db.der"));
	ck_assert_int_eq(EVP_PKEY_eq(s->key, fx_db->key), 1);
	signer_free(s);
}
END_TEST

START_TEST(a_file_uri_is_a_uri)
{
	_cleanup_free_ char *uri = str_printf("file:%s", fx_path("db.key"));

	ck_ok(signer_load(uri, fx_path("db.crt"), 0, &s, &e));
	signer_free(s);
	ck_fails(signer_load("pkcs11:token=none;object=none", fx_path("db.crt"), 0, &s, &e),
		 -ENOKEY, "no OpenSSL provider opens it");
}
END_TEST

START_TEST(unreadable_files)
{
	ck_fails(load("none.key", "db.crt"), -ENOENT, "none.key: No such file");
	ck_fails(load("db.key", "none.crt"), -ENOENT, "certificate: ");
	fx_write("secret.key", "", 0);
	ck_fails(load("secret.key", "db.crt"), -ENOKEY, "no private key in it");
	if (geteuid() != 0) { /* root may read everything */
		ck_assert_int_eq(chmod(fx_path("secret.key"), 0), 0);
		ck_fails(load("secret.key", "db.crt"), -EACCES, "secret.key");
	}
	ck_fails(signer_load(fx_dir, fx_path("db.crt"), 0, &s, &e), -ENOKEY,
		 "no private key in it");
}
END_TEST

START_TEST(encrypted_keys_ask_nobody)
{
	fx_runs(0, NULL, "openssl", "pkcs8", "-topk8", "-in", fx_path("db.key"), "-passout",
		"pass:x", "-out", fx_path("enc.key"));
	ck_fails(load("enc.key", "db.crt"), -ENOKEY, "it is encrypted");
	fx_runs(0, NULL, "openssl", "rsa", "-aes128", "-traditional", "-in", fx_path("db.key"),
		"-passout", "pass:x", "-out", fx_path("old.key"));
	ck_fails(load("old.key", "db.crt"), -ENOKEY, "it is encrypted");
	fx_runs(0, NULL, "openssl", "pkcs12", "-export", "-inkey", fx_path("db.key"), "-in",
		fx_path("db.crt"), "-passout", "pass:x", "-out", fx_path("p12.key"));
	ck_fails(load("p12.key", "db.crt"), -ENOKEY, "it is encrypted");
}
END_TEST

START_TEST(not_a_key)
{
	fx_write("text.key", "hello\n", 6);
	ck_fails(load("text.key", "db.crt"), -ENOKEY, "no private key in it");
	ck_fails(load("db.crt", "db.crt"), -ENOKEY, "but a certificate");
	fx_runs(0, NULL, "openssl", "pkey", "-in", fx_path("db.key"), "-pubout", "-out",
		fx_path("pub.key"));
	ck_fails(load("pub.key", "db.crt"), -ENOKEY, "but a public key");
	ck_fails(load("db.key", "db.key"), -ENOKEY, "no certificate in it, but a private key");
	_cleanup_buf_ struct buf b = BUF_INIT;
	fx_read("db.key", &b);
	fx_write("cut.key", b.data, b.len / 2);
	ck_fails(load("cut.key", "db.crt"), -ENOKEY, "no private key in it");
}
END_TEST

START_TEST(the_two_must_belong_together)
{
	ck_fails(load("db.key", "PK.crt"), -EKEYREJECTED,
		 "not the certificate of this private key");
}
END_TEST

START_TEST(rsa_2048_it_must_be)
{
	fx_runs(0, NULL, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ec", "-keyout",
		fx_path("ec.key"), "-out", fx_path("ec.crt"));
	ck_fails(load("ec.key", "ec.crt"), -EKEYREJECTED,
		 "it is an EC key: firmware and kernels verify RSA");
	fx_runs(0, NULL, "openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj",
		"/CN=short", "-keyout", fx_path("short.key"), "-out", fx_path("short.crt"));
	ck_fails(load("short.key", "short.crt"), -EKEYREJECTED,
		 "RSA of 1024 bits is too short: 2048 at least");
}
END_TEST

START_TEST(dates)
{
	const char *key = fx_path("db.key"), *crt = fx_path("db.crt");
	const time_t day = 86400;

	ck_ok(signer_load(key, crt, FX_NOW, &s, &e));
	signer_free(s);
	ck_ok(signer_load(key, crt, FX_NOW + 3650 * day, &s, &e));
	signer_free(s);
	ck_fails(signer_load(key, crt, FX_NOW - 1, &s, &e), -EKEYEXPIRED,
		 "it is not valid before 2023-11-14: is this machine's clock right?");
	ck_fails(signer_load(key, crt, FX_NOW + 3650 * day + 1, &s, &e), -EKEYEXPIRED,
		 "it expired on 2033-11-11: sign with a newer one");
}
END_TEST

static void certify(const char *name, const char *extension)
{
	_cleanup_free_ char *cert = strdup(fx_path(name));

	fx_runs(0, NULL, "openssl", "req", "-x509", "-key", fx_path("db.key"), "-subj", "/CN=x",
		"-addext", extension, "-out", cert);
}

START_TEST(certificates_for_other_uses)
{
	certify("ca.crt", "keyUsage=critical,keyCertSign");
	ck_fails(load("db.key", "ca.crt"), -EKEYREJECTED, "key usage lacks digitalSignature");
	certify("web.crt", "extendedKeyUsage=serverAuth");
	ck_fails(load("db.key", "web.crt"), -EKEYREJECTED,
		 "extended key usage lacks codeSigning: it is not for boot files");
	certify("code.crt", "extendedKeyUsage=codeSigning");
	ck_ok(load("db.key", "code.crt"));
	signer_free(s);
}
END_TEST

START_TEST(fingerprint_is_openssls)
{
	uint8_t fp[SHA256_BYTES];
	char text[3 * SHA256_BYTES + 1];
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_ok(certificate_fingerprint(fx_db->cert, fp, &e));
	for (size_t i = 0; i < sizeof(fp); i++)
		snprintf(text + 3 * i, 4, "%02X%s", fp[i], i + 1 < sizeof(fp) ? ":" : "\n");
	fx_runs(0, &out, "openssl", "x509", "-in", fx_path("db.crt"), "-noout", "-fingerprint",
		"-sha256");
	ck_assert_msg(strstr(buf_str(&out), text), "%s %s", buf_str(&out), text);
}
END_TEST

FX_MAIN("signer", loads_pem_and_der, a_file_uri_is_a_uri, unreadable_files,
	encrypted_keys_ask_nobody, not_a_key, the_two_must_belong_together, rsa_2048_it_must_be,
	dates, certificates_for_other_uses, fingerprint_is_openssls)
