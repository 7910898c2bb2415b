/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/lock.h"

#include "builder/repo/test/fixture.h"

#define A   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FPR "04B54C3CDCA79751B16BC6B5225629DF75B188BD"
#define L1  "slipway-lock 2\nrecipe " A "\narch x86-64\nbuilder 0.1\n"
#define L2  "codec lz4 1.9.4\ncodec zstd 1.5.4\n"
#define L3  "epoch 1700000000\n"
#define L4  "suite sid sid main main 1700000000 " A " " B " " FPR "\n"
#define L5  "suite sid-security sid main security 1600000000 " A " " B " " FPR "," FPR "0\n"
#define P1  "package a 1:2-3 amd64 10 " A " pool/a/a_2-3.deb sid image\n"
#define P2  "package b+c 1~rc1 all 18446744073709551615 " B " b.deb sid-security image+initrd\n"
#define P3  "package d 1 arm64 1 " B " pool/d.deb sid initrd\n"
#define G1  "group a.b 499 used\n"
#define G2  "group c 0 gone\n"
#define U1  "user _a$ 499 used\n"
#define U2  "user c 4294967294 gone\n"
#define ALL L1 L2 L3 L4 L5 P1 P2 P3 G1 G2 U1 U2

static int parse(const char *text, struct lock **ret, struct err *e)
{
	return lock_parse(text, strlen(text), "x.lock", ret, e);
}

START_TEST(round_trip)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e;

	ck_ok(parse(ALL, &l, &e));
	ck_assert_str_eq(l->arch, "x86-64");
	ck_assert_str_eq(l->codecs[1].version, "1.5.4");
	ck_assert_uint_eq(l->epoch, 1700000000);
	ck_assert_uint_eq(l->n_suites, 2);
	ck_assert(!l->suites[0].security && l->suites[1].security);
	ck_assert_uint_eq(l->suites[1].signers.n, 2);
	ck_assert_uint_eq(l->n_packages, 3);
	ck_assert_str_eq(l->packages[0].path, "pool/a/a_2-3.deb");
	ck_assert_uint_eq(l->packages[1].size_bytes, UINT64_MAX);
	ck_assert(l->packages[0].image && !l->packages[0].initrd);
	ck_assert(l->packages[1].image && l->packages[1].initrd);
	ck_assert(!l->packages[2].image && l->packages[2].initrd);
	ck_assert_uint_eq(l->ids.n, 4);
	ck_assert_uint_eq(ids_find(&l->ids, ID_USER, "_a$")->number, 499);
	ck_assert(ids_find(&l->ids, ID_GROUP, "a.b")->used);
	ck_assert(!ids_find(&l->ids, ID_USER, "c")->used);
	ck_assert_ptr_null(ids_find(&l->ids, ID_USER, "a.b"));
	lock_format(l, &out);
	ck_assert_str_eq(buf_str(&out), ALL);
}
END_TEST

START_TEST(small_ones)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	struct err e;

	ck_ok(parse(L1 L3, &l, &e));
	ck_assert_uint_eq(l->n_codecs + l->n_suites + l->n_packages, 0);
}
END_TEST

