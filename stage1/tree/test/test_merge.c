/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/test/fake_package.h"

START_TEST(entries_arrive_with_all_they_have)
{
	FAKE(a, "a", "1", NULL);
	_cleanup_(tree_free) struct tree *t = tree_new();
	char name[] = "security.capability", value[] = "\1\2";
	struct package_xattr x = { name, value, 2 };
	struct err e = { 0 };

	put(&a, S_IFDIR | 02750, "var/mail", NULL)->gid = 8;
	struct package_entry *n = put(&a, S_IFREG | 04755, "usr/bin/su", "su");
	n->uid = 1;
	n->xattrs = &x;
	n->n_xattrs = 1;
	put(&a, LINK_MODE, "usr/bin/sx", "su");
	put_link(&a, "usr/bin/su2", 1);
	ck_ok(merge1(t, &a, NULL, &e));
	const struct tree_node *su = tree_lookup(t, "usr/bin/su");
	ck_assert_uint_eq(su->inode->mode, S_IFREG | 04755);
	ck_assert_uint_eq(su->inode->uid, 1);
	ck_assert_int_eq(su->inode->mtime, 5);
	ck_assert_uint_eq(su->inode->nlink, 2);
	ck_assert_ptr_eq(tree_lookup(t, "usr/bin/su2")->inode, su->inode);
	ck_assert_uint_eq(tree_get_xattr(su, "security.capability")->len, 2);
	ck_assert_str_eq(su->inode->origin->name, "a");
	ck_assert_str_eq(su->inode->origin->version, "1");
	ck_assert_uint_eq(tree_lookup(t, "var/mail")->inode->gid, 8);
	ck_assert_int_eq(tree_lookup(t, "var")->inode->origin->kind, TREE_ORIGIN_NONE);
}
END_TEST

START_TEST(directories_are_shared)
{
	FAKE(a, "a", "1", NULL);
	FAKE(b, "b", "2", NULL);
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	put(&a, S_IFDIR | 0700, "srv", NULL);
	put(&a, FILE_MODE, "opt/a/x", "x");
	put(&a, LINK_MODE, "var/run", "/run");
	put(&a, DIR_MODE, "run", NULL);
	put(&b, S_IFDIR | 0755, "srv", NULL);
	put(&b, S_IFDIR | 0711, "opt/a", NULL);
	put(&b, DIR_MODE, "var/run", NULL);
	put(&b, FILE_MODE, "var/run/b", "b");
	ck_ok(merge2(t, &a, &b, NULL, &e));
	ck_assert_uint_eq(tree_lookup(t, "srv")->inode->mode, S_IFDIR | 0700);
	ck_assert_str_eq(tree_lookup(t, "srv")->inode->origin->name, "a");
	/* A directory that a only has files in is b's. */
	ck_assert_uint_eq(tree_lookup(t, "opt/a")->inode->mode, S_IFDIR | 0711);
	ck_assert_str_eq(tree_lookup(t, "opt/a")->inode->origin->name, "b");
	ck_assert(tree_is_symlink(tree_lookup(t, "var/run")));
	ck_assert_ptr_nonnull(tree_lookup(t, "run/b"));
}
END_TEST

