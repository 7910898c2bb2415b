/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages that do not fit together, or want out of the image: whole messages. */
#include "stage1/tree/test/fake_package.h"

/* One line, nothing before it and nothing behind it. */
#define ck_refused(call, code, message)           \
	do {                                      \
		ck_assert_int_eq(call, code);     \
		ck_assert_str_eq(e.msg, message); \
	} while (0)

START_TEST(through_symlinks_of_the_same_package)
{
	static const char *const targets[] = { "/etc", "../../../etc", "..", "b", "/nowhere" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		FAKE(a, "evil", "1", NULL);
		put(&a, DIR_MODE, "usr/b", NULL);
		put(&a, DIR_MODE, "etc", NULL);
		put(&a, LINK_MODE, "usr/a", targets[i]);
		put(&a, FILE_MODE, "usr/a/passwd", "x");
		_cleanup_free_ char *says = str_printf(
			"package evil 1: usr/a/passwd lies below usr/a, which the package has as a "
			"symlink to %s: no file may go through it",
			targets[i]);
		ck_refused(merge1(t, &a, NULL, &e), -EINVAL, says);
	}
	/* The other way round: the symlink comes last. */
	_cleanup_(tree_free) struct tree *t = tree_new();
	FAKE(a, "evil", "1", NULL);
	put(&a, FILE_MODE, "usr/a/passwd", "x");
	put(&a, LINK_MODE, "usr/a", "/etc");
	ck_refused(
		merge1(t, &a, NULL, &e), -EEXIST,
		"package evil 1: usr/a is a symlink here and a directory with files of evil: leave "
		"out one of them with remove:");
}
END_TEST

START_TEST(through_symlinks_of_another_package)
{
	static const struct {
		const char *target, *why;
	} cases[] = {
		{ "../../etc", "leads out of the root" },
		{ "/../etc", "leads out of the root" },
		{ "c/../../../etc", "leads out of the root" },
		{ "a", "leads to nothing or in a circle" },
		{ "b", "leads to nothing or in a circle" },
		{ "/nowhere", "leads to nothing or in a circle" },
		{ "file", "leads to no directory" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		FAKE(a, "first", "1", NULL);
		FAKE(b, "second", "2", NULL);
		put(&a, DIR_MODE, "etc", NULL);
		put(&a, DIR_MODE, "usr/c", NULL);
		put(&a, FILE_MODE, "usr/file", "");
		put(&a, LINK_MODE, "usr/b", "a");
		put(&a, LINK_MODE, "usr/a", cases[i].target);
		put(&b, FILE_MODE, "usr/a/deep/passwd", "x");
		_cleanup_free_ char *says = str_printf(
			"package second 2: usr/a/deep/passwd lies below usr/a, which is a symlink to "
			"%s in first that %s",
			cases[i].target, cases[i].why);
		ck_refused(merge2(t, &a, &b, NULL, &e), -EINVAL, says);
		ck_assert_ptr_null(tree_lookup(t, "etc/passwd"));
		ck_assert_ptr_null(tree_lookup(t, "etc/deep"));
	}
}
END_TEST

START_TEST(symlinks_that_stay_inside_are_followed)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	FAKE(a, "first", "1", NULL);
	FAKE(b, "second", "2", NULL);
	struct err e = { 0 };

	put(&a, DIR_MODE, "run", NULL);
	put(&a, LINK_MODE, "var/run", "../run");
	put(&a, LINK_MODE, "root", "/");
	put(&a, FILE_MODE, "usr/share/x", "");
	put(&b, FILE_MODE, "var/run/new/dir/file", "");
	put(&b, FILE_MODE, "root/bin/sh", "");
	put(&b, FILE_MODE, "root/var/run/there", "");
	ck_ok(merge2(t, &a, &b, NULL, &e));
	ck_assert_ptr_nonnull(tree_lookup(t, "run/new/dir/file"));
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/bin/sh"));
	ck_assert_str_eq(tree_lookup(t, "bin")->inode->target, "usr/bin");
	ck_assert_ptr_nonnull(tree_lookup(t, "run/there"));
	/* A name of the merged /usr stays what it is, whatever the way to it. */
	FAKE(c, "third", "3", NULL);
	put(&c, FILE_MODE, "root/sbin", "");
	ck_refused(merge1(t, &c, NULL, &e), -EEXIST,
		   "package third 3: sbin is neither a directory nor a symlink to usr/sbin");
}
END_TEST

