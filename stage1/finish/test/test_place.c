/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/place.h"
#include "stage1/finish/test/fixture.h"
#include "stage1/tree/reroot.h"

#define VAR  "usr/lib/tmpfiles.d/slipway-var.conf"
#define ROOT "usr/lib/tmpfiles.d/slipway-root.conf"

static void system_tree(struct fixture *f)
{
	fx_init(f);
	fx_link(f, "bin", "usr/bin");
	fx_link(f, "lib64", "usr/lib64");
	fx_file(f, "usr/bin/sh", "x");
	fx_file(f, "etc/hosts", "127.0.0.1 localhost\n");
	fx_file(f, "usr/share/factory/etc/issue", "old\n");
	fx_dir(f, "proc", 0755, 0, 0);
	fx_dir(f, "tmp", 01777, 0, 0);
	fx_dir(f, "home", 0755, 0, 0);
	fx_dir(f, "srv", 0750, 0, 33);
	fx_dir(f, "var/lib/app", 0700, 998, 997);
	fx_dir(f, "var/lib/a%b \"c", 0755, 0, 0);
	fx_dir(f, "var/log", 0755, 0, 0);
	fx_file(f, "var/lib/app/state", "content\n");
	fx_file(f, "var/log/wtmp", "");
	fx_link(f, "var/spool/mail", "../mail");
	fx_file(f, "root/.bashrc", "PS1=\n");
	fx_dir(f, "root", 0700, 0, 0);
	fx_file(f, "usr/lib/tmpfiles.d/home.conf", "Q /home 0755 - - -\nd /var/log\nx /srv\n");
}

START_TEST(places)
{
	struct fixture f;
	struct err e;

	system_tree(&f);
	ck_ok(finish_place(&f.p, &e));
	fx_expect_text(&f, "usr/share/factory/etc/hosts", "127.0.0.1 localhost\n");
	fx_expect_none(&f, "usr/share/factory/etc/issue");
	fx_expect_text(&f, "usr/share/factory/var/lib/app/state", "content\n");
	fx_expect_text(&f, "usr/share/factory/root/.bashrc", "PS1=\n");
	fx_expect_text(&f, VAR,
		       "# What packages have outside of /usr; made when the image was built.\n"
		       "d /var 0755 root root -\n"
		       "d /var/lib 0755 root root -\n"
		       "d \"/var/lib/a%%b \\\"c\" 0755 root root -\n"
		       "d /var/lib/app 0700 998 997 -\n"
		       "C /var/lib/app/state 0644 root root -\n"
		       "f /var/log/wtmp 0644 root root -\n"
		       "d /var/spool 0755 root root -\n"
		       "L /var/spool/mail - - - - ../mail\n");
	fx_expect_text(&f, ROOT,
		       "# What packages have outside of /usr; made when the image was built.\n"
		       "d /root 0700 root root -\n"
		       "C /root/.bashrc 0644 root root -\n"
		       "d /srv 0750 root 33 -\n");
	ck_assert_uint_eq(tree_root(f.tree)->n_children, 1);
	ck_ok(tree_reroot(f.tree, "usr", &e));
	fx_expect_text(&f, "bin/sh", "x");
	fx_expect_none(&f, "usr");
	fx_done(&f);
}
END_TEST

static void no_place(const char *path, const char *want)
{
	struct fixture f;
	struct err e;

	system_tree(&f);
	fx_file(&f, path, "x");
	ck_fails(finish_place(&f.p, &e), -EINVAL, want);
	fx_done(&f);
}

START_TEST(no_places)
{
	struct fixture f;
	struct err e;

	no_place("opt/vendor/bin/tool", "/opt/vendor/bin/tool (from package pkg)");
	no_place("data/x", "/data (from package pkg)");
	no_place("run/x", "/run/x (from package pkg)");
	no_place("boot/x", "/boot/x (from package pkg)");
	no_place("var/a\nb", "a control character");
	no_place("etc/machine-id", "/etc/machine-id (from package pkg)");
	system_tree(&f);
	ck_assert_int_eq(tree_set_xattr(tree_lookup(f.tree, "var/lib/app"), "user.x", "1", 1), 0);
	ck_fails(finish_place(&f.p, &e), -EINVAL, "/var/lib/app (from package pkg): extended");
	fx_done(&f);
	fx_init(&f);
	fx_dir(&f, "lib", 0755, 0, 0);
	ck_fails(finish_place(&f.p, &e), -EINVAL, "/lib (from package pkg): should be a symlink");
	fx_done(&f);
}
END_TEST

