/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a signed repository to a lock: all of it, over a directory and over HTTP. */
#include "builder/repo/lock.h"

#include "builder/repo/test/fixture.h"
#include "builder/repo/test/http_server.h"

#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PACKAGE(name, version, path, more)                                              \
	"Package: " name "\nVersion: " version "\nArchitecture: amd64\nFilename: " path \
	"\nSize: 12\nSHA256: " SHA "\n" more "\n"

static const char main_text[] = PACKAGE("a", "1", "pool/main/a_1.deb", "Depends: b, doc\n")
	PACKAGE("b", "1", "pool/main/b_1.deb", "Depends: perl\n")
		PACKAGE("doc", "1", "pool/main/doc_1.deb", "")
			PACKAGE("init", "3", "pool/main/init_3.deb", "Depends: b\n")
				PACKAGE("perl", "5", "pool/main/perl_5.deb", "");
static const char security_text[] =
	PACKAGE("b", "1+deb13u1", "pool/updates/main/b_1.deb", "Depends: perl\n");

static struct lock_codec codecs[] = { { (char *)"zstd", (char *)"1.5.4" },
				      { (char *)"lz4", (char *)"1.9.4" } };

struct world {
	char *dir, *keyring, *mirror;
};

static bool setup(struct world *w)
{
	if (!have_gpg())
		return false;
	w->dir = test_dir();
	w->keyring = key_make(w->dir, "key", "20230101T000000", "0");
	w->mirror = str_printf("%s/debian", w->dir);
	_cleanup_free_ char *security = str_printf("%s-security", w->mirror);
	put_suite(w->mirror, w->dir, &(struct suite_spec){ .suite = "sid", .packages = main_text });
	put_suite(security, w->dir,
		  &(struct suite_spec){ .suite = "sid-security",
					.packages = security_text,
					.date = "Tue, 14 Nov 2023 11:00:00 UTC",
					.extra = "Valid-Until: Wed, 15 Nov 2023 11:00:00 UTC\n",
					.by_hash = true,
					.security = true });
	return true;
}

static void done(struct world *w)
{
	key_stop(w->dir, "key");
	test_dir_remove(w->dir);
	free(w->keyring);
	free(w->mirror);
}

struct made {
	const char *mirror; /* NULL: the world's */
	const char *cache_dir;
	const char *suites, *packages, *without, *initrd;
	bool shared;  /* what it does without stands in an included file */
	uint64_t now; /* 0: T0 */
	uint64_t at;
	struct strv *notices;
};

static int make(struct world *w, const struct made *m, struct buf *out, struct err *e)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	struct recipe r = recipe_of(m->mirror ? m->mirror : w->mirror, w->keyring,
				    m->suites ? m->suites : "sid sid-security",
				    m->packages ? m->packages : "a", m->without ? m->without : "");

	r.initrd_packages = strv_of(m->initrd ? m->initrd : "");
	r.path = (char *)"recipe.yaml";
	for (size_t i = 0; i < r.n_without; i++)
		r.without[i].shared = m->shared;
	int rc = lock_make(&r,
			   &(struct lock_params){ .now = m->now ? m->now : T0,
						  .at = m->at,
						  .builder = "0.1",
						  .codecs = codecs,
						  .n_codecs = 2,
						  .cache_dir = m->cache_dir,
						  .notices = m->notices },
			   &l, e);
	if (rc == 0)
		lock_format(l, out);
	recipe_done_(&r);
	return rc;
}

static bool has_line(const struct buf *text, const char *prefix)
{
	_cleanup_free_ char *start = str_printf("\n%s", prefix);

	return strstr(buf_str(text), start) != NULL;
}

