/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>

#include "base/test/support.h"
#include "stage1/tree/overlay.h"

static void host_dir(const char *top, const char *path, mode_t mode)
{
	_cleanup_free_ char *p = str_printf("%s/%s", top, path);

	ck_assert_int_eq(mkdir(p, 0700), 0);
	ck_assert_int_eq(chmod(p, mode), 0);
}

static void host_file(const char *top, const char *path, mode_t mode, const char *text)
{
	_cleanup_free_ char *p = str_printf("%s/%s", top, path);
	FILE *f = fopen(p, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(p, mode), 0);
}

static void host_link(const char *top, const char *path, const char *target)
{
	_cleanup_free_ char *p = str_printf("%s/%s", top, path);

	ck_assert_int_eq(symlink(target, p), 0);
}

static struct tree *packages(void)
{
	const struct tree_meta m = { .mode = 0600, .uid = 5, .mtime = 3 };
	struct tree *t = tree_new();
	struct err e = { 0 };

	ck_ok(tree_add_dir(t, "etc", &(struct tree_meta){ .mode = 0750, .gid = 4 }, NULL, &e));
	ck_ok(tree_add_file(t, "etc/a", &m, blob_new_str("packages'"), NULL, &e));
	ck_ok(tree_add_file(t, "etc/b", &m, blob_new_str("packages'"), NULL, &e));
	ck_ok(tree_add_symlink(t, "bin", &m, "usr/bin", NULL, &e));
	ck_ok(tree_add_symlink(t, "var/run", &m, "/run", NULL, &e));
	ck_ok(tree_add_file(t, "usr/bin/tool", &m, blob_new_str(""), NULL, &e));
	return t;
}

START_TEST(files_go_over_the_packages)
{
	_cleanup_(tree_free) struct tree *t = packages();
	struct err e = { 0 };
	char *dir = test_dir();
	const struct tree_overlay_params p = { .dir = dir, .name = "overlay", .time = 1000 };

	host_dir(dir, "etc", 0700);
	host_file(dir, "etc/a", 0600, "ours");
	host_file(dir, "etc/.hidden", 0711, "x");
	host_dir(dir, "etc/new.d", 0777);
	host_file(dir, "etc/new.d/f", 0676, "");
	host_link(dir, "etc/b", "a");
	host_dir(dir, "bin", 0755);
	host_file(dir, "bin/tool", 0755, "merged");
	ck_ok(tree_overlay(t, &p, &e));
	const struct tree_node *a = tree_lookup(t, "etc/a"), *b = tree_lookup(t, "etc/b");
	ck_assert_uint_eq(a->inode->mode, S_IFREG | 0644);
	ck_assert_uint_eq(a->inode->uid, 0);
	ck_assert_int_eq(a->inode->mtime, 1000);
	ck_assert_int_eq(a->inode->origin->kind, TREE_ORIGIN_OVERLAY);
	ck_assert_str_eq(a->inode->origin->name, "overlay");
	ck_assert_mem_eq(a->inode->blob->data, "ours", 4);
	ck_assert(tree_is_symlink(b));
	ck_assert_str_eq(b->inode->target, "a");
	ck_assert_uint_eq(tree_lookup(t, "etc")->inode->mode, S_IFDIR | 0750);
	ck_assert_uint_eq(tree_lookup(t, "etc/.hidden")->inode->mode, S_IFREG | 0755);
	ck_assert_uint_eq(tree_lookup(t, "etc/new.d")->inode->mode, S_IFDIR | 0755);
	ck_assert_uint_eq(tree_lookup(t, "etc/new.d/f")->inode->mode, S_IFREG | 0644);
	ck_assert_uint_eq(tree_lookup(t, "usr/bin/tool")->inode->blob->len, 6);
	ck_assert(tree_is_symlink(tree_lookup(t, "bin")));
	test_dir_remove(dir);
}
END_TEST