START_TEST(paths_do_not_grow_without_end)
{
	static char deep[4001], below[4001];
	_cleanup_(tree_free) struct tree *t = tree_new();
	FAKE(a, "first", "1", NULL);
	FAKE(b, "second", "2", NULL);
	struct err e = { 0 };

	for (size_t i = 0; i < 4000; i++)
		deep[i] = below[i] = i % 200 == 199 ? '/' : 'd';
	deep[3999] = below[3999] = 'd';
	memcpy(below, "ddd/", 4);
	put(&a, DIR_MODE, deep, NULL);
	put(&a, LINK_MODE, "ddd", deep);
	put(&b, FILE_MODE, below, "");
	ck_assert_int_eq(merge2(t, &a, &b, NULL, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "a path of more than 4095 bytes, through symlinks"));
}
END_TEST

START_TEST(conflicts_say_what_to_write)
{
	static const struct {
		uint32_t mode_a, mode_b;
		const char *path_a, *path_b, *a, *b, *says;
	} cases[] = {
		{ FILE_MODE, FILE_MODE, "usr/x", "usr/x", "1", "2",
		  "usr/x is in package aaa 1.0 too, with different content: the recipe has to say which "
		  "of them wins, as prefer: [{path: /usr/x, package: bbb}]" },
		{ FILE_MODE, DIR_MODE, "usr/x", "usr/x", "1", NULL,
		  "usr/x is in package aaa 1.0 too, with another type: the recipe has to say which of "
		  "them wins, as prefer: [{path: /usr/x, package: bbb}]" },
		{ DIR_MODE, LINK_MODE, "usr/x", "usr/x", NULL, "y",
		  "usr/x is in package aaa 1.0 too, with another type: the recipe has to say which of "
		  "them wins, as prefer: [{path: /usr/x, package: bbb}]" },
		{ LINK_MODE, FILE_MODE, "usr/x", "usr/x", "y", "2",
		  "usr/x is in package aaa 1.0 too, with another type: the recipe has to say which of "
		  "them wins, as prefer: [{path: /usr/x, package: bbb}]" },
		{ FILE_MODE, FILE_MODE, "bin/x", "usr/bin/x", "1", "2",
		  "usr/bin/x is in package aaa 1.0 too (as bin/x), with different content: the recipe "
		  "has to say which of them wins, as prefer: [{path: /usr/bin/x, package: bbb}]" },
		{ FILE_MODE, FILE_MODE, "usr/lib/x", "lib/x", "1", "2",
		  "lib/x is in package aaa 1.0 too, with different content: the recipe has to say which "
		  "of them wins, as prefer: [{path: /usr/lib/x, package: bbb}]" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		FAKE(a, "aaa", "1.0", NULL);
		FAKE(b, "bbb", "2.0", NULL);
		put(&a, cases[i].mode_a, cases[i].path_a, cases[i].a);
		put(&b, cases[i].mode_b, cases[i].path_b, cases[i].b);
		_cleanup_free_ char *says = str_printf("package bbb 2.0: %s", cases[i].says);
		ck_refused(merge2(t, &a, &b, NULL, &e), -EEXIST, says);
	}
	_cleanup_(tree_free) struct tree *t = tree_new(), *u = tree_new();
	FAKE(c, "ccc", "3", NULL);
	FAKE(d, "ddd", "4", NULL);
	put(&c, FILE_MODE, "usr/x", "");
	put(&d, FILE_MODE, "usr/x/y/z", "");
	ck_refused(
		merge2(u, &c, &d, NULL, &e), -EEXIST,
		"package ddd 4: usr/x/y/z lies below usr/x, which is a file of ccc: leave out one of "
		"them with remove:");
	FAKE(a, "aaa", "1.0", "bbb");
	FAKE(b, "bbb", "2.0", "aaa");
	put(&a, FILE_MODE, "x", "1");
	put(&b, FILE_MODE, "x", "2");
	ck_fails(merge2(t, &a, &b, NULL, &e), -EEXIST,
		 "with different content, and each replaces the other: the recipe has to say");
}
END_TEST

/* Both orders: @what of package b against a file of a, where the recipe prefers @package. */
static int prefer(const char *package, uint32_t mode, struct err *e)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_merge_wins rule = { .path = "/bin/x", .package = package };
	FAKE(a, "aaa", "1.0", NULL);
	FAKE(b, "bbb", "2.0", NULL);

	put(&a, FILE_MODE, "usr/bin/x", "1");
	put(&b, mode, "bin/x", S_ISDIR(mode) ? NULL : "2");
	if (S_ISDIR(mode))
		put(&b, FILE_MODE, "bin/x/y", "");
	int r = merge2(t, &b, &a, &rule, e);
	if (r == 0)
		ck_assert_uint_eq(rule.used, 1);
	return r;
}