START_TEST(usr_is_merged)
{
	FAKE(a, "a", "1", NULL);
	FAKE(b, "base-files", "2", NULL);
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	put(&a, DIR_MODE, "bin", NULL);
	put(&a, FILE_MODE, "bin/sh", "sh");
	put_link(&a, "sbin/sh", 1);
	put(&a, FILE_MODE, "lib64/ld.so", "ld");
	put(&a, FILE_MODE, "libexec/x", "x");
	put(&b, LINK_MODE, "bin", "usr/bin");
	put(&b, LINK_MODE, "lib64", "/usr/lib64");
	put(&b, FILE_MODE, "usr/bin/sh", "sh");
	ck_ok(merge2(t, &a, &b, NULL, &e));
	ck_assert(tree_is_file(tree_lookup(t, "usr/bin/sh")));
	ck_assert_uint_eq(tree_lookup(t, "usr/bin/sh")->inode->nlink, 2);
	ck_assert(tree_is_file(tree_lookup(t, "usr/sbin/sh")));
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/lib64/ld.so"));
	ck_assert_ptr_nonnull(tree_lookup(t, "libexec/x"));
	ck_assert_str_eq(tree_lookup(t, "bin")->inode->target, "usr/bin");
	ck_assert_str_eq(tree_lookup(t, "sbin")->inode->target, "usr/sbin");
	ck_assert_str_eq(tree_lookup(t, "bin")->inode->origin->name, "base-files");
	ck_assert_ptr_nonnull(tree_resolve(t, "lib64/ld.so"));
	FAKE(c, "c", "1", NULL);
	put(&c, LINK_MODE, "lib", "usr/share");
	ck_fails(merge1(t, &c, NULL, &e), -EEXIST, "package c 1: lib is neither");
	FAKE(d, "d", "1", NULL);
	put(&d, FILE_MODE, "usr/x", "1");
	put(&d, FILE_MODE, "lib/x", "1");
	put(&d, FILE_MODE, "usr/lib/x", "2");
	ck_fails(merge1(t, &d, NULL, &e), -EEXIST, "has usr/lib/x twice");
}
END_TEST

START_TEST(equal_files_are_kept_once)
{
	FAKE(a, "a", "1", NULL);
	FAKE(b, "b", "2", NULL);
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	put(&a, FILE_MODE, "usr/x", "same");
	put(&a, LINK_MODE, "usr/l", "x");
	put(&b, FILE_MODE, "usr/x", "same")->mtime = 77;
	put(&b, LINK_MODE, "usr/l", "x");
	put_link(&b, "usr/y", 0);
	ck_ok(merge2(t, &a, &b, NULL, &e));
	ck_assert_int_eq(tree_lookup(t, "usr/x")->inode->mtime, 5);
	ck_assert_str_eq(tree_lookup(t, "usr/x")->inode->origin->name, "a");
	ck_assert_ptr_eq(tree_lookup(t, "usr/y")->inode, tree_lookup(t, "usr/x")->inode);
}
END_TEST

START_TEST(conflicts_name_both)
{
	static const struct {
		uint32_t mode_a, mode_b;
		const char *a, *b, *says;
	} cases[] = {
		{ FILE_MODE, FILE_MODE, "1", "2", "different content" },
		{ FILE_MODE, S_IFREG | 0755, "1", "1", "another mode" },
		{ LINK_MODE, LINK_MODE, "1", "2", "another target" },
		{ FILE_MODE, LINK_MODE, "1", "2", "another type" },
		{ DIR_MODE, FILE_MODE, NULL, "2", "another type" },
		{ FILE_MODE, DIR_MODE, "1", NULL, "another type" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		FAKE(a, "aaa", "1.0", NULL);
		FAKE(b, "bbb", "2.0", NULL);
		put(&a, cases[i].mode_a, "usr/x", cases[i].a);
		put(&b, cases[i].mode_b, "usr/x", cases[i].b);
		ck_fails(merge2(t, &a, &b, NULL, &e), -EEXIST, cases[i].says);
		ck_assert(
			str_has_prefix(e.msg, "package bbb 2.0: usr/x is in package aaa 1.0 too"));
	}
}
END_TEST

/* Merges a and b, which both have a file, in either order; who has won? */
static const char *winner(const char *a_replaces, const char *b_replaces,
			  struct tree_merge_wins *wins, bool swap)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	FAKE(a, "a", "1.0", a_replaces);
	FAKE(b, "b", "2.0", b_replaces);
	struct err e = { 0 };

	put(&a, FILE_MODE, "usr/x", "of a");
	put_link(&a, "usr/a-link", 0);
	put(&b, FILE_MODE, "usr/x", "of b");
	put_link(&b, "usr/b-link", 0);
	if (merge2(t, swap ? &b : &a, swap ? &a : &b, wins, &e) < 0)
		return "none";
	/* Links have the content that their own package means. */
	ck_assert_mem_eq(tree_file_blob(t, "usr/a-link")->data, "of a", 4);
	ck_assert_mem_eq(tree_file_blob(t, "usr/b-link")->data, "of b", 4);
	return memcmp(tree_file_blob(t, "usr/x")->data, "of a", 4) == 0 ? "a" : "b";
}

