/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that an ESP brings for enrolment: who may sign what boots later is judged as who has signed. */
#include <openssl/x509.h>

#include "builder/audit/test/verify_support.h"
#include "signing/efi_auth.h"

static struct err e;
static struct signer *kek;
static struct buf db_auth; /* what the ESP has */

/* It signs nothing. @valid_sec: from FX_NOW on */
static X509 *make_other(unsigned int bits, long valid_sec)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	X509 *cert = X509_new();

	ck_assert(key && cert);
	X509_set_version(cert, X509_VERSION_3);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
						    (const uint8_t *)"other", -1, -1, 0),
			 1);
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notBefore(cert), FX_NOW));
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(cert), FX_NOW + valid_sec));
	ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	EVP_PKEY_free(key);
	return cert;
}

static void put(struct tree *t, const char *name, const struct buf *b)
{
	const struct tree_meta m = { .mode = 0644, .mtime = IM_TIME };
	_cleanup_free_ char *path = str_printf(ESP_KEYS "/%s", name);

	ck_ok(tree_put_file(t, path, &m, blob_new(b->data, b->len), NULL, &e));
}

static void with_keys(struct tree *t)
{
	static const char *const names[] = { "PK.auth", "KEK.auth" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		fx_read(names[i], &b);
		put(t, names[i], &b);
	}
	put(t, "db.auth", &db_auth);
}

/* db, and one more. */
static void make_db(X509 *other)
{
	_cleanup_buf_ struct buf esl = BUF_INIT;
	uint8_t owner[16];

	ck_ok(efi_owner_guid(fx_pk->cert, owner, &e));
	ck_ok(efi_esl_append(&esl, fx_db->cert, owner, &e));
	ck_ok(efi_esl_append(&esl, other, owner, &e));
	const struct efi_auth_params p = { .variable = EFI_VARIABLE_DB,
					   .timestamp = FX_NOW,
					   .esl = esl.data,
					   .esl_len = esl.len };
	buf_done(&db_auth);
	ck_ok(efi_auth_build(&p, kek, &db_auth, &e));
}

static struct verify_report verify_with(X509 *other, bool trusted)
{
	X509 *const trust[] = { fx_pk->cert, kek->cert, fx_db->cert, other };
	const struct verify_params p = { .trust = trust,
					 .n_trust = trusted ? 4 : 3,
					 .at = FX_NOW + 100 };
	struct im_spec s;

	make_db(other);
	im_spec_init(&s);
	s.change_esp = with_keys;
	im_make(&s, fx_path("disk.raw"));
	im_spec_done(&s);
	return vs_verify_as(&p);
}

static const struct {
	unsigned int bits;
	long valid_sec;
	bool trusted;
	enum verify_id fails; /* VERIFY_N_IDS: none */
} others[] = {
	{ 2048, 1000, true, VERIFY_N_IDS },
	{ 2048, 1000, false, VERIFY_ESP_ENROLMENT },
	{ 1024, 1000, true, VERIFY_CERT_KEY },
	{ 2048, 10, true, VERIFY_CERT_TIME },
};

START_TEST(one_more_in_db)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		X509 *other = make_other(others[i].bits, others[i].valid_sec);
		struct verify_report r = verify_with(other, others[i].trusted);
		vs_print(&r);
		ck_assert_uint_eq(r.n_failed, others[i].fails != VERIFY_N_IDS);
		ck_assert(r.n_failed == 0 || vs_fails(&r, others[i].fails));
		verify_report_done(&r);
		X509_free(other);
	}
}
END_TEST

static void setup(void)
{
	fx_setup();
	kek = fx_signer("KEK");
}

static void teardown(void)
{
	buf_done(&db_auth);
	signer_free(kek);
	fx_teardown();
}

int main(void)
{
	const TTest *tests[] = { one_more_in_db };

	return test_run_with("verify_enrolment", tests, ARRAY_SIZE(tests), setup, teardown);
}
