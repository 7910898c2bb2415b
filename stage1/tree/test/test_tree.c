/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "stage1/tree/tree.h"

static const struct tree_meta plain = { .mode = 0644, .mtime = 7 };

static void add(struct tree *t, const char *path, const char *content)
{
	struct err e = { 0 };

	ck_ok(tree_add_file(t, path, &plain, blob_new_str(content), NULL, &e));
}

static void link_to(struct tree *t, const char *path, const char *target)
{
	struct err e = { 0 };

	ck_ok(tree_add_symlink(t, path, &plain, target, NULL, &e));
}

START_TEST(children_are_in_byte_order)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	static const char *const names[] = { "b", "a", "a.b", "a-b", "ab", "B", "\xc3\xa9", "~" };
	static const char *const want[] = { "B", "a", "a-b", "a.b", "ab", "b", "~", "\xc3\xa9" };
	struct tree_node *child;
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(names); k++)
		add(t, names[k], "");
	tree_for_each_child (tree_root(t), child)
		ck_assert_str_eq(child->name, want[i++]);
	ck_assert_uint_eq(i, ARRAY_SIZE(want));
	for (size_t k = 0; k < 1000; k++) {
		char name[16];
		snprintf(name, sizeof(name), "n/%zu", k * 7919 % 1000);
		add(t, name, "");
	}
	const struct tree_node *dir = tree_lookup(t, "n");
	ck_assert_uint_eq(dir->n_children, 1000);
	for (size_t k = 1; k < dir->n_children; k++)
		ck_assert_int_lt(strcmp(dir->children[k - 1]->name, dir->children[k]->name), 0);
	ck_assert_uint_eq(tree_count(t), 1 + ARRAY_SIZE(names) + 1 + 1000);
}
END_TEST

START_TEST(paths)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };
	char name[260];

	add(t, "/usr//bin/env", "x");
	struct tree_node *n = tree_lookup(t, "usr/bin/env");
	ck_assert_ptr_nonnull(n);
	ck_assert_ptr_eq(tree_lookup(t, "/usr/bin//env/"), n);
	ck_assert_ptr_null(tree_lookup(t, "usr/bin/env/x"));
	ck_assert_ptr_null(tree_lookup(t, "usr/bin/en"));
	ck_assert_ptr_null(tree_lookup(t, "usr/bin/../bin"));
	ck_assert_ptr_eq(tree_lookup(t, ""), tree_root(t));
	_cleanup_free_ char *path = tree_path(n), *root = tree_path(tree_root(t));
	ck_assert_str_eq(path, "usr/bin/env");
	ck_assert_str_eq(root, "");
	static const char *const bad[] = { "", "/", ".", "..", "a/./b", "a/../b", "a/.." };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_fails(tree_add_file(t, bad[i], &plain, blob_new_str(""), NULL, &e), -EINVAL,
			 "not a path");
	memset(name, 'n', 256);
	name[256] = '\0';
	ck_fails(tree_add_file(t, name, &plain, blob_new_str(""), NULL, &e), -EINVAL, "not a path");
	name[255] = '\0';
	add(t, name, "");
	ck_fails(tree_add_file(t, "usr/bin/env/x", &plain, blob_new_str(""), NULL, &e), -ENOTDIR,
		 "usr/bin/env is not a directory");
	ck_fails(tree_add_file(t, "usr/bin", &plain, blob_new_str(""), NULL, &e), -EEXIST,
		 "exists already");
	ck_fails(tree_add_symlink(t, "usr/bin/env", &plain, "x", NULL, &e), -EEXIST, "exists");
	ck_fails(tree_add_dir(t, "usr/bin/env", &plain, NULL, &e), -EEXIST, "not a directory");
	ck_fails(tree_add_file(t, "x", &plain, NULL, NULL, &e), -ENOMEM, "");
}
END_TEST

START_TEST(parents_and_directories)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };
	const struct tree_origin *o = tree_add_origin(t, TREE_ORIGIN_PACKAGE, "p", "1");
	const struct tree_meta m = {
		.mode = S_IFDIR | 02755, .uid = 1, .gid = 2, .mtime = 9, .origin = o
	};
	struct tree_node *n = NULL;

	ck_assert_ptr_eq(tree_add_origin(t, TREE_ORIGIN_PACKAGE, "p", "1"), o);
	ck_assert_ptr_ne(tree_add_origin(t, TREE_ORIGIN_PACKAGE, "p", "2"), o);
	ck_assert_ptr_ne(tree_add_origin(t, TREE_ORIGIN_PACKAGE, "p", NULL), o);
	add(t, "a/b/c", "");
	ck_assert_uint_eq(tree_lookup(t, "a/b")->inode->mode, S_IFDIR | 0755);
	ck_assert_int_eq(tree_lookup(t, "a")->inode->mtime, 7);
	ck_assert_int_eq(tree_lookup(t, "a")->inode->origin->kind, TREE_ORIGIN_NONE);
	ck_ok(tree_add_dir(t, "a/b", &m, &n, &e));
	ck_assert_ptr_eq(n, tree_lookup(t, "a/b"));
	ck_assert_uint_eq(n->inode->mode, S_IFDIR | 02755);
	ck_assert_uint_eq(n->inode->uid, 1);
	ck_assert_uint_eq(n->inode->gid, 2);
	ck_assert_ptr_eq(n->inode->origin, o);
	ck_assert_uint_eq(n->n_children, 1);
	ck_assert_uint_eq(n->inode->nlink, 1);
	ck_ok(tree_add_special(t, "dev/x", &(struct tree_meta){ .mode = S_IFCHR | 0600 }, 5, 1, &n,
			       &e));
	ck_assert_uint_eq(n->inode->mode, S_IFCHR | 0600);
	ck_assert_uint_eq(n->inode->rdev_major, 5);
}
END_TEST