/* systemd-tmpfiles makes of our lines what was in the tree. */
START_TEST(like_systemd_tmpfiles)
{
	struct fixture f;
	struct err e;
	_cleanup_buf_ struct buf diag = BUF_INIT;
	int status;

	if (!test_has_program("systemd-tmpfiles"))
		test_skip("systemd-tmpfiles is not here");
	if (geteuid() != 0)
		test_skip("systemd-tmpfiles gives files away only as root");
	system_tree(&f);
	ck_ok(finish_place(&f.p, &e));
	char *dir = fx_write(&f);
	_cleanup_free_ char *root = str_printf("--root=%s", dir);
	const char *const argv[] = { "systemd-tmpfiles", root, "--create", NULL };
	ck_ok(run_program(&(struct run_params){ .argv = argv, .diag = &diag }, &status, &e));
	ck_assert_msg(status == 0 && diag.len == 0, "%s", buf_str(&diag));
	_cleanup_free_ char *state = fx_disk_text(dir, "var/lib/app/state");
	_cleanup_free_ char *bashrc = fx_disk_text(dir, "root/.bashrc");
	ck_assert_str_eq(state, "content\n");
	ck_assert_str_eq(bashrc, "PS1=\n");
	_cleanup_free_ char *app = str_printf("%s/var/lib/app", dir);
	_cleanup_free_ char *odd = str_printf("%s/var/lib/a%%b \"c", dir);
	_cleanup_free_ char *mail = str_printf("%s/var/spool/mail", dir);
	struct stat st;
	ck_assert_int_eq(stat(app, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_uint_eq(st.st_uid, 998);
	ck_assert_uint_eq(st.st_gid, 997);
	ck_assert_int_eq(stat(odd, &st), 0);
	ck_assert_int_eq(lstat(mail, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	test_dir_remove(dir);
	fx_done(&f);
}
END_TEST

START_TEST(boot)
{
	struct fixture f;
	struct err e;
	struct blob *kernel = NULL;
	const struct tree_origin *origin = NULL;
	char *version = NULL;

	fx_init(&f);
	ck_fails(finish_take_boot(f.tree, &kernel, &version, &origin, &e), -ENOENT,
		 "no package brings a kernel (boot/vmlinuz-*): name one");
	fx_file(&f, "boot/System.map-6.12-cloud", "symbols");
	fx_file(&f, "boot/config-6.12-cloud", "CONFIG_X=y\n");
	ck_fails(finish_take_boot(f.tree, &kernel, &version, &origin, &e), -ENOENT,
		 "no package brings a kernel (boot/vmlinuz-*): name one");
	fx_file(&f, "boot/vmlinuz-6.12-cloud", "MZ");
	fx_dir(&f, "usr/lib/modules/6.12-cloud", 0755, 0, 0);
	ck_ok(finish_take_boot(f.tree, &kernel, &version, &origin, &e));
	ck_assert_str_eq(version, "6.12-cloud");
	ck_assert_uint_eq(kernel->len, 2);
	ck_assert_int_eq(origin->kind, TREE_ORIGIN_PACKAGE);
	fx_expect_text(&f, "usr/lib/modules/6.12-cloud/config", "CONFIG_X=y\n");
	ck_assert_uint_eq(tree_lookup(f.tree, "boot")->n_children, 0);
	blob_unref(kernel);
	free(version);
	fx_file(&f, "boot/vmlinuz-1", "MZ");
	fx_file(&f, "boot/vmlinuz-2", "MZ");
	ck_fails(finish_take_boot(f.tree, &kernel, &version, &origin, &e), -EEXIST, "vmlinuz-2");
	fx_done(&f);
	fx_init(&f);
	fx_file(&f, "boot/vmlinuz-1", "MZ");
	fx_file(&f, "boot/grub", "x");
	ck_fails(finish_take_boot(f.tree, &kernel, &version, &origin, &e), -EEXIST, "boot/grub");
	fx_done(&f);
}
END_TEST

START_TEST(reroot)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "usr/share/usr/x", "1");
	fx_file(&f, "usr/share/.root-0", "2");
	fx_dir(&f, "usr/share", 0751, 3, 4);
	ck_ok(tree_set_xattr(tree_lookup(f.tree, "usr/share"), "user.a", "b", 1));
	size_t n = tree_count(f.tree);
	ck_fails(tree_reroot(f.tree, "usr/none", &e), -ENOENT, "usr/none");
	ck_fails(tree_reroot(f.tree, "usr/share/usr/x", &e), -ENOTDIR, "usr/share/usr/x");
	ck_fails(tree_reroot(f.tree, "usr/share/usr", &e), -ENOTEMPTY, "usr/share/.root-0");
	ck_ok(tree_reroot(f.tree, "usr/share", &e));
	fx_expect_text(&f, "usr/x", "1");
	fx_expect_text(&f, ".root-0", "2");
	const struct tree_inode *i = tree_root(f.tree)->inode;
	ck_assert_uint_eq(i->mode, S_IFDIR | 0751);
	ck_assert_uint_eq(i->uid, 3);
	ck_assert_uint_eq(i->n_xattrs, 1);
	ck_assert_uint_eq(tree_count(f.tree), n - 2);
	ck_ok(tree_reroot(f.tree, "", &e));
	fx_done(&f);
}
END_TEST

TEST_MAIN("place", places, no_places, like_systemd_tmpfiles, boot, reroot)
