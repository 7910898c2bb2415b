/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/reroot.h"

#include "base/test/support.h"

static const struct tree_meta plain = { .mode = 0644, .mtime = 7 };

static void add(struct tree *t, const char *path)
{
	struct err e = { 0 };

	ck_ok(tree_add_file(t, path, &plain, blob_new_str("x"), NULL, &e));
}

START_TEST(a_directory_becomes_the_root)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	add(t, "usr/bin/a");
	add(t, "usr/lib/b");
	add(t, "usr/usr/c");
	ck_ok(tree_add_dir(t, "usr", &(struct tree_meta){ .mode = 0711, .uid = 3 }, NULL, &e));
	ck_ok(tree_reroot(t, "usr", &e));
	ck_assert_ptr_nonnull(tree_lookup(t, "bin/a"));
	ck_assert_ptr_nonnull(tree_lookup(t, "lib/b"));
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/c"));
	ck_assert_ptr_null(tree_lookup(t, "usr/bin"));
	ck_assert_uint_eq(tree_root(t)->inode->mode, S_IFDIR | 0711);
	ck_assert_uint_eq(tree_root(t)->inode->uid, 3);
	ck_assert_uint_eq(tree_count(t), 7);
}
END_TEST

START_TEST(nothing_is_lost)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	add(t, "usr/bin/a");
	ck_fails(tree_reroot(t, "srv", &e), -ENOENT, "srv: no such directory in the tree");
	ck_fails(tree_reroot(t, "usr/bin/a", &e), -ENOTDIR, "usr/bin/a is not a directory");
	add(t, "etc/x");
	ck_fails(tree_reroot(t, "usr", &e), -ENOTEMPTY,
		 "etc lies outside of what becomes the root");
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/bin/a"));
	ck_ok(tree_reroot(t, "", &e));
	ck_assert_ptr_nonnull(tree_lookup(t, "etc/x"));
}
END_TEST

TEST_MAIN("reroot", a_directory_becomes_the_root, nothing_is_lost)
