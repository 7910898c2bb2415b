/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"

static void users(struct fixture *f)
{
	fx_file(f, "etc/passwd",
		"root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/x\n_chrony:x:100:101::/:/x\n");
	fx_file(f, "etc/group",
		"root:x:0:\nadm:x:4:\nmail:x:8:\nutmp:x:43:\nmessagebus:x:997:\n_chrony:x:101:\n"
		"systemd-journal:x:999:\npolkitd:x:998:\n_ssh:x:102:\n");
}

START_TEST(base_files)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	users(&f);
	fx_package(&f, "base-files", NULL);
	fx_package(&f, "systemd", NULL);
	fx_file(&f, "usr/share/base-files/profile", "profile\n");
	fx_file(&f, "usr/share/base-files/dot.bashrc", "bashrc\n");
	fx_overlay_file(&f, "etc/motd", "mine\n");
	fx_file(&f, "usr/share/base-files/motd", "theirs\n");
	fx_file(&f, "usr/share/openssh/sshd_config", "not installed\n");
	fx_dir(&f, "var/run", 0755, 0, 0);
	fx_dir(&f, "var/lock", 01777, 0, 0);
	ck_ok(finish_configs(&f.p, &e));
	fx_expect_text(&f, "etc/profile", "profile\n");
	fx_expect_text(&f, "root/.bashrc", "bashrc\n");
	fx_expect_text(&f, "etc/motd", "mine\n");
	fx_expect_none(&f, "etc/ssh/sshd_config");
	fx_expect_link(&f, "var/run", "../run");
	fx_expect_link(&f, "var/lock", "../run/lock");
	fx_expect_mode(&f, "var/mail", 02775, 0, 8);
	fx_expect_mode(&f, "var/log/btmp", 0660, 0, 43);
	fx_expect_mode(&f, "var/log/journal", 02755, 0, 999);
	fx_expect_holds(&f, "etc/hosts", "127.0.0.1\tlocalhost\n");
	fx_done(&f);
	fx_init(&f);
	fx_package(&f, "base-files", NULL);
	ck_fails(finish_configs(&f.p, &e), -ENOENT, "root:root: no such user");
	fx_done(&f);
}
END_TEST

/* What nginx's and readline's scripts make when they are installed for the first time. */
START_TEST(first_install)
{
	static const char site[] = "etc/nginx/sites-enabled/default";
	struct fixture f;
	struct err e;

	fx_init(&f);
	users(&f);
	fx_package(&f, "nginx-common", NULL);
	fx_file(&f, "usr/share/nginx/html/index.html", "page\n");
	fx_file(&f, "usr/share/readline/inputrc", "not installed\n");
	fx_dir(&f, "var/log/nginx", 0755, 0, 0);
	ck_ok(finish_configs(&f.p, &e));
	ck_ok(finish_stat_overrides(&f.p, &e));
	fx_expect_text(&f, "var/www/html/index.nginx-debian.html", "page\n");
	fx_expect_link(&f, site, "/etc/nginx/sites-available/default");
	fx_expect_mode(&f, "var/log/nginx", 0755, 0, 4);
	fx_expect_mode(&f, "var/log/nginx/access.log", 0640, 33, 4);
	fx_expect_mode(&f, "var/log/nginx/error.log", 0640, 33, 4);
	fx_expect_none(&f, "etc/inputrc");
	fx_done(&f);

	fx_init(&f);
	fx_package(&f, "nginx-common", NULL);
	fx_package(&f, "readline-common", NULL);
	fx_file(&f, "usr/share/readline/inputrc", "set\n");
	fx_overlay_file(&f, site, "mine\n");
	ck_fails(finish_configs(&f.p, &e), -ENOENT, "www-data:adm: no such user");
	users(&f);
	ck_ok(finish_configs(&f.p, &e));
	fx_expect_text(&f, "etc/inputrc", "set\n");
	fx_expect_text(&f, site, "mine\n");
	fx_done(&f);
}
END_TEST

