/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/sysusers.h"
#include "stage1/finish/test/fixture.h"

#define PASSWD_MASTER                                       \
	"root:*:0:0:root:/root:/bin/bash\n"                 \
	"daemon:*:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n" \
	"nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
#define GROUP_MASTER     \
	"root:*:0:\n"    \
	"daemon:*:1:\n"  \
	"adm:*:4:\n"     \
	"shadow:*:42:\n" \
	"nogroup:*:65534:\n"

static void masters(struct fixture *f)
{
	fx_init(f);
	fx_file(f, "usr/share/base-passwd/passwd.master", PASSWD_MASTER);
	fx_file(f, "usr/share/base-passwd/group.master", GROUP_MASTER);
}

/* As lock and build: ids first, then the users. */
static int finish(const struct fixture *f, struct err *e)
{
	static const struct ids none = IDS_INIT;
	_cleanup_ids_ struct ids ids = IDS_INIT;
	struct finish_params p = f->p;

	p.ids = &ids;
	int r = finish_user_ids(&p, &none, &ids, e);
	return r < 0 ? r : finish_users(&p, e);
}

START_TEST(base_passwd)
{
	struct fixture f;
	struct err e;

	masters(&f);
	ck_ok(finish(&f, &e));
	fx_expect_text(&f, "etc/passwd",
		       "root:x:0:0:root:/root:/bin/bash\n"
		       "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
		       "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
	fx_expect_text(&f, "etc/shadow",
		       "root:!*:20254:0:99999:7:::\n"
		       "daemon:*:20254:0:99999:7:::\n"
		       "nobody:*:20254:0:99999:7:::\n");
	fx_expect_text(&f, "etc/group",
		       "root:x:0:\ndaemon:x:1:\nadm:x:4:\nshadow:x:42:\nnogroup:x:65534:\n");
	fx_expect_text(&f, "etc/gshadow",
		       "root:*::\ndaemon:*::\nadm:*::\nshadow:*::\nnogroup:*::\n");
	fx_expect_text(&f, "etc/subuid", "");
	fx_expect_text(&f, "etc/subgid", "");
	fx_expect_mode(&f, "etc/passwd", 0644, 0, 0);
	fx_expect_mode(&f, "etc/shadow", 0640, 0, 42);
	fx_expect_mode(&f, "etc/gshadow", 0640, 0, 42);
	ck_assert_int_eq(tree_lookup(f.tree, "etc/passwd")->inode->mtime, FX_TIME);
	fx_done(&f);
}
END_TEST

/* Two users as trixie has them, and what systemd 257 makes of u! (locked: expired on day 1). */
START_TEST(locked_users)
{
	struct fixture f;
	struct err e;

	masters(&f);
	fx_file(&f, "usr/lib/sysusers.d/dbus.conf",
		"# Type Name ID GECOS Home\n\nu messagebus - \"System Message Bus\" /nonexistent\n");
	fx_file(&f, "usr/lib/sysusers.d/network.conf",
		"u! systemd-network - \"systemd Network Management\"\n");
	fx_file(&f, "usr/lib/sysusers.d/openssh-server.conf",
		"u sshd -:nogroup \"sshd user\" /run/sshd\n");
	ck_ok(finish(&f, &e));
	fx_expect_holds(&f, "etc/passwd",
			"messagebus:x:499:499:System Message Bus:/nonexistent:/usr/sbin/nologin\n"
			"systemd-network:x:497:497:systemd Network Management:/:/usr/sbin/nologin\n"
			"sshd:x:498:65534:sshd user:/run/sshd:/usr/sbin/nologin\n");
	fx_expect_holds(&f, "etc/shadow",
			"messagebus:!*:20254::::::\n"
			"systemd-network:!*:20254:::::1:\n");
	fx_expect_holds(&f, "etc/gshadow", "messagebus:!*::\nsystemd-network:!*::\n");
	fx_done(&f);
}
END_TEST

START_TEST(adduser_calls)
{
	struct fixture f;
	struct err e;

	masters(&f);
	fx_package(&f, "openssh-client", NULL);
	fx_package(&f, "tpm-udev", NULL);
	ck_ok(finish(&f, &e));
	fx_expect_holds(&f, "etc/group", "_ssh:x:499:\ntss:x:498:\n");
	fx_expect_holds(&f, "etc/passwd",
			"tss:x:498:498:TPM software stack:/var/lib/tpm:/bin/false\n");
	_cleanup_free_ char *text = fx_text(&f, "etc/passwd");
	ck_assert_ptr_null(strstr(text, "_chrony"));
	fx_done(&f);
}
END_TEST

/* An overlay fixes an id by a file that sorts before the package's. */
START_TEST(overlay_wins)
{
	struct fixture f;
	struct err e;

	masters(&f);
	fx_file(&f, "usr/lib/sysusers.d/a.conf", "u one -\nu two -\n");
	fx_file(&f, "usr/lib/sysusers.d/masked.conf", "u three -\n");
	fx_link(&f, "etc/sysusers.d/masked.conf", "/dev/null");
	fx_overlay_file(&f, "etc/sysusers.d/00-ids.conf", "u two 777 %M-%A\n");
	ck_ok(finish(&f, &e));
	fx_expect_holds(&f, "etc/passwd",
			"two:x:777:777:node-7:/:/usr/sbin/nologin\n"
			"one:x:499:499::/:/usr/sbin/nologin\n");
	_cleanup_free_ char *text = fx_text(&f, "etc/passwd");
	ck_assert_ptr_null(strstr(text, "three"));
	fx_done(&f);
}
END_TEST

START_TEST(overlay_shadow_is_kept)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_overlay_file(&f, "etc/passwd", "root:x:0:0::/root:/bin/sh\nopen::5:0::/:/bin/sh\n");
	fx_overlay_file(&f, "etc/group", "root:x:0:open\n");
	fx_overlay_file(&f, "etc/shadow", "root:$y$hash:100:0:99999:7:::\n");
	ck_ok(finish(&f, &e));
	fx_expect_text(&f, "etc/shadow",
		       "root:$y$hash:100:0:99999:7:::\nopen:!*:20254:0:99999:7:::\n");
	fx_expect_text(&f, "etc/gshadow", "root:x::open\n");
	fx_done(&f);
}
END_TEST

