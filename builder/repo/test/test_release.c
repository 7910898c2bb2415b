/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/release.h"

#include "builder/repo/test/fixture.h"

#define HEX_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD  "Suite: stable\nCodename: sid\nDate: " T0_DATE "\n"
#define FILES "SHA256:\n " HEX_A " 0 main/b\n " HEX_A " 12 main/a\n"

START_TEST(dates)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = {
		{ "Thu, 01 Jan 1970 00:00:00 UTC", 0 },
		{ "Tue, 14 Nov 2023 22:13:20 GMT", 1700000000 },
		{ "Thu, 29 Feb 2024 23:59:59 +0000", 1709251199 },
		{ "Fri, 31 Dec 1999 12:00:00 UTC", 946641600 },
		{ "Sat,  1 Mar 2200 00:00:00 UTC", 7263216000 },
	};
	static const char *const bad[] = {
		"",
		"Tue, 14 Nov 2023",
		"Tue, 14 Nov 2023 22:13:20",
		"Tue, 14 Nov 2023 22:13:20 CET",
		"Tue, 14 Foo 2023 22:13:20 UTC",
		"Tue, 32 Nov 2023 22:13:20 UTC",
		"Tue, 14 Nov 2023 24:13:20 UTC",
		"Tue, 14 Nov 1969 22:13:20 UTC",
		"Tue, 14 Nov 2023 2a:13:20 UTC",
	};
	uint64_t t;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ck_assert_int_eq(release_date(good[i].text, strlen(good[i].text), &t), 0);
		ck_assert_uint_eq(t, good[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(release_date(bad[i], strlen(bad[i]), &t), -EINVAL);
}
END_TEST

static int parse(const char *text, const char *suite, struct release **ret, struct err *e)
{
	return release_parse(text, strlen(text), suite, T0, ret, e);
}

START_TEST(fields_and_files)
{
	_cleanup_(release_free) struct release *r = NULL;
	struct err e;

	ck_ok(parse(HEAD "Acquire-By-Hash: yes\nArchitectures: all amd64\n"
			 "Components: main contrib\n" FILES,
		    "stable", &r, &e));
	ck_assert_str_eq(r->suite, "stable");
	ck_assert_str_eq(r->codename, "sid");
	ck_assert_uint_eq(r->date, T0_EPOCH);
	ck_assert_uint_eq(r->valid_until, 0);
	ck_assert(r->by_hash);
	ck_assert(strv_contains(&r->architectures, "amd64"));
	ck_assert(strv_contains(&r->components, "contrib"));
	ck_assert_uint_eq(r->n_files, 2);
	ck_assert_uint_eq(release_find(r, "main/a")->size_bytes, 12);
	ck_assert_ptr_null(release_find(r, "main/c"));
	release_free(TAKE_PTR(r));
	ck_ok(parse(HEAD FILES, "sid", &r, &e));
	ck_assert(!r->by_hash);
}
END_TEST

START_TEST(refused)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "not one stanza" },
		{ HEAD FILES "\nmore: 1\n", "not one stanza" },
		{ "Suite: other\nDate: " T0_DATE "\n" FILES, "of another suite: \"other\"" },
		{ "Suite: stable\n" FILES, "no Date" },
		{ "Suite: stable\nDate: yesterday\n" FILES, "malformed date in Date" },
		{ HEAD "Valid-Until: Tue, 14 Nov 2023 22:13:19 UTC\n" FILES,
		  "stale: it was valid until Tue, 14 Nov 2023 22:13:19 UTC" },
		{ HEAD "Valid-Until: x\n" FILES, "malformed date in Valid-Until" },
		{ "Suite: stable\nDate: Thu, 16 Nov 2023 00:00:00 UTC\n" FILES,
		  "of a day to come" },
		{ HEAD, "no SHA256" },
		{ HEAD "SHA256:\n abc 12 main/a\n", "malformed line" },
		{ HEAD "SHA256:\n " HEX_A " -1 main/a\n", "malformed line" },
		{ HEAD "SHA256:\n " HEX_A " 12 main/a x\n", "malformed line" },
		{ HEAD "SHA256:\n g" HEX_A "\n", "malformed line" },
		{ HEAD "SHA256:\n "
		       "x3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 1 a\n",
		  "malformed digest" },
	};
	struct release *r = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_fails(parse(bad[i].text, "stable", &r, &e), -EBADMSG, bad[i].message);
	ck_fails(release_parse("Suite: s\0", 9, "s", T0, &r, &e), -EBADMSG, "not one stanza");
	ck_assert_ptr_null(r);
}
END_TEST