START_TEST(whole_way)
{
	_cleanup_buf_ struct buf out = BUF_INIT, again = BUF_INIT;
	_cleanup_strv_ struct strv notices = STRV_INIT, none = STRV_INIT;
	struct world w;
	struct err e;

	if (!setup(&w))
		test_skip("no gpg");
	const struct made m = {
		.packages = "a", .without = "doc perl vim", .initrd = "init", .notices = &notices
	};
	ck_ok(make(&w, &m, &out, &e));
	ck_assert(has_line(&out,
			   "codec lz4 1.9.4\ncodec zstd 1.5.4\nepoch 1699959600\nsuite sid sid "
			   "main main 1699956000 "));
	ck_assert(has_line(&out, "suite sid-security sid-security main security 1699959600 "));
	ck_assert_ptr_nonnull(strstr(buf_str(&out),
				     "\npackage a 1 amd64 12 " SHA " pool/main/a_1.deb sid image\n"
				     "package b 1+deb13u1 amd64 12 " SHA
				     " pool/updates/main/b_1.deb sid-security image+initrd\n"
				     "package init 3 amd64 12 " SHA
				     " pool/main/init_3.deb sid initrd\n"));
	ck_assert(!has_line(&out, "package doc") && !has_line(&out, "package perl"));
	ck_assert_uint_eq(notices.n, 1);
	ck_assert_str_eq(notices.v[0], "without: vim: no package of the image asks for it");
	/* No address and no path of this machine is in it. */
	ck_assert_ptr_null(strstr(buf_str(&out), w.dir));
	ck_assert_ptr_null(strstr(buf_str(&out), "://"));
	_cleanup_(lock_free) struct lock *parsed = NULL;
	ck_ok(lock_parse(buf_str(&out), out.len, "x", &parsed, &e));
	/* The order in which a recipe lists things is of no weight. */
	const struct made turned = { .packages = "a a",
				     .without = "vim perl doc",
				     .initrd = "init",
				     .suites = "sid-security sid",
				     .shared = true,
				     .notices = &none };
	ck_ok(make(&w, &turned, &again, &e));
	ck_assert_uint_eq(none.n, 0);
	ck_assert_str_eq(buf_str(&out), buf_str(&again));
	done(&w);
}
END_TEST

START_TEST(over_http)
{
	_cleanup_buf_ struct buf out = BUF_INIT, again = BUF_INIT, cached = BUF_INIT;
	struct http_server server;
	struct world w;
	struct err e;

	if (!setup(&w))
		test_skip("no gpg");
	http_start(&server, w.dir);
	_cleanup_free_ char *url = str_printf("%s/debian", server.url);
	_cleanup_free_ char *cache = str_printf("%s/cache", w.dir);
	ck_assert_int_eq(mkdir(cache, 0700), 0);
	ck_ok(make(&w, &(struct made){ 0 }, &out, &e));
	const struct made m = { .mirror = url, .cache_dir = cache };
	ck_ok(make(&w, &m, &again, &e));
	ck_assert_str_eq(buf_str(&out), buf_str(&again));
	ck_assert_uint_eq(server.n_requests, 4);
	ck_ok(make(&w, &m, &cached, &e)); /* InRelease only */
	ck_assert_str_eq(buf_str(&out), buf_str(&cached));
	ck_assert_uint_eq(server.n_requests, 6);
	/* What is in the cache is checked too. */
	_cleanup_free_ char *spoil =
		str_printf("for f in %s/index/*; do chmod u+w $f; printf x | dd of=$f bs=1 seek=40 "
			   "conv=notrunc status=none; done",
			   cache);
	ck_assert_int_eq(system(spoil), 0);
	ck_ok(make(&w, &m, &cached, &e));
	ck_assert_uint_eq(server.n_requests, 10);
	http_stop(&server);
	done(&w);
}
END_TEST

/* What is wrong with the suite sid, and what is said then. */
static void check_refused(struct world *w, const struct suite_spec *s, int code,
			  const char *message)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e;

	put_suite(w->mirror, w->dir, s);
	ck_fails(make(w, &(struct made){ .suites = "sid" }, &out, &e), code, message);
	ck_assert_msg(strstr(e.msg, "suite sid: "), "%s", e.msg);
	ck_assert_uint_eq(out.len, 0);
}

START_TEST(indices_refused)
{
	struct world w;

	if (!setup(&w))
		test_skip("no gpg");
	free(key_make(w.dir, "other", "20230101T000000", "0"));
	check_refused(&w, &(struct suite_spec){ .suite = "sid", .packages = main_text, .key = "" },
		      -EBADMSG, "not signed");
	check_refused(&w,
		      &(struct suite_spec){ .suite = "sid", .packages = main_text, .key = "other" },
		      -EBADMSG, "signed by a key that is not in");
	check_refused(&w,
		      &(struct suite_spec){ .suite = "sid",
					    .packages = main_text,
					    .extra = "Valid-Until: " T0_DATE "\n" },
		      -EBADMSG, "the index is stale");
	check_refused(&w, &(struct suite_spec){ .suite = "sid", .packages = "Package: x\n" },
		      -EBADMSG, "Packages:1: Package, Version");
	check_refused(
		&w, &(struct suite_spec){ .suite = "sid", .packages = main_text, .date = "never" },
		-EBADMSG, "malformed date");
	key_stop(w.dir, "other");
	done(&w);
}
END_TEST