static void fails(const char *line, const char *want)
{
	struct fixture f;
	struct err e;

	masters(&f);
	fx_file(&f, "usr/lib/sysusers.d/bad.conf", line);
	ck_fails(finish(&f, &e), -EINVAL, want);
	ck_assert_msg(strstr(e.msg, "usr/lib/sysusers.d/bad.conf:1"), "%s", e.msg);
	fx_done(&f);
}

START_TEST(bad_lines)
{
	fails("x name -\n", "unknown type");
	fails("u\n", "not a line");
	fails("u 1name -\n", "no user or group name");
	fails("u name 65535\n", "no id");
	fails("u name 4294967295\n", "no id");
	fails("u name 12x\n", "no id");
	fails("u name 12:a/b\n", "no group");
	fails("u name - \"open\n", "not a line");
	fails("u name - \"a:b\"\n", "colon");
	fails("u name - - home\n", "absolute");
	fails("g name - text\n", "a group has no");
	fails("m name\n", "membership");
	fails("r - 9-5\n", "range");
	fails("r x 5\n", "range");
	fails("u name%H -\n", "specifier %H");
	fails("u name -:nogroups\n", "no group nogroups");
	fails("u name -:4711\n", "no group 4711");
	fails("r - 400-600\n", "ids from 101 to 499 are kept for users of images");
	fails("m daemon user\nu user -:nogroup\n", "there is no group user");
}
END_TEST

START_TEST(bad_files)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "etc/passwd", "root:x:0:0::/root:/bin/sh\nshort:x:1\n");
	ck_fails(finish(&f, &e), -EBADMSG, "etc/passwd:2");
	fx_done(&f);
	fx_init(&f);
	fx_file(&f, "etc/passwd", "root:x:0:0::/root:/bin/sh\nroot:x:1:1::/:/\n");
	ck_fails(finish(&f, &e), -EBADMSG, "etc/passwd:2");
	fx_done(&f);
	fx_init(&f);
	fx_file(&f, "etc/shadow", "ghost:*:1:0:99999:7:::\n");
	ck_fails(finish(&f, &e), -EBADMSG, "etc/shadow:1");
	fx_done(&f);
}
END_TEST

/*
 * The same by systemd-sysusers, without what only newer versions know. It allots in the order of the
 * lines, groups first, and is told the range; the names here are in that order too.
 */
START_TEST(like_systemd_sysusers)
{
	static const char *const files[] = { "etc/passwd", "etc/group", "etc/shadow",
					     "etc/gshadow" };
	struct fixture f, disk;
	struct err e;

	if (!test_has_program("systemd-sysusers"))
		test_skip("systemd-sysusers is not here");
	masters(&f);
	fx_file(&f, "usr/lib/sysusers.d/a.conf",
		"g input -\ng low 50\nu messagebus - \"System Message Bus\" /nonexistent\n"
		"u osshd -:nogroup \"sshd user\" /run/sshd\n"
		"u fixed 700 'quoted text' /var/lib/fixed /bin/sh\nu ptaken 1\nu asgroup 51\n"
		"g asgroup 52\nm messagebus adm\nm zextra kfresh\nm osshd adm\n");
	fx_file(&f, "usr/lib/sysusers.d/b.conf",
		"u qowner /usr/none\nu messagebus 5\nu rplain -\n");
	/* The program starts from finished files, so that only what it adds is compared. */
	fx_init(&disk);
	fx_file(&disk, "usr/share/base-passwd/passwd.master", PASSWD_MASTER);
	fx_file(&disk, "usr/share/base-passwd/group.master", GROUP_MASTER);
	ck_ok(finish(&disk, &e));
	for (size_t i = 0; i < 2; i++) {
		const char *path = i ? "usr/lib/sysusers.d/b.conf" : "usr/lib/sysusers.d/a.conf";
		_cleanup_free_ char *text = fx_text(&f, path);
		fx_file(&disk, path, text);
	}
	fx_file(&disk, "usr/lib/sysusers.d/range.conf", "r - 101-499\n");
	char *dir = fx_write(&disk);
	_cleanup_free_ char *root = str_printf("--root=%s", dir);
	const char *const argv[] = { "systemd-sysusers", root, NULL };
	const char *const env[] = { "LC_ALL=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
				    "SOURCE_DATE_EPOCH=1750000000", NULL };
	_cleanup_buf_ struct buf diag = BUF_INIT;
	int status;
	ck_ok(run_program(&(struct run_params){ .argv = argv, .env = env, .diag = &diag }, &status,
			  &e));
	if (status == 0) {
		ck_ok(finish(&f, &e));
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			_cleanup_free_ char *want = fx_disk_text(dir, files[i]);
			ck_assert_ptr_nonnull(want);
			fx_expect_text(&f, files[i], want);
		}
	}
	test_dir_remove(dir);
	fx_done(&disk);
	fx_done(&f);
	if (status != 0)
		test_skip("systemd-sysusers does not work here: %s", buf_str(&diag));
}
END_TEST

TEST_MAIN("users", base_passwd, locked_users, adduser_calls, overlay_wins, overlay_shadow_is_kept,
	  bad_lines, bad_files, like_systemd_sysusers)