START_TEST(malformed)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "x.lock:1: the file ends before its \"slipway-lock\"" },
		{ "slipway-lock 3\n", "x.lock:1: a lock of a later format" },
		{ "slipway-lock 2", "x.lock:1: the last line does not end in a newline" },
		{ "\n", "x.lock:1: an empty field" },
		{ "slipway-lock 2\narch x\n", "x.lock:2: a \"recipe\" line of 2 fields" },
		{ "slipway-lock 2\nrecipe abc\n", "x.lock:2: a SHA-256 has 64" },
		{ "slipway-lock 2\nrecipe A" B "\n", "x.lock:2: a SHA-256 has 64" },
		{ L1 "epoch 1700000001\n" L4, "x.lock: epoch 1700000001 is not the newest date" },
		{ L1 "epoch 1600000000\n" L4 L5, "of its suites, 1700000000" },
		{ L1 L2, "x.lock:6: a \"codec\" or \"epoch\" line" },
		{ L1 "codec lz4 1\ncodec lz4 1\n" L3, "x.lock:6: codecs are sorted" },
		{ L1 "codec zstd 1\ncodec lz4 1\n" L3, "x.lock:6: codecs are sorted" },
		{ L1 "epoch 01\n", "x.lock:5: malformed number" },
		{ L1 "epoch -1\n", "x.lock:5: malformed number" },
		{ L1 "epoch 18446744073709551616\n", "x.lock:5: malformed number" },
		{ L1 "epoch  1\n", "x.lock:5: an empty field" },
		{ L1 " epoch 1\n", "x.lock:5: an empty field" },
		{ L1 "epoch 1 \n", "x.lock:5: an empty field" },
		{ L1 "epoch\t1\n", "x.lock:5: holds a byte that is not printable" },
		{ L1 "epoch 1\r\n", "x.lock:5: holds a byte that is not printable" },
		{ L1 L3 "1 2 3 4 5 6 7 8 9 10\n", "x.lock:6: too many fields" },
		{ L1 L3 L5 L4, "x.lock:7: suites are sorted" },
		{ L1 L3 L4 L4, "x.lock:7: suites are sorted" },
		{ L1 L3 L4 P1 L5, "x.lock:8: a \"suite\" or" },
		{ L1 L3 "suite sid sid main other 1 " A " " B " " FPR "\n",
		  "x.lock:6: the archive" },
		{ L1 L3 "suite sid sid main main 1 " A " " B " xyz\n", "x.lock:6: fingerprints" },
		{ L1 L3 "suite sid sid main main 1 " A " " B " " FPR "0," FPR "\n",
		  "x.lock:6: fingerprints" },
		{ L1 L3 "suite sid sid main main 1 " A " " B " " FPR ",\n",
		  "x.lock:6: malformed list" },
		{ L1 L3 "suite sid sid main main 1 " A " " B " ,\n", "x.lock:6: malformed list" },
		{ L1 L3 P1, "x.lock:6: the package is of no suite" },
		{ L1 L3 L4 P3 P1, "x.lock:8: packages are sorted" },
		{ L1 L3 L4 P1 P1, "x.lock:8: packages are sorted" },
		{ L1 L3 L4 "package A 1 all 1 " A " p sid image\n", "x.lock:7: malformed name" },
		{ L1 L3 L4 "package a 1/ all 1 " A " p sid image\n", "x.lock:7: malformed name" },
		{ L1 L3 L4 "package a 1 i386 1 " A " p sid image\n", "x.lock:7: the architecture" },
		{ L1 L3 L4 "package a 1 all x " A " p sid image\n", "x.lock:7: malformed number" },
		{ L1 L3 L4 "package a 1 all 1 " A " ../p sid image\n", "x.lock:7: malformed path" },
		{ L1 L3 L4 "package a 1 all 1 " A " /p sid image\n", "x.lock:7: malformed path" },
		{ L1 L3 L4 "package a 1 all 1 " A " a/./p sid image\n",
		  "x.lock:7: malformed path" },
		{ L1 L3 L4 "package a 1 all 1 " A " p sid both\n", "x.lock:7: a package is for" },
		{ L1 L3 L4 "package a 1 all 1 " A " p sid\n", "x.lock:7: a \"suite\" or" },
		{ ALL "more\n", "x.lock:17: a \"suite\" or" },
		{ L1 L3 G2 G1, "x.lock:7: groups, then users are sorted" },
		{ L1 L3 G1 G1, "x.lock:7: groups, then users are sorted" },
		{ L1 L3 U1 G1, "x.lock:7: groups, then users are sorted" },
		{ L1 L3 U2 U1, "x.lock:7: groups, then users are sorted" },
		{ L1 L3 G1 L4, "x.lock:7: a \"suite\" or" },
		{ L1 L3 L4 U1 P1, "x.lock:8: a \"suite\" or" },
		{ L1 L3 "user a 1\n", "x.lock:6: a \"suite\" or" },
		{ L1 L3 "user a 1 used more\n", "x.lock:6: a \"suite\" or" },
		{ L1 L3 "user a 1 Used\n", "x.lock:6: a user or group is used or gone" },
		{ L1 L3 "user -a 1 used\n", "x.lock:6: malformed name or id" },
		{ L1 L3 "user a:b 1 used\n", "x.lock:6: malformed name or id" },
		{ L1 L3 "user a 4294967295 used\n", "x.lock:6: malformed name or id" },
		{ L1 L3 "user a 65535 used\n", "x.lock:6: malformed name or id" },
		{ L1 L3 "group a -1 used\n", "x.lock:6: malformed number" },
		{ L1 L3 "group a 01 used\n", "x.lock:6: malformed number" },
	};
	struct lock *l = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_fails(parse(bad[i].text, &l, &e), -EINVAL, bad[i].message);
	ck_assert_ptr_null(l);
}
END_TEST

/* Whatever is cut off or changed: no crash, and what is taken is written back as it was. */
START_TEST(cut_and_changed)
{
	char text[] = ALL;
	struct err e;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (int what = 0; what < 3; what++) {
			_cleanup_(lock_free) struct lock *l = NULL;
			_cleanup_buf_ struct buf out = BUF_INIT;
			size_t len = what == 0 ? i : sizeof(text) - 1;
			char was = text[i];
			text[i] = what == 1 ? ' ' : what == 2 ? (char)(was ^ 1) : was;
			if (lock_parse(text, len, "x.lock", &l, &e) == 0) {
				lock_format(l, &out);
				ck_assert_uint_eq(out.len, len);
				ck_assert_mem_eq(out.data, text, len);
			}
			text[i] = was;
		}
	}
}
END_TEST

START_TEST(older)
{
	struct lock *l = NULL;
	struct err e;

	ck_fails(parse("slipway-lock 1\nrecipe x\n", &l, &e), -ESTALE,
		 "x.lock:1: a lock of an older format, without ids of users; run slipway lock");
}
END_TEST