START_TEST(clashes_are_errors)
{
	_cleanup_(tree_free) struct tree *t = packages();
	struct err e = { 0 };
	char *dir = test_dir();
	const struct tree_overlay_params p = { .dir = dir, .name = "overlay" };
	_cleanup_free_ char *etc = str_printf("%s/etc", dir), *pipe = str_printf("%s/p", dir);
	_cleanup_free_ char *var = str_printf("%s/var", dir), *run = str_printf("%s/var/run", dir);

	host_file(dir, "etc", 0644, "");
	ck_fails(tree_overlay(t, &p, &e), -EINVAL, "etc is a directory in the packages");
	ck_assert_int_eq(unlink(etc), 0);
	host_dir(dir, "var", 0755);
	host_dir(dir, "var/run", 0755);
	ck_fails(tree_overlay(t, &p, &e), -EINVAL, "var/run is a directory in the overlay and a");
	ck_assert_int_eq(rmdir(run), 0);
	ck_assert_int_eq(rmdir(var), 0);
	host_dir(dir, "etc", 0755);
	host_dir(dir, "etc/a", 0755);
	ck_fails(tree_overlay(t, &p, &e), -EINVAL, "etc/a is a directory in the overlay and none");
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	test_dir_remove(TAKE_PTR(etc));
	etc = NULL;
	ck_fails(tree_overlay(t, &p, &e), -EINVAL, "p is no regular file");
	test_dir_remove(dir);
	ck_fails(tree_overlay(t,
			      &(struct tree_overlay_params){ .dir = "/nonexistent", .name = "o" },
			      &e),
		 -ENOENT, "/nonexistent");
}
END_TEST

START_TEST(depth_has_a_limit)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct err e = { 0 };
	char *dir = test_dir(), path[2 * 65 + 1] = "";
	const struct tree_overlay_params p = { .dir = dir, .name = "overlay" };

	for (size_t i = 0; i < 65; i++) {
		strcat(path, i ? "/d" : "d");
		host_dir(dir, path, 0755);
	}
	ck_fails(tree_overlay(t, &p, &e), -EINVAL, "d/d: more than 64 directories deep");
	test_dir_remove(dir);
}
END_TEST

START_TEST(nothing_climbs_out)
{
	_cleanup_(tree_free) struct tree *t = packages();
	struct err e = { 0 };
	char *dir = test_dir();
	const struct tree_overlay_params p = { .dir = dir, .name = "overlay" };
	const struct tree_meta m = { 0 };
	_cleanup_free_ char *bin = str_printf("%s/bin", dir);

	/* Symlinks of the overlay are the image's: what they lead to on this machine is not read. */
	host_link(dir, "tmp", "/tmp");
	host_link(dir, "up", "../../..");
	host_link(dir, "circle", "circle");
	ck_ok(tree_overlay(t, &p, &e));
	ck_assert_str_eq(tree_lookup(t, "tmp")->inode->target, "/tmp");
	ck_assert_str_eq(tree_lookup(t, "up")->inode->target, "../../..");
	ck_assert_str_eq(tree_lookup(t, "circle")->inode->target, "circle");
	host_link(dir, "bin", "/tmp");
	ck_fails(
		tree_overlay(t, &p, &e), -EINVAL,
		"bin is a symlink to usr/bin in every image: only a directory of this name may be");
	ck_assert_int_eq(unlink(bin), 0);
	host_file(dir, "bin", 0755, "");
	ck_fails(tree_overlay(t, &p, &e), -EINVAL, "bin is a symlink to usr/bin");
	ck_assert_int_eq(unlink(bin), 0);
	ck_ok(tree_add_symlink(t, "loop", &m, "loop", NULL, &e));
	host_dir(dir, "loop", 0755);
	host_file(dir, "loop/x", 0644, "");
	ck_fails(
		tree_overlay(t, &p, &e), -EINVAL,
		"loop is a directory in the overlay and a symlink to loop in the packages: put its "
		"files there");
	ck_assert(str_has_prefix(e.msg, "overlay /"));
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("overlay", files_go_over_the_packages, clashes_are_errors, depth_has_a_limit,
	  nothing_climbs_out)