START_TEST(valid_to_the_second)
{
	_cleanup_(release_free) struct release *r = NULL;
	struct err e;

	ck_ok(parse(HEAD "Valid-Until: Tue, 14 Nov 2023 22:13:20 UTC\n" FILES, "sid", &r, &e));
	ck_assert_uint_eq(r->valid_until, T0);
}
END_TEST

/* Signs with the keys named (in turn; a text that is signed twice has two signatures of a kind). */
static int verify(const struct buf *in, const char *keyring, struct buf *text, struct strv *signers,
		  struct err *e)
{
	buf_done(text);
	strv_done(signers);
	return release_verify(&(struct release_verify_params){ .inrelease = in,
							       .keyring = keyring },
			      text, signers, e);
}

/* @when: as release_date() reads it */
static int verify_at(const struct buf *in, const char *keyring, const char *when, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct release_verify_params p = { .inrelease = in, .keyring = keyring };

	ck_assert_int_eq(release_date(when, strlen(when), &p.at), 0);
	return release_verify(&p, &text, &signers, e);
}

START_TEST(good_signature)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20230101T000000", "0");
	sign_text(dir, "key", WHEN, "Suite: x\n- dash\n", &in);
	ck_ok(verify(&in, ring, &text, &signers, &e));
	ck_assert_str_eq(buf_str(&text), "Suite: x\n- dash\n");
	ck_assert_uint_eq(signers.n, 1);
	ck_assert_uint_eq(strlen(signers.v[0]), 40);
	/* What stands outside of the signed part is not given out. */
	_cleanup_buf_ struct buf around = BUF_INIT;
	buf_append_str(&around, "Evil: yes\n");
	buf_append(&around, in.data, in.len);
	buf_append_str(&around, "Evil: yes\n");
	ck_ok(verify(&around, ring, &text, &signers, &e));
	ck_assert_str_eq(buf_str(&text), "Suite: x\n- dash\n");
	key_stop(dir, "key");
	test_dir_remove(dir);
}
END_TEST

START_TEST(bad_signatures)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT, plain = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20230101T000000", "0");
	_cleanup_free_ char *other = key_make(dir, "other", "20230101T000000", "0");
	_cleanup_free_ char *none = str_printf("%s/none.gpg", dir);
	sign_text(dir, "key", WHEN, "Suite: x\n", &in);
	ck_fails(verify(&in, other, &text, &signers, &e), -EBADMSG,
		 "signed by a key that is not in ");
	ck_fails(verify(&in, none, &text, &signers, &e), -ENOENT, "keyring ");
	*strstr((char *)in.data, ": x") = ';';
	ck_fails(verify(&in, ring, &text, &signers, &e), -EBADMSG, "the signature is bad");
	buf_append_str(&plain, "Suite: x\n");
	ck_fails(verify(&plain, ring, &text, &signers, &e), -EBADMSG, "not signed");
	ck_fails(verify(&(struct buf)BUF_INIT, ring, &text, &signers, &e), -EBADMSG, "not signed");
	ck_assert_uint_eq(text.len, 0);
	ck_assert_uint_eq(signers.n, 0);
	key_stop(dir, "key");
	key_stop(dir, "other");
	test_dir_remove(dir);
}
END_TEST

/* Its key lives on. */
START_TEST(expired_signature)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20200101T000000", "0");
	_cleanup_free_ char *home = str_printf("%s/key", dir);
	struct buf what = { (uint8_t *)"Suite: x\n", 9, 0, false };
	GPG(home, &what, &in, "--faked-system-time=20200101T120000!", "--default-sig-expire", "1d",
	    "--clearsign");
	ck_fails(verify(&in, ring, &text, &signers, &e), -EBADMSG, "has expired");
	ck_ok(verify_at(&in, ring, "Thu, 02 Jan 2020 12:00:00 UTC", &e));
	ck_fails(verify_at(&in, ring, "Thu, 02 Jan 2020 12:00:01 UTC", &e), -EBADMSG,
		 "has expired");
	/* A time makes no signature good that was never one. */
	*strstr((char *)in.data, ": x") = ';';
	ck_fails(verify_at(&in, ring, "Thu, 02 Jan 2020 12:00:00 UTC", &e), -EBADMSG,
		 "the signature is bad");
	key_stop(dir, "key");
	test_dir_remove(dir);
}
END_TEST

START_TEST(expired_key)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20200101T000000", "2d");
	sign_text(dir, "key", "20200101T120000", "Suite: x\n", &in);
	ck_fails(verify(&in, ring, &text, &signers, &e), -EBADMSG, "has expired");
	ck_ok(verify_at(&in, ring, "Thu, 02 Jan 2020 00:00:00 UTC", &e));
	ck_ok(verify_at(&in, ring, "Fri, 03 Jan 2020 00:00:00 UTC", &e));
	ck_fails(verify_at(&in, ring, "Fri, 03 Jan 2020 00:00:01 UTC", &e), -EBADMSG,
		 "has expired");
	key_stop(dir, "key");
	test_dir_remove(dir);
}
END_TEST