START_TEST(shells)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_link(&f, "bin", "usr/bin");
	fx_file(&f, "usr/bin/sh", "");
	fx_file(&f, "usr/share/debianutils/shells", "# /etc/shells: valid login shells\n/bin/sh\n");
	fx_file(&f, "usr/share/debianutils/shells.d/bash", "/bin/bash # x\n/usr/bin/bash \n");
	fx_file(&f, "usr/share/debianutils/shells.d/other", "/opt/other\n");
	ck_ok(finish_configs(&f.p, &e));
	fx_expect_holds(&f, "etc/shells",
			"# /etc/shells: valid login shells\n/bin/sh\n"
			"/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/opt/other\n");
	fx_done(&f);
}
END_TEST

START_TEST(apparmor)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "etc/apparmor.d/usr.bin.one", "profile\n");
	fx_file(&f, "etc/apparmor.d/usr.bin.two", "profile\n");
	fx_file(&f, "etc/apparmor.d/abstractions/base", "part of profiles\n");
	fx_overlay_file(&f, "etc/apparmor.d/local/usr.bin.two", "mine\n");
	ck_ok(finish_configs(&f.p, &e));
	fx_expect_text(&f, "etc/apparmor.d/local/usr.bin.one", "");
	fx_expect_text(&f, "etc/apparmor.d/local/usr.bin.two", "mine\n");
	fx_expect_none(&f, "etc/apparmor.d/local/base");
	fx_expect_none(&f, "etc/apparmor.d/local/abstractions");
	fx_done(&f);
}
END_TEST

START_TEST(compiled)
{
	static const char dir[] = "usr/share/glib-2.0/schemas";
	struct fixture f;
	struct err e;

	fx_init(&f);
	ck_ok(finish_compiled(&f.p, &e));
	fx_dir(&f, dir, 0755, 0, 0);
	ck_ok(finish_compiled(&f.p, &e));
	fx_file(&f, "usr/share/glib-2.0/schemas/a.gschema.xml", "<schemalist/>");
	ck_fails(finish_compiled(&f.p, &e), -EINVAL,
		 "/usr/share/glib-2.0/schemas/a.gschema.xml (from pkg) would have to be");
	fx_overlay_file(&f, "usr/share/glib-2.0/schemas/gschemas.compiled", "compiled");
	ck_ok(finish_compiled(&f.p, &e));
	fx_file(&f, "usr/lib/udev/hwdb.d/README", "");
	ck_ok(finish_compiled(&f.p, &e));
	fx_file(&f, "usr/lib/udev/hwdb.d/60-a.hwdb", "");
	ck_fails(finish_compiled(&f.p, &e), -EINVAL,
		 "or put /usr/lib/udev/hwdb.bin into the overlay");
	fx_done(&f);
}
END_TEST

START_TEST(etc_of_tmpfiles)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	users(&f);
	fx_dir(&f, "etc/credstore", 0755, 0, 0);
	fx_link(&f, "etc/mtab", "/proc/mounts");
	fx_link(&f, "etc/kept", "there");
	fx_file(&f, "usr/lib/tmpfiles.d/a.conf",
		"# comment\n"
		"d /etc/credstore 0700 root root\n"
		"d /etc/polkit-1/rules.d 0750 root polkitd - -\n"
		"d- /etc/plain :0711 - - -\n"
		"L+ /etc/mtab - - - - ../proc/self/mounts\n"
		"L$ /etc/kept - - - - elsewhere\n"
		"L /etc/new - - - - ../new\n"
		"f^ /etc/hosts - - - - network.hosts\n"
		"d /etc/%m 0755\n"
		"d %h/x\n"
		"d /run/x 0755 nobodyknows - -\n"
		"r! /etc/passwd.lock\n");
	ck_ok(finish_configs(&f.p, &e));
	fx_expect_mode(&f, "etc/credstore", 0700, 0, 0);
	fx_expect_mode(&f, "etc/polkit-1/rules.d", 0750, 0, 998);
	fx_expect_mode(&f, "etc/plain", 0711, 0, 0);
	fx_expect_link(&f, "etc/mtab", "../proc/self/mounts");
	fx_expect_link(&f, "etc/kept", "there");
	fx_expect_link(&f, "etc/new", "../new");
	fx_expect_none(&f, "etc/hosts");
	fx_expect_none(&f, "etc/%m");
	fx_expect_none(&f, "run");
	fx_overlay_file(&f, "usr/lib/tmpfiles.d/a.conf", "d /etc/x 0755 ghost\n");
	ck_fails(finish_configs(&f.p, &e), -ENOENT, "no user ghost");
	fx_overlay_file(&f, "usr/lib/tmpfiles.d/a.conf", "d /etc/x 0758\n");
	ck_fails(finish_configs(&f.p, &e), -EINVAL, "0758");
	fx_overlay_file(&f, "usr/lib/tmpfiles.d/a.conf", "\nd etc/x 0755\n");
	ck_fails(finish_configs(&f.p, &e), -EBADMSG, "a.conf:2");
	fx_overlay_file(&f, "usr/lib/tmpfiles.d/a.conf", "- /etc/x 0755\n");
	ck_fails(finish_configs(&f.p, &e), -EBADMSG, "a.conf:1: not a line of tmpfiles.d(5)");
	ck_assert_msg(str_has_suffix(e.msg, "; correct it there"), "%s", e.msg);
	fx_done(&f);
}
END_TEST

