/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "stage1/finish/test/fixture.h"

#define DIR "etc/ssl/certs/"

/* A self-signed certificate, in PEM; each call makes another one. */
static char *certificate(const char *subject)
{
	static long serial;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c), 0);
	X509_gmtime_adj(X509_getm_notAfter(c), 3600);
	X509_set_pubkey(c, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
				   (const unsigned char *)subject, -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(c));
	ck_assert_int_gt(X509_sign(c, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_bio_X509(bio, c), 1);
	long len = BIO_get_mem_data(bio, &data);
	char *pem = strndup(data, (size_t)len);
	BIO_free(bio);
	X509_free(c);
	EVP_PKEY_free(key);
	return pem;
}

struct certs {
	char *a, *b, *same_name, *unterminated, *two;
};

static void certs_tree(struct fixture *f, struct certs *c)
{
	fx_init(f);
	c->a = certificate("Root A");
	c->b = certificate("Root B");
	c->same_name = certificate("Root A");
	c->unterminated = certificate("Root C");
	c->unterminated[strlen(c->unterminated) - 1] = '\0';
	c->two = str_printf("%s%s", c->a, c->b);
	fx_file(f, "usr/share/ca-certificates/mozilla/Root_A.crt", c->a);
	fx_file(f, "usr/share/ca-certificates/mozilla/B (x), y.crt", c->b);
	fx_file(f, "usr/share/ca-certificates/mozilla/Zero.crt", c->same_name);
	fx_file(f, "usr/share/ca-certificates/mozilla/README", "no certificate");
	fx_file(f, "usr/local/share/ca-certificates/corp/unterminated.crt", c->unterminated);
	fx_file(f, "usr/local/share/ca-certificates/again.crt", c->a);
	fx_file(f, "usr/local/share/ca-certificates/two.crt", c->two);
}

static void certs_done(struct certs *c)
{
	free(c->a);
	free(c->b);
	free(c->same_name);
	free(c->unterminated);
	free(c->two);
}

START_TEST(bundle)
{
	struct fixture f;
	struct certs c;
	struct err e;

	certs_tree(&f, &c);
	ck_ok(finish_ca_bundle(&f.p, &e));
	_cleanup_free_ char *all =
		str_printf("%s%s%s%s%s\n%s", c.b, c.a, c.same_name, c.a, c.unterminated, c.two);
	fx_expect_text(&f, DIR "ca-certificates.crt", all);
	fx_expect_link(&f, DIR "Root_A.pem", "/usr/share/ca-certificates/mozilla/Root_A.crt");
	fx_expect_link(&f, DIR "B_=x=__y.pem", "/usr/share/ca-certificates/mozilla/B (x), y.crt");
	fx_expect_link(&f, DIR "unterminated.pem",
		       "/usr/local/share/ca-certificates/corp/unterminated.crt");
	fx_expect_holds(&f, "etc/ca-certificates.conf", "\nmozilla/Root_A.crt\nmozilla/Zero.crt\n");
	fx_done(&f);
	certs_done(&c);
}
END_TEST

static int list_link(struct tree_node *n, void *ctx, struct err *e)
{
	(void)e;
	if (tree_is_symlink(n) && strlen(n->name) == 10 && n->name[8] == '.')
		buf_printf(ctx, "%s -> %s\n", n->name, n->inode->target);
	return 0;
}

/* All of it by update-ca-certificates. */
START_TEST(like_update_ca_certificates)
{
	struct fixture f;
	struct certs c;
	struct err e;
	_cleanup_buf_ struct buf ours = BUF_INIT, theirs = BUF_INIT;

	if (!test_has_program("update-ca-certificates") || !test_has_program("openssl"))
		test_skip("update-ca-certificates is not here");
	certs_tree(&f, &c);
	fx_file(&f, "conf", "mozilla/B (x), y.crt\nmozilla/Root_A.crt\nmozilla/Zero.crt\n");
	fx_dir(&f, "out", 0755, 0, 0);
	char *dir = fx_write(&f);
	_cleanup_free_ char *cmd = str_printf(
		"PATH=$PATH:/usr/sbin LC_ALL=C update-ca-certificates --certsconf %s/conf "
		"--certsdir %s/usr/share/ca-certificates "
		"--localcertsdir %s/usr/local/share/ca-certificates "
		"--etccertsdir %s/out --hooksdir '' >/dev/null 2>&1",
		dir, dir, dir, dir);
	ck_assert_int_eq(system(cmd), 0);
	ck_ok(finish_ca_bundle(&f.p, &e));
	_cleanup_free_ char *text = fx_disk_text(dir, "out/ca-certificates.crt");
	ck_assert_ptr_nonnull(text);
	fx_expect_text(&f, DIR "ca-certificates.crt", text);
	_cleanup_free_ char *out = str_printf("%s/out", dir);
	const char *const find[] = { "find",	out,	       "-name", "????????.?",
				     "-printf", "%f -> %l\\n", NULL };
	ck_ok(run_program(&(struct run_params){ .argv = find, .out = &theirs }, NULL, &e));
	ck_ok(tree_walk(tree_lookup(f.tree, "etc/ssl/certs"), list_link, &ours, &e));
	_cleanup_strv_ struct strv a = STRV_INIT, b = STRV_INIT;
	ck_assert_int_eq(strv_split(&a, buf_str(&ours), "\n"), 0);
	ck_assert_int_eq(strv_split(&b, buf_str(&theirs), "\n"), 0);
	strv_sort(&b);
	ck_assert_uint_eq(a.n, 4);
	ck_assert_uint_eq(b.n, 4);
	for (size_t i = 0; i < a.n; i++)
		ck_assert_str_eq(a.v[i], b.v[i]);
	test_dir_remove(dir);
	fx_done(&f);
	certs_done(&c);
}
END_TEST

START_TEST(bad_certificates)
{
	struct fixture f;
	struct certs c;
	struct err e;

	certs_tree(&f, &c);
	fx_overlay_file(&f, "usr/local/share/ca-certificates/der.crt", "\x30\x82");
	ck_fails(finish_ca_bundle(&f.p, &e), -EBADMSG, "usr/local/share/ca-certificates/der.crt");
	fx_done(&f);
	certs_done(&c);
	certs_tree(&f, &c);
	fx_overlay_file(&f, "usr/local/share/ca-certificates/Root_A.crt", c.b);
	ck_fails(finish_ca_bundle(&f.p, &e), -EEXIST, "Root_A.pem");
	fx_done(&f);
	certs_done(&c);
	fx_init(&f);
	ck_ok(finish_ca_bundle(&f.p, &e));
	ck_assert_uint_eq(tree_count(f.tree), 1);
	fx_done(&f);
}
END_TEST

TEST_MAIN("ca-bundle", bundle, like_update_ca_certificates, bad_certificates)