START_TEST(weak_digest)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct buf plain = { (uint8_t *)"Suite: x\n", 9, 0, false };
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20230101T000000", "0");
	_cleanup_free_ char *home = str_printf("%s/key", dir);
	GPG(home, &plain, &in, "--digest-algo", "SHA1", "--clearsign");
	int rc = verify(&in, ring, &text, &signers, &e);
	ck_assert_int_eq(rc, -EBADMSG);
	ck_assert_uint_eq(text.len, 0);
	key_stop(dir, "key");
	test_dir_remove(dir);
}
END_TEST

START_TEST(two_signatures)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT, moved = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20230101T000000", "0");
	_cleanup_free_ char *other = key_make(dir, "other", "20230101T000000", "0");
	_cleanup_free_ char *home = str_printf("%s/key", dir);
	_cleanup_free_ char *other_home = str_printf("%s/other", dir);
	_cleanup_buf_ struct buf secret = BUF_INIT;
	struct buf plain = { (uint8_t *)"Suite: x\n", 9, 0, false };
	GPG(other_home, NULL, &secret, "--export-secret-keys");
	GPG(home, &secret, NULL, "--import");
	GPG(home, &plain, &in, "-u", "key", "-u", "other", "--clearsign");
	/* A key that is not ours beside one that is: an archive has several. */
	ck_ok(verify(&in, ring, &text, &signers, &e));
	ck_assert_uint_eq(signers.n, 1);
	ck_ok(verify(&in, other, &text, &signers, &e));
	ck_assert_uint_eq(signers.n, 1);
	GPG(home, NULL, &moved, "--export");
	ck_ok(outfile_write(ring, 0644, moved.data, moved.len, &e));
	ck_ok(verify(&in, ring, &text, &signers, &e));
	ck_assert_uint_eq(signers.n, 2);
	ck_assert_int_lt(strcmp(signers.v[0], signers.v[1]), 0);
	key_stop(dir, "key");
	key_stop(dir, "other");
	test_dir_remove(dir);
}
END_TEST

/* The armored signature of @in is replaced by one with a byte changed in its last packet. */
static void spoil_last_signature(const char *home, struct buf *in)
{
	_cleanup_buf_ struct buf armor = BUF_INIT, packets = BUF_INIT, again = BUF_INIT;
	char *start = strstr((char *)in->data, "-----BEGIN PGP SIGNATURE");

	buf_append_str(&armor, start);
	GPG(home, &armor, &packets, "--dearmor");
	packets.data[packets.len - 5] ^= 1;
	GPG(home, &packets, &again, "--enarmor");
	in->len = (size_t)((uint8_t *)start - in->data);
	buf_append_str(in, "-----BEGIN PGP SIGNATURE-----\n");
	char *body = strstr((char *)again.data, "\n\n"), *end = strstr(body, "-----END");
	buf_append(in, body, (size_t)(end - body));
	buf_append_str(in, "-----END PGP SIGNATURE-----\n");
}

START_TEST(a_bad_one_beside_a_good_one)
{
	_cleanup_buf_ struct buf in = BUF_INIT, text = BUF_INIT, both = BUF_INIT, secret = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;
	struct buf plain = { (uint8_t *)"Suite: x\n", 9, 0, false };
	struct err e;

	if (!have_gpg())
		test_skip("no gpg");
	char *dir = test_dir();
	_cleanup_free_ char *ring = key_make(dir, "key", "20230101T000000", "0");
	free(key_make(dir, "other", "20230101T000000", "0"));
	_cleanup_free_ char *home = str_printf("%s/key", dir);
	_cleanup_free_ char *other_home = str_printf("%s/other", dir);
	GPG(other_home, NULL, &secret, "--export-secret-keys");
	GPG(home, &secret, NULL, "--import");
	GPG(home, NULL, &both, "--export");
	ck_ok(outfile_write(ring, 0644, both.data, both.len, &e));
	GPG(home, &plain, &in, "-u", "key", "-u", "other", "--clearsign");
	ck_ok(verify(&in, ring, &text, &signers, &e));
	spoil_last_signature(home, &in);
	ck_fails(verify(&in, ring, &text, &signers, &e), -EBADMSG, "the signature is bad");
	key_stop(dir, "key");
	key_stop(dir, "other");
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("release", dates, fields_and_files, refused, valid_to_the_second, good_signature,
	  bad_signatures, expired_signature, expired_key, weak_digest, two_signatures,
	  a_bad_one_beside_a_good_one)