START_TEST(files)
{
	_cleanup_(lock_free) struct lock *l = NULL, *again = NULL;
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/recipe.lock", dir);
	struct err e;

	ck_fails(lock_load(path, &l, &e), -ENOENT, "there is no lock yet; run slipway lock");
	ck_ok(parse(ALL, &l, &e));
	ck_ok(lock_write(l, path, &e));
	ck_ok(lock_load(path, &again, &e));
	ck_assert_uint_eq(again->n_packages, 3);
	put_text(dir, "recipe.lock", "slipway-lock 9\n");
	lock_free(TAKE_PTR(again));
	ck_fails(lock_load(path, &again, &e), -EINVAL, "recipe.lock:1: a lock of a later format");
	test_dir_remove(dir);
}
END_TEST

static void digest_of(const char *suites, const char *packages, const char *without,
		      const char *initrd, uint8_t out[SHA256_BYTES])
{
	struct recipe r = recipe_of("system", "k", suites, packages, without);
	struct err e;

	r.initrd_packages = strv_of(initrd);
	ck_ok(lock_recipe_digest(&r, out, &e));
	recipe_done_(&r);
}

START_TEST(recipe_digest)
{
	static const struct {
		const char *suites, *packages, *without, *initrd;
		bool same;
	} cases[] = {
		{ "a b-security", "x y", "p q", "i", true },
		{ "b-security a", "y x y", "q p", "i i", true },
		{ "a", "x y", "p q", "i", false },
		{ "a b-updates", "x y", "p q", "i", false },
		{ "a b-security", "x", "p q", "i", false },
		{ "a b-security", "x y", "p", "i", false },
		{ "a b-security", "x y", "p q", "", false },
		{ "a b-security", "x y i", "p q", "", false },
	};
	uint8_t first[SHA256_BYTES], other[SHA256_BYTES];

	digest_of(cases[0].suites, cases[0].packages, cases[0].without, cases[0].initrd, first);
	for (size_t i = 1; i < ARRAY_SIZE(cases); i++) {
		digest_of(cases[i].suites, cases[i].packages, cases[i].without, cases[i].initrd,
			  other);
		ck_assert_int_eq(memcmp(first, other, sizeof(first)) == 0, cases[i].same);
	}
}
END_TEST

START_TEST(made_for_what)
{
	struct recipe r = recipe_of("system", "k", "sid", "x", "");
	struct lock_codec own[] = { { (char *)"zstd", (char *)"1.5.4" },
				    { (char *)"lz4", (char *)"1.9.4" } };
	_cleanup_(lock_free) struct lock *l = NULL;
	struct err e;

	ck_ok(parse(ALL, &l, &e));
	ck_fails(lock_check(l, &r, "0.1", own, 2, &e), -ESTALE, "made for another recipe");
	ck_ok(lock_recipe_digest(&r, l->recipe_digest, &e));
	ck_ok(lock_check(l, &r, "0.1", own, 2, &e));
	ck_fails(lock_check(l, &r, "0.2", own, 2, &e), -ESTALE,
		 "made with slipway 0.1 and this builder has 0.2");
	ck_fails(lock_check(l, &r, "0.1", own, 1, &e), -ESTALE,
		 "lz4 1.9.4 and this builder has none");
	own[0].version = (char *)"1.6";
	ck_fails(lock_check(l, &r, "0.1", own, 2, &e), -ESTALE,
		 "zstd 1.5.4 and this builder has 1.6");
	own[0] = (struct lock_codec){ (char *)"zstd", (char *)"1.5.4" };
	struct lock_codec more[] = { own[0], own[1], { (char *)"xz", (char *)"5" } };
	ck_fails(lock_check(l, &r, "0.1", more, 3, &e), -ESTALE, "xz none and this builder has 5");
	recipe_done_(&r);
}
END_TEST

/* The same packages and ids, made by this builder. */
START_TEST(renewed)
{
	struct recipe r = recipe_of("system", "k", "sid", "x", "");
	struct lock_codec own[] = { { (char *)"zstd", (char *)"1.6" } };
	const struct lock_params p = { .builder = "0.2", .codecs = own, .n_codecs = 1 };
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e;

	ck_ok(parse(ALL, &l, &e));
	ck_fails(lock_renew(l, &r, &p, &e), -ESTALE, "made for another recipe");
	ck_ok(lock_recipe_digest(&r, l->recipe_digest, &e));
	ck_ok(lock_renew(l, &r, &p, &e));
	ck_ok(lock_check(l, &r, "0.2", own, 1, &e));
	lock_format(l, &out);
	ck_assert_ptr_nonnull(strstr(
		buf_str(&out), "builder 0.2\ncodec zstd 1.6\n" L3 L4 L5 P1 P2 P3 G1 G2 U1 U2));
	recipe_done_(&r);
}
END_TEST

TEST_MAIN("lock", round_trip, small_ones, malformed, cut_and_changed, older, files, recipe_digest,
	  made_for_what, renewed)