START_TEST(rules_that_cannot_be_followed)
{
	struct err e = { 0 };

	ck_ok(prefer("aaa", FILE_MODE, &e));
	ck_ok(prefer("bbb", FILE_MODE, &e));
	ck_refused(
		prefer("ccc", FILE_MODE, &e), -EINVAL,
		"package aaa 1.0: the recipe prefers /usr/bin/x of package ccc, which does not have "
		"it: bbb and aaa have");
	ck_ok(prefer("bbb", DIR_MODE, &e));
	ck_refused(
		prefer("aaa", DIR_MODE, &e), -EEXIST,
		"package aaa 1.0: usr/bin/x is a file here and a directory with files of bbb: leave "
		"out one of them with remove:");
}
END_TEST

START_TEST(devices_and_pipes)
{
	static const struct {
		uint32_t mode;
		const char *what;
	} cases[] = { { S_IFCHR, "device" }, { S_IFBLK, "device" }, { S_IFIFO, "named pipe" } };
	static const char *const pattern = "/usr/x";
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(tree_exclude_free) struct tree_exclude *x = NULL;
		_cleanup_(tree_free) struct tree *t = tree_new();
		FAKE(a, "a", "1", NULL);
		put(&a, cases[i].mode | 0666, "usr/x", NULL);
		_cleanup_free_ char *says = str_printf(
			"package a 1: usr/x is a %s, which an image does not carry: leave it out with "
			"remove: [{path: /usr/x, why: ...}]",
			cases[i].what);
		ck_refused(merge1(t, &a, NULL, &e), -EINVAL, says);
		ck_ok(tree_exclude_new(&pattern, 1, &x, &e));
		ck_ok(merge1(t, &a, x, &e));
	}
}
END_TEST

START_TEST(names_of_the_merged_usr)
{
	_cleanup_(tree_free) struct tree *t = tree_new(), *u = tree_new();
	struct err e = { 0 };
	FAKE(a, "a", "1", NULL);
	FAKE(b, "b", "1", NULL);
	FAKE(c, "c", "1", NULL);
	const struct tree_meta m = { .mode = 0644 };

	put(&a, LINK_MODE, "bin", "/tmp");
	ck_refused(merge1(t, &a, NULL, &e), -EEXIST,
		   "package a 1: bin is neither a directory nor a symlink to usr/bin");
	put(&b, FILE_MODE, "lib64", "");
	ck_refused(merge1(t, &b, NULL, &e), -EEXIST,
		   "package b 1: lib64 is neither a directory nor a symlink to usr/lib64");
	ck_ok(tree_add_file(u, "sbin", &m, blob_new_str(""), NULL, &e));
	put(&c, FILE_MODE, "sbin/x", "");
	ck_refused(merge1(u, &c, NULL, &e), -EEXIST, "package c 1: sbin is no symlink to usr/sbin");
	/* What is in the tree before any package. */
	ck_ok(tree_add_file(
		t, "usr/y",
		&(struct tree_meta){ .origin = tree_add_origin(t, TREE_ORIGIN_OVERLAY, "o", NULL) },
		blob_new_str("1"), NULL, &e));
	FAKE(d, "d", "1", NULL);
	put(&d, FILE_MODE, "usr/y", "2");
	ck_refused(merge1(t, &d, NULL, &e), -EEXIST,
		   "package d 1: usr/y is in the tree already, and not from a package");
}
END_TEST

TEST_MAIN("merge_bad", through_symlinks_of_the_same_package, through_symlinks_of_another_package,
	  symlinks_that_stay_inside_are_followed, paths_do_not_grow_without_end,
	  conflicts_say_what_to_write, rules_that_cannot_be_followed, devices_and_pipes,
	  names_of_the_merged_usr)
