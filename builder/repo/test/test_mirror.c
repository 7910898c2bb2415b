/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/mirror.h"

#include "builder/repo/test/fixture.h"

#define DEBIAN_KEY "/usr/share/keyrings/debian-archive-keyring.gpg"

/* What `mirror: system` finds among one file of apt sources. */
static int resolve(const char *name, const char *text, struct mirror *m, struct err *e)
{
	char *dir = test_dir();
	int rc;

	put_text(dir, name, text);
	rc = mirror_resolve("system", dir, m, e);
	test_dir_remove(dir);
	return rc;
}

#define check_mirror(name, text, want_main, want_security)        \
	do {                                                      \
		_cleanup_mirror_ struct mirror m_ = MIRROR_INIT;  \
		struct err e;                                     \
		ck_ok(resolve(name, text, &m_, &e));              \
		ck_assert_str_eq(m_.main_url, want_main);         \
		ck_assert_str_eq(m_.security_url, want_security); \
	} while (0)

START_TEST(deb822_sources)
{
	check_mirror("sources.list.d/debian.sources",
		     "Types: deb deb-src\n"
		     "# a comment\n"
		     "URIs: http://a.example.org/debian/\n"
		     "Suites: bookworm bookworm-updates\n"
		     "Components: main\n"
		     "Signed-By: " DEBIAN_KEY "\n\n"
		     "types: deb\n"
		     "URIs: http://b.example.org/debian-security\n"
		     "Suites: bookworm-security\n"
		     "Components: main contrib\n"
		     "Signed-By: " DEBIAN_KEY "\n",
		     "http://a.example.org/debian", "http://b.example.org/debian-security");
}
END_TEST

START_TEST(one_line_sources)
{
	check_mirror("sources.list",
		     "# deb http://no.example.org/debian bookworm main\n"
		     "deb-src http://src.example.org/debian bookworm main\n"
		     "deb [ arch=amd64 signed-by=" DEBIAN_KEY " ] https://a.example.org/x bookworm "
		     "main contrib # why\n"
		     "deb http://s.example.org/y bookworm-security main\n",
		     "https://a.example.org/x", "http://s.example.org/y");
}
END_TEST

START_TEST(disabled_are_passed_over)
{
	check_mirror("sources.list.d/x.sources",
		     "Types: deb\nURIs: http://off.example.org/debian\nSuites: sid\n"
		     "Components: main\nEnabled: No\n\n"
		     "Types: deb\nURIs: http://on.example.org/debian\nSuites: sid\n"
		     "Components: main\nEnabled: yes\n",
		     "http://on.example.org/debian", "http://on.example.org/debian-security");
}
END_TEST

START_TEST(other_vendors_are_not_taken)
{
	check_mirror("sources.list",
		     "deb https://v.example.org/apt cloud-sdk main\n"
		     "deb [signed-by=/k/vendor.gpg] https://v.example.org/debian bookworm main\n"
		     "deb https://w.example.org/linux/debian bookworm stable\n"
		     "deb http://d.example.org/mirror bookworm main\n",
		     "http://d.example.org/mirror", "http://d.example.org/mirror-security");
}
END_TEST

START_TEST(the_surest_is_taken)
{
	check_mirror("sources.list",
		     "deb http://one.example.org/mirror bookworm main\n"
		     "deb http://two.example.org/debian bookworm main\n"
		     "deb [signed-by=" DEBIAN_KEY "] http://three.example.org/x bookworm main\n",
		     "http://three.example.org/x", "http://three.example.org/x-security");
}
END_TEST

START_TEST(several_uris_and_suites)
{
	check_mirror("sources.list.d/x.sources",
		     "Types: deb\nURIs: cdrom:[x]/ http://a.example.org/debian\n"
		     " http://b.example.org/debian\nSuites:\n trixie-security\n trixie\n"
		     "Components: main\n",
		     "http://a.example.org/debian", "http://a.example.org/debian");
}
END_TEST

START_TEST(keys_within_the_source)
{
	check_mirror(
		"sources.list.d/x.sources",
		"Types: deb\nURIs: http://a.example.org/debian\nSuites: trixie\n"
		"Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
		" -----END PGP PUBLIC KEY BLOCK-----\n",
		"http://a.example.org/debian", "http://a.example.org/debian-security");
}
END_TEST

START_TEST(files_in_order_of_their_names)
{
	_cleanup_mirror_ struct mirror m = MIRROR_INIT;
	char *dir = test_dir();
	struct err e;

	put_text(dir, "sources.list.d/b.list", "deb http://b.example.org/debian sid main\n");
	put_text(dir, "sources.list.d/a.list", "deb http://a.example.org/debian sid main\n");
	put_text(dir, "sources.list.d/.0.list", "deb http://0.example.org/debian sid main\n");
	put_text(dir, "sources.list.d/0.save", "deb http://0.example.org/debian sid main\n");
	ck_ok(mirror_resolve("system", dir, &m, &e));
	ck_assert_str_eq(m.main_url, "http://a.example.org/debian");
	test_dir_remove(dir);
}
END_TEST

