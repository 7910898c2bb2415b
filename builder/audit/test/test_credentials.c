/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/credentials.h"

#include "base/test/support.h"

#define HASH "$y$j9T$abc$def"

/* NULL: nothing. */
static const struct {
	const char *path, *content, *what;
} files[] = {
	{ "share/factory/etc/shadow", "root:!*:20769:0:99999:7:::\nx:*:1::::::\n", NULL },
	{ "share/factory/etc/shadow", "root:*:1:\nx:" HASH ":1::::::\n", "password" },
	{ "share/factory/etc/shadow-", "root:!" HASH ":1::::::", "password" },
	{ "share/factory/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nx::1:1:::\n", NULL },
	{ "share/factory/etc/passwd", "root:" HASH ":0:0:root:/root:/bin/sh\n", "password" },
	{ "/etc/passwd", "root:xyABCDEFGHIJK:0:0:::\n", "password" },
	{ "etc/passwd-", "root:xyABCDEFGHIJK:0:0:::\n", "password" },
	{ "etc/group", "adm:x:4:root\nroot\n", NULL },
	{ "etc/group", "adm:" HASH ":4:\n", "password" },
	{ "etc/group-", "adm:" HASH ":4:\n", "password" },
	{ "etc/gshadow", "adm:!*:root:\n+\n", NULL },
	{ "etc/gshadow", "adm:" HASH ":root:\n", "password" },
	{ "etc/gshadow-", "adm:" HASH ":root:\n", "password" },
	{ "etc/security/opasswd", "x:1000:2:" HASH "," HASH "\n", "password" },
	{ "etc/security/opasswd", "x:1000:0:\nx:1000\n", NULL },
	{ "bin/passwd", "a:" HASH ":\n", NULL },
	{ "share/factory/etc/pam.d/passwd", "a:" HASH ":\n", NULL },
	{ "share/notetc/passwd", "a:" HASH ":\n", NULL },
	{ "lib/credstore/token", "x", "credential" },
	{ "/usr/lib/credstore/token", "x", "credential" },
	{ "/etc/credstore.encrypted/a/b", "x", "credential" },
	{ "share/factory/etc/credstore/token", "x", "credential" },
	{ "share/credstore", "x", NULL },
	{ "lib/x.cred", "x", "credential" },
	{ "lib/userdb/x.user-privileged", "{}", "credential" },
	{ "lib/userdb/x.group-privileged", "{}", "credential" },
	{ "lib/userdb/x.user", "{}", NULL },
	{ "share/root/.netrc", "machine a login b password c\n", "credential" },
	{ ".pgpass", "x", "credential" },
	{ "root/.git-credentials", "x", "credential" },
	{ "share/x.netrc", "x", NULL },
	{ "share/factory/etc/ssh/ssh_host_ed25519_key", "x", "credential" },
	{ "share/factory/etc/ssh/sshd_config", "x", NULL },
};

START_TEST(each_file)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *what = credential_in_file(files[i].path, span_of(files[i].content));
		ck_assert_msg(files[i].what ? what && strstr(what, files[i].what) : !what,
			      "%s with '%s': %s", files[i].path, files[i].content,
			      what ? what : "nothing");
	}
}
END_TEST

/* A byte that no text has is no sign of a field without a password. */
START_TEST(nul_in_a_field)
{
	ck_assert_ptr_nonnull(
		credential_in_file("etc/shadow", (struct span){ "root:\0abc:1::::::\n", 18 }));
	ck_assert_ptr_nonnull(credential_in_file("etc/shadow", (struct span){ "root:\0", 6 }));
	ck_assert_ptr_null(credential_in_file("etc/shadow", (struct span){ "root:", 5 }));
}
END_TEST

TEST_MAIN("credentials", each_file, nul_in_a_field)