START_TEST(hard_links_share_an_inode)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };
	struct tree_node *n = NULL;

	add(t, "a", "content");
	struct tree_node *a = tree_lookup(t, "a");
	ck_ok(tree_add_link(t, "d/b", a, &n, &e));
	ck_assert_ptr_eq(n->inode, a->inode);
	ck_assert_uint_eq(n->inode->nlink, 2);
	ck_fails(tree_add_link(t, "d/b", a, NULL, &e), -EEXIST, "exists");
	ck_fails(tree_add_link(t, "a/b", a, NULL, &e), -ENOTDIR, "not a directory");
	ck_assert_uint_eq(a->inode->nlink, 2);
	tree_remove(t, a);
	ck_assert_uint_eq(n->inode->nlink, 1);
	ck_assert_uint_eq(tree_file_blob(t, "d/b")->len, 7);
	tree_remove(t, tree_lookup(t, "d"));
	ck_assert_uint_eq(tree_count(t), 1);
}
END_TEST

START_TEST(symlinks_resolve_inside_the_tree)
{
	_cleanup_(tree_free) struct tree *t = tree_new();

	add(t, "usr/lib/os-release", "x");
	link_to(t, "lib", "usr/lib");
	link_to(t, "etc/os-release", "../usr/lib/os-release");
	link_to(t, "abs", "/lib/./os-release");
	link_to(t, "out", "../../../usr");
	link_to(t, "loop", "loop");
	link_to(t, "a", "b");
	link_to(t, "b", "a/x");
	link_to(t, "dangling", "nowhere");
	struct tree_node *n = tree_lookup(t, "usr/lib/os-release");
	ck_assert_ptr_eq(tree_resolve(t, "lib/os-release"), n);
	ck_assert_ptr_eq(tree_resolve(t, "etc/os-release"), n);
	ck_assert_ptr_eq(tree_resolve(t, "/abs"), n);
	ck_assert_ptr_eq(tree_resolve(t, "out/lib/os-release"), n);
	ck_assert_ptr_eq(tree_resolve(t, ""), tree_root(t));
	ck_assert_ptr_null(tree_resolve(t, "loop"));
	ck_assert_ptr_null(tree_resolve(t, "a"));
	ck_assert_ptr_null(tree_resolve(t, "dangling"));
	ck_assert_ptr_null(tree_resolve(t, "abs/x"));
	ck_assert_ptr_nonnull(tree_file_blob(t, "etc/os-release"));
	ck_assert_ptr_null(tree_file_blob(t, "lib"));
	ck_assert(tree_is_symlink(tree_lookup(t, "lib")));
	/* 40 are followed, 41 are not. */
	link_to(t, "l0", "usr");
	for (int i = 1; i <= 41; i++) {
		char name[8], target[8];
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		link_to(t, name, target);
	}
	ck_assert_ptr_nonnull(tree_resolve(t, "l39"));
	ck_assert_ptr_null(tree_resolve(t, "l40"));
}
END_TEST

START_TEST(putting_replaces)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	add(t, "a", "old");
	add(t, "d/x", "");
	ck_ok(tree_put_file(t, "a", &plain, blob_new_str("newer"), NULL, &e));
	ck_assert_uint_eq(tree_file_blob(t, "a")->len, 5);
	ck_ok(tree_put_symlink(t, "a", &plain, "d/x", NULL, &e));
	ck_assert(tree_is_symlink(tree_lookup(t, "a")));
	/* The link is replaced, not what it points to. */
	ck_ok(tree_put_file(t, "a", &plain, blob_new_str("file"), NULL, &e));
	ck_assert_uint_eq(tree_file_blob(t, "d/x")->len, 0);
	ck_fails(tree_put_file(t, "d", &plain, blob_new_str(""), NULL, &e), -EISDIR, "not empty");
	ck_fails(tree_put_symlink(t, "d", &plain, "x", NULL, &e), -EISDIR, "not empty");
	tree_remove(t, tree_lookup(t, "d/x"));
	ck_ok(tree_put_file(t, "d", &plain, blob_new_str(""), NULL, &e));
}
END_TEST