START_TEST(another_suite_under_the_name)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct world w;
	struct err e;

	if (!setup(&w))
		test_skip("no gpg");
	_cleanup_free_ char *move =
		str_printf("cp -r %s/dists/sid %s/dists/new", w.mirror, w.mirror);
	ck_assert_int_eq(system(move), 0);
	ck_fails(make(&w, &(struct made){ .suites = "new" }, &out, &e), -EBADMSG,
		 "suite new: the index is of another suite: \"sid\"");
	ck_fails(make(&w, &(struct made){ .suites = "nosuch" }, &out, &e), -ENOENT,
		 "/debian/dists/nosuch/InRelease: check the suite's name in the recipe");
	ck_fails(make(&w, &(struct made){ .suites = "trixi-updates" }, &out, &e), -ENOENT,
		 "; is it trixie-updates?");
	ck_fails(make(&w, &(struct made){ .suites = "sid sid" }, &out, &e), -EINVAL,
		 "suite sid is listed twice");
	ck_fails(make(&w, &(struct made){ .packages = "aa" }, &out, &e), -ENOENT,
		 "recipe.yaml: packages: no suite of the recipe has a package aa");
	ck_fails(
		make(&w, &(struct made){ .initrd = "innit" }, &out, &e), -ENOENT,
		"recipe.yaml: initrd: packages: no suite of the recipe has a package innit; is it init?");
	ck_fails(make(&w, &(struct made){ .now = T0 + 86400 }, &out, &e), -EBADMSG,
		 "suite sid-security: the index is stale");
	ck_fails(make(&w, &(struct made){ .now = T0 - 2 * 86400 }, &out, &e), -EBADMSG,
		 "of a day to come");
	done(&w);
}
END_TEST

START_TEST(packages_that_are_not_those_signed)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct http_server server;
	struct world w;
	struct err e;

	if (!setup(&w))
		test_skip("no gpg");
	http_start(&server, w.dir);
	_cleanup_free_ char *url = str_printf("%s/debian", server.url);
	_cleanup_free_ char *packages =
		str_printf("%s/dists/sid/main/binary-amd64/Packages.xz", w.mirror);
	const struct made m = { .mirror = url, .suites = "sid" };
	_cleanup_free_ char *change = str_printf("printf x | dd of=%s bs=1 seek=40 conv=notrunc "
						 "status=none",
						 packages);
	ck_assert_int_eq(system(change), 0);
	ck_fails(make(&w, &m, &out, &e), -EBADMSG, "Packages.xz: from http");
	ck_assert_ptr_nonnull(strstr(e.msg, "its SHA-256 is "));
	_cleanup_free_ char *append = str_printf("echo >>%s", packages);
	ck_assert_int_eq(system(append), 0);
	ck_fails(make(&w, &m, &out, &e), -EBADMSG, "Packages.xz: from http");
	ck_assert_ptr_nonnull(strstr(e.msg, "is longer than the "));
	ck_assert_int_eq(truncate(packages, 20), 0);
	ck_fails(make(&w, &m, &out, &e), -EBADMSG, "truncated after 20 of ");
	ck_assert_int_eq(unlink(packages), 0);
	ck_fails(make(&w, &m, &out, &e), -ENOENT, "Packages.xz: from http");
	http_stop(&server);
	done(&w);
}
END_TEST

/* An index that has expired, taken for what it was: the same lock, and the person is told. */
START_TEST(as_of_then)
{
	_cleanup_buf_ struct buf out = BUF_INIT, again = BUF_INIT;
	_cleanup_strv_ struct strv notices = STRV_INIT;
	struct world w;
	struct err e;

	if (!setup(&w))
		test_skip("no gpg");
	ck_ok(make(&w, &(struct made){ 0 }, &out, &e));
	struct made later = { .now = T0 + UINT64_C(157680000), .notices = &notices };
	ck_fails(make(&w, &later, &again, &e), -EBADMSG, "suite sid-security: the index is stale");
	later.at = T0;
	ck_ok(make(&w, &later, &again, &e));
	ck_assert_str_eq(buf_str(&out), buf_str(&again));
	ck_assert_uint_eq(notices.n, 1);
	ck_assert_ptr_nonnull(strstr(notices.v[0], "as of 2023-11-14T22:13:20Z"));
	later.at = T0 - 2 * 86400;
	ck_fails(make(&w, &later, &again, &e), -EBADMSG, "of a day to come");
	done(&w);
}
END_TEST

TEST_MAIN("lock_make", whole_way, as_of_then, over_http, indices_refused,
	  another_suite_under_the_name, packages_that_are_not_those_signed)