START_TEST(none_is_an_error)
{
	struct mirror m = MIRROR_INIT;
	struct err e;

	ck_fails(resolve("sources.list", "deb http://v.example.org/apt x y\n", &m, &e), -ENOENT,
		 "among 1 in ");
	ck_assert_ptr_nonnull(strstr(e.msg, "sources.list; name a mirror with --mirror"));
	ck_fails(resolve("other", "", &m, &e), -ENOENT, "no apt sources in ");
	ck_fails(resolve("sources.list", "deb [signed-by=x http://v.example.org/debian sid main\n",
			 &m, &e),
		 -ENOENT, "among 0 in ");
	ck_assert_ptr_null(m.main_url);
}
END_TEST

START_TEST(given_ones)
{
	static const struct {
		const char *spec, *main_url, *security_url;
	} cases[] = {
		{ "http://m.example.org/debian", "http://m.example.org/debian",
		  "http://m.example.org/debian-security" },
		{ "https://m.example.org/debian//", "https://m.example.org/debian",
		  "https://m.example.org/debian-security" },
		{ "http://a.example.org/x,http://b.example.org/y/", "http://a.example.org/x",
		  "http://b.example.org/y" },
		{ "/nowhere/a b+c", "file:///nowhere/a%20b%2Bc", "file:///nowhere/a%20b%2Bc" },
		{ "file:///nowhere/x", "file:///nowhere/x", "file:///nowhere/x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_mirror_ struct mirror m = MIRROR_INIT;
		struct err e;
		ck_ok(mirror_resolve(cases[i].spec, NULL, &m, &e));
		ck_assert_str_eq(m.main_url, cases[i].main_url);
		ck_assert_str_eq(m.security_url, cases[i].security_url);
	}
}
END_TEST

START_TEST(a_directory_with_a_sibling)
{
	_cleanup_mirror_ struct mirror m = MIRROR_INIT;
	char *dir = test_dir();
	_cleanup_free_ char *spec = str_printf("%s/debian/", dir);
	struct err e;

	put_text(dir, "debian/x", "");
	put_text(dir, "debian-security/x", "");
	ck_ok(mirror_resolve(spec, NULL, &m, &e));
	ck_assert(str_has_suffix(m.main_url, "/debian"));
	ck_assert(str_has_suffix(m.security_url, "/debian-security"));
	/* An archive has all suites itself, whatever lies beside it. */
	put_text(dir, "debian/locks/node/recipe.lock", "");
	mirror_done(&m);
	ck_ok(mirror_resolve(spec, NULL, &m, &e));
	ck_assert_str_eq(m.main_url, m.security_url);
	test_dir_remove(dir);
}
END_TEST

START_TEST(bad_ones)
{
	struct mirror m = MIRROR_INIT;
	struct err e;

	ck_fails(mirror_resolve("debian", NULL, &m, &e), -EINVAL, "mirror \"debian\" is not");
	ck_fails(mirror_resolve("ftp://x.example.org/debian", NULL, &m, &e), -EINVAL, "is not");
	ck_fails(mirror_resolve("http://x.example.org/a,", NULL, &m, &e), -EINVAL, "mirror \"\"");
	ck_fails(mirror_resolve("", NULL, &m, &e), -EINVAL, "mirror \"\"");
}
END_TEST

START_TEST(suites_that_are_meant)
{
	_cleanup_free_ char *updates = mirror_near_suite("trixie-update");
	_cleanup_free_ char *code_name = mirror_near_suite("bookwrom");

	ck_assert_str_eq(updates, "trixie-updates");
	ck_assert_str_eq(code_name, "bookworm");
	ck_assert_ptr_null(mirror_near_suite("trixie"));
	ck_assert_ptr_null(mirror_near_suite("our-own"));
}
END_TEST

START_TEST(of_a_recipe)
{
	_cleanup_(mirror_set_free) struct mirror_set *set = NULL;
	struct recipe r = recipe_of("http://m.example.org/debian", "k", "sid sid-security", "", "");
	struct err e;

	ck_ok(mirror_set_new(&r, NULL, NULL, &set, &e));
	ck_assert_str_eq(mirror_set_url(set, "sid"), "http://m.example.org/debian");
	ck_assert_str_eq(mirror_set_url(set, "sid-security"),
			 "http://m.example.org/debian-security");
	ck_assert_ptr_null(mirror_set_url(set, "other"));
	mirror_set_free(TAKE_PTR(set));
	ck_ok(mirror_set_new(&r, "http://o.example.org/x", NULL, &set, &e));
	ck_assert_str_eq(mirror_set_url(set, "sid"), "http://o.example.org/x");
	free(r.repos[1].mirror);
	r.repos[1].mirror = strdup("nonsense");
	struct mirror_set *none = NULL;
	ck_fails(mirror_set_new(&r, NULL, NULL, &none, &e), -EINVAL, "suite sid-security: mirror");
	recipe_done_(&r);
}
END_TEST

TEST_MAIN("mirror", suites_that_are_meant, deb822_sources, one_line_sources,
	  disabled_are_passed_over, other_vendors_are_not_taken, the_surest_is_taken,
	  several_uris_and_suites, keys_within_the_source, files_in_order_of_their_names,
	  none_is_an_error, given_ones, a_directory_with_a_sibling, bad_ones, of_a_recipe)