START_TEST(replaces_and_rules_decide)
{
	for (int swap = 0; swap < 2; swap++) {
		ck_assert_str_eq(winner(NULL, NULL, NULL, swap), "none");
		ck_assert_str_eq(winner(NULL, "a", NULL, swap), "b");
		ck_assert_str_eq(winner("b", NULL, NULL, swap), "a");
		ck_assert_str_eq(winner(NULL, "x, a (<< 1.1)", NULL, swap), "b");
		ck_assert_str_eq(winner(NULL, "a (<< 1.0)", NULL, swap), "none");
		ck_assert_str_eq(winner("b", "a", NULL, swap), "none");
		ck_assert_str_eq(winner("b (<< 2)", "a (<= 1.0)", NULL, swap), "b");
		struct tree_merge_wins rule = { .path = "/usr/x", .package = "a" };
		ck_assert_str_eq(winner(NULL, "a", &rule, swap), "a");
		ck_assert_uint_eq(rule.used, 1);
		rule.package = "b";
		ck_assert_str_eq(winner(NULL, NULL, &rule, swap), "b");
		rule.package = "c";
		ck_assert_str_eq(winner(NULL, NULL, &rule, swap), "none");
		rule = (struct tree_merge_wins){ .path = "/usr/y", .package = "a" };
		ck_assert_str_eq(winner(NULL, NULL, &rule, swap), "none");
		ck_assert_uint_eq(rule.used, 0);
	}
}
END_TEST

START_TEST(what_is_left_out)
{
	static const char *const patterns[] = { "/usr/share/doc", "/usr/bin/[", "/bin/x" };
	_cleanup_(tree_exclude_free) struct tree_exclude *x = NULL;
	_cleanup_(tree_free) struct tree *t = tree_new();
	FAKE(a, "a", "1", NULL);
	struct err e = { 0 };

	put(&a, DIR_MODE, "usr/share/doc", NULL);
	put(&a, FILE_MODE, "usr/share/doc/x", "x");
	put(&a, FILE_MODE, "bin/[", "test");
	put_link(&a, "bin/test", 2);
	put_link(&a, "bin/test2", 2);
	ck_ok(tree_exclude_new(patterns, ARRAY_SIZE(patterns), &x, &e));
	ck_ok(merge1(t, &a, x, &e));
	ck_assert_ptr_null(tree_lookup(t, "usr/share"));
	ck_assert_ptr_null(tree_lookup(t, "usr/bin/["));
	/* The file goes, its other names stay. */
	ck_assert_uint_eq(tree_file_blob(t, "usr/bin/test")->len, 4);
	ck_assert_uint_eq(tree_lookup(t, "usr/bin/test2")->inode->nlink, 2);
	ck_assert_uint_eq(tree_exclude_count(x, 0), 2);
	ck_assert_uint_eq(tree_exclude_count(x, 1), 1);
	ck_assert_uint_eq(tree_exclude_count(x, 2), 0);
}
END_TEST

START_TEST(interrupted)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_(pool_free) struct pool *pool = NULL;
	FAKE(a, "a", "1", NULL);
	struct package *const packages[] = { &a.pkg };
	struct tree_merge_params p = { .packages = packages, .n_packages = 1 };
	struct err e = { 0 };

	put(&a, S_IFREG | 0644, "usr/bin/x", "x");
	ck_ok(pool_new(1, &pool, &e));
	p.cancel = pool;
	pool_cancel(pool);
	ck_fails(tree_merge_packages(t, &p, &e), -ECANCELED, "interrupted");
	ck_assert_ptr_null(tree_lookup(t, "usr/bin/x"));
}
END_TEST

TEST_MAIN("merge", interrupted, entries_arrive_with_all_they_have, directories_are_shared,
	  usr_is_merged, equal_files_are_kept_once, conflicts_name_both, replaces_and_rules_decide,
	  what_is_left_out)