START_TEST(stat_overrides)
{
	struct fixture f;
	struct err e;
	static const char helper[] = "usr/lib/dbus-1.0/dbus-daemon-launch-helper";

	fx_init(&f);
	users(&f);
	fx_package(&f, "dbus", NULL);
	fx_package(&f, "openssh-client", NULL);
	fx_file(&f, helper, "x");
	fx_file(&f, "usr/bin/ssh-agent", "x");
	fx_file(&f, "etc/chrony/chrony.keys", "x");
	fx_package(&f, "fuse3", NULL);
	fx_file(&f, "usr/bin/fusermount3", "x");
	ck_ok(finish_stat_overrides(&f.p, &e));
	fx_expect_mode(&f, helper, 04754, 0, 997);
	fx_expect_mode(&f, "usr/bin/ssh-agent", 02755, 0, 102);
	fx_expect_mode(&f, "usr/bin/fusermount3", 04755, 0, 0);
	ck_assert(tree_is_file(tree_lookup(f.tree, helper)));
	fx_expect_mode(&f, "etc/chrony/chrony.keys", 0644, 0, 0);
	fx_package(&f, "tpm-udev", NULL);
	fx_dir(&f, "var/lib/tpm", 0755, 0, 0);
	ck_fails(finish_stat_overrides(&f.p, &e), -ENOENT, "tss:tss");
	fx_done(&f);
}
END_TEST

#define NSSWITCH                                                             \
	"# comment: files\n\npasswd:         files\nshadow:         files\n" \
	"hosts:          files dns\nservices:       db files\n"

START_TEST(nsswitch)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "usr/share/libc-bin/nsswitch.conf", NSSWITCH);
	ck_ok(finish_nsswitch(&f.p, &e));
	fx_expect_text(&f, "etc/nsswitch.conf", NSSWITCH);
	tree_remove(f.tree, tree_lookup(f.tree, "etc"));
	fx_package(&f, "libnss-myhostname", NULL);
	fx_package(&f, "libnss-mymachines", NULL);
	fx_package(&f, "libnss-resolve", NULL);
	fx_package(&f, "libnss-systemd", NULL);
	ck_ok(finish_nsswitch(&f.p, &e));
	fx_expect_text(&f, "etc/nsswitch.conf",
		       "# comment: files\n\npasswd:         files systemd\n"
		       "shadow:         files systemd\n"
		       "hosts:          files myhostname mymachines resolve [!UNAVAIL=return] dns\n"
		       "services:       db files\n");
	fx_overlay_file(&f, "etc/nsswitch.conf", "mine\n");
	ck_ok(finish_nsswitch(&f.p, &e));
	fx_expect_text(&f, "etc/nsswitch.conf", "mine\n");
	fx_done(&f);
}
END_TEST

TEST_MAIN("configs", base_files, first_install, shells, apparmor, compiled, etc_of_tmpfiles,
	  stat_overrides, nsswitch)
