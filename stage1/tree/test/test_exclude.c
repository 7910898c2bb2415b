/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "stage1/tree/exclude.h"

static bool matches(const char *pattern, const char *path)
{
	_cleanup_(tree_exclude_free) struct tree_exclude *x = NULL;
	struct err e = { 0 };

	ck_ok(tree_exclude_new(&pattern, 1, &x, &e));
	return tree_exclude_match(x, path);
}

START_TEST(patterns_match)
{
	static const char *const yes[][2] = {
		{ "/usr/share/doc", "usr/share/doc" },
		{ "/usr/share/doc", "/usr/share/doc/x/y" },
		{ "/usr/share/doc/", "usr/share/doc/x" },
		{ "/usr/*/doc", "usr/share/doc" },
		{ "/usr/share/locale/de*", "usr/share/locale/de_AT/x" },
		{ "/usr/share/locale/de*", "usr/share/locale/de" },
		{ "/a?c", "abc" },
		{ "/a?c", "a\xc3\xa9"
			  "c" },
		{ "/*.*.*", "a.b.c" },
		{ "/*a*b", "xaybab" },
		{ "/**/x", "x" },
		{ "/**/x", "a/b/x" },
		{ "/**/x", "a/b/x/c" },
		{ "/usr/**/*.pyc", "usr/a.pyc" },
		{ "/usr/**/*.pyc", "usr/lib/a/b.pyc" },
		{ "/usr/**/b/*.c", "usr/b/b/b/x.c" },
		{ "/usr/**/a/**/b", "usr/x/a/y/a/z/b" },
		{ "/usr/lib/**", "usr/lib/x" },
		{ "/usr/**/lib/**", "usr/lib/x" },
		{ "/[a]", "[a]" },
	};
	static const char *const no[][2] = {
		{ "/usr/share/doc", "usr/share/docs" },
		{ "/usr/share/doc", "usr/share" },
		{ "/usr/share/doc", "share/doc" },
		{ "/usr/*/doc", "usr/a/b/doc" },
		{ "/usr/*/doc", "usr/doc" },
		{ "/a?c", "ac" },
		{ "/a?c", "a/c" },
		{ "/a*c", "a/c" },
		{ "/*.*.*", "a.b" },
		{ "/usr/**/*.pyc", "lib/a.pyc" },
		{ "/usr/**/*.pyc", "usr/a.py" },
		{ "/usr/lib/**", "usr/lib" },
		{ "/usr/lib/**", "usr/libx" },
		{ "/usr/**/a/**/b", "usr/x/b/y/a" },
		{ "/[a]", "a" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		ck_assert_msg(matches(yes[i][0], yes[i][1]), "%s %s", yes[i][0], yes[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		ck_assert_msg(!matches(no[i][0], no[i][1]), "%s %s", no[i][0], no[i][1]);
}
END_TEST

START_TEST(bad_patterns_are_refused)
{
	static const char *const bad[][2] = {
		{ "usr/x", "not an absolute path" },
		{ "", "not an absolute path" },
		{ "/", "everything" },
		{ "/**", "everything" },
		{ "/**/**", "everything" },
		{ "/a//b", "empty component" },
		{ "/a/../b", "\"..\"" },
		{ "/./a", "\".\"" },
		{ "/a**", "whole components" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct tree_exclude *x;
		ck_fails(tree_exclude_new(&bad[i][0], 1, &x, &e), -EINVAL, bad[i][1]);
	}
}
END_TEST

START_TEST(removal_is_counted)
{
	static const char *const patterns[] = { "/usr/share/doc", "/**/*.a", "/unused",
						"/usr/**/x" };
	static const char *const files[] = {
		"usr/share/doc/p/x", "usr/share/doc/p/y", "usr/lib/l.a", "usr/lib/l.so", "l.a",
		"usr/x/x/x"
	};
	const struct tree_meta m = { .mode = 0644 };
	_cleanup_(tree_exclude_free) struct tree_exclude *x = NULL;
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		ck_ok(tree_add_file(t, files[i], &m, blob_new_str(""), NULL, &e));
	ck_ok(tree_exclude_new(patterns, ARRAY_SIZE(patterns), &x, &e));
	ck_assert(tree_exclude_test(x, "usr/share/doc"));
	ck_assert(!tree_exclude_test(x, "usr/share"));
	ck_ok(tree_exclude_apply(x, t, &e));
	ck_assert_uint_eq(tree_exclude_count(x, 0), 1 + 4);
	ck_assert_uint_eq(tree_exclude_count(x, 1), 2);
	ck_assert_uint_eq(tree_exclude_count(x, 2), 0);
	ck_assert_uint_eq(tree_exclude_count(x, 3), 3);
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/share"));
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/lib/l.so"));
	ck_assert_uint_eq(tree_count(t), 5);
}
END_TEST

TEST_MAIN("exclude", patterns_match, bad_patterns_are_refused, removal_is_counted)