START_TEST(moving)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };

	add(t, "etc/a/b", "x");
	add(t, "etc/z", "z");
	struct tree_node *n = tree_lookup(t, "etc/a");
	size_t count = tree_count(t);
	ck_fails(tree_move(t, n, "etc/z", &e), -EEXIST, "exists");
	ck_fails(tree_move(t, n, "etc/a/b/c", &e), -ENOTDIR, "not a directory");
	ck_fails(tree_move(t, n, "etc/a/c", &e), -EINVAL, "inside");
	ck_fails(tree_move(t, n, "..", &e), -EINVAL, "not a path");
	ck_assert_ptr_eq(tree_lookup(t, "etc/a"), n);
	ck_ok(tree_move(t, n, "usr/share/factory/etc/a", &e));
	ck_assert_ptr_eq(tree_lookup(t, "usr/share/factory/etc/a"), n);
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/share/factory/etc/a/b"));
	ck_assert_ptr_null(tree_lookup(t, "etc/a"));
	ck_assert_uint_eq(tree_count(t), count + 4);
	ck_ok(tree_move(t, n, "usr/0", &e));
	ck_assert_str_eq(tree_lookup(t, "usr")->children[0]->name, "0");
}
END_TEST

START_TEST(xattrs_are_sorted)
{
	_cleanup_(tree_free) struct tree *t = tree_new();

	add(t, "a", "");
	struct tree_node *n = tree_lookup(t, "a");
	ck_assert_int_eq(tree_set_xattr(n, "user.b", "2", 1), 0);
	ck_assert_int_eq(tree_set_xattr(n, "user.a", "\0x", 2), 0);
	ck_assert_int_eq(tree_set_xattr(n, "user.c", "", 0), 0);
	ck_assert_int_eq(tree_set_xattr(n, "user.b", "22", 2), 0);
	ck_assert_uint_eq(n->inode->n_xattrs, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(n->inode->xattrs[i].name[5], (char)('a' + i));
	ck_assert_mem_eq(tree_get_xattr(n, "user.a")->value, "\0x", 2);
	ck_assert_uint_eq(tree_get_xattr(n, "user.b")->len, 2);
	ck_assert_uint_eq(tree_get_xattr(n, "user.c")->len, 0);
	ck_assert_ptr_null(tree_get_xattr(n, "user.d"));
}
END_TEST

static int collect(struct tree_node *n, void *ctx, struct err *e)
{
	_cleanup_free_ char *path = tree_path(n);
	char *all = ctx;

	strcat(all, path);
	strcat(all, ";");
	return str_eq(path, "stop") ? err_set(e, -ECANCELED, "stopped") : 0;
}

START_TEST(walks_are_in_order)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	char all[256] = "";
	struct err e = { 0 };

	add(t, "b/y", "");
	add(t, "b/x/1", "");
	add(t, "a", "");
	ck_ok(tree_walk(tree_root(t), collect, all, &e));
	ck_assert_str_eq(all, ";a;b;b/x;b/x/1;b/y;");
	add(t, "stop", "");
	add(t, "z", "");
	all[0] = '\0';
	ck_fails(tree_walk(tree_root(t), collect, all, &e), -ECANCELED, "stopped");
	ck_assert_str_eq(all, ";a;b;b/x;b/x/1;b/y;stop;");
}
END_TEST

START_TEST(blame)
{
	static const struct {
		enum tree_origin_kind kind;
		const char *name, *version, *want;
		int r;
	} cases[] = {
		{ TREE_ORIGIN_PACKAGE, "p", "1",
		  "package p 1: f:1: odd; leave the file out with remove:, or replace it with one "
		  "of the overlay",
		  -EBADMSG },
		{ TREE_ORIGIN_OVERLAY, "/o", NULL, "overlay /o: f:1: odd; correct it there",
		  -EINVAL },
		{ TREE_ORIGIN_FINISHER, "units", NULL, "f:1: odd", -EINVAL },
		{ TREE_ORIGIN_PACKAGE, "p", "1", "f:1: odd", -ENOMEM },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		struct tree_meta m = plain;
		m.origin = tree_add_origin(t, cases[i].kind, cases[i].name, cases[i].version);
		ck_ok(tree_add_file(t, "f", &m, blob_new_str(""), NULL, &e));
		int r = err_set(&e, cases[i].r, "f:1: odd");
		ck_assert_int_eq(tree_blame(tree_lookup(t, "f"), r, &e), cases[i].r);
		ck_assert_str_eq(e.msg, cases[i].want);
	}
}
END_TEST

TEST_MAIN("tree", blame, children_are_in_byte_order, paths, parents_and_directories,
	  hard_links_share_an_inode, symlinks_resolve_inside_the_tree, putting_replaces, moving,
	  xattrs_are_sorted, walks_are_in_order)
