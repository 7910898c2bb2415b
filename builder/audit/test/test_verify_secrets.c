/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets wherever a disk can hold them; what is one is tried in test_secrets*.c and test_credentials.c. */
#include "builder/audit/test/verify_support.h"

static const char key_text[] = "-----BEGIN PRIVATE KEY-----\n"
			       "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";

static struct err e;

/* The disk is refused for it; the spec is done then. */
static void must_be_found(struct im_spec *s, const char *where)
{
	struct verify_report r = vs_of(s);

	ck_assert_msg(vs_fails(&r, VERIFY_SECRETS), "nothing was found in %s", where);
	verify_report_done(&r);
}

static const struct {
	const char *usr, *initrd, *text;
} files[] = {
	{ "lib/ssl/my.key", NULL, key_text },
	{ NULL, "etc/my.key", key_text },
	{ "share/factory/etc/shadow", NULL, "root:$y$j9T$abc:1::::::\n" },
	{ "share/factory/etc/shadow", NULL, "root:!*:1::::::\nx:!$y$abc:1::::::\n" },
	{ "share/factory/etc/shadow", NULL, "root:xyABCDEFGHIJK:1::::::\n" },
	{ "share/factory/etc/passwd-", NULL, "root:xyABCDEFGHIJK:0:0:::\n" },
	{ NULL, "etc/gshadow", "adm:$6$abc::\n" },
	{ NULL, "usr/lib/credstore/token", "x" },
	{ "lib/credstore/token", NULL, "x" },
	{ "share/factory/etc/ssh/ssh_host_rsa_key", NULL, "x" },
};

START_TEST(in_files)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct im_spec s;
		im_spec_init(&s);
		im_text(files[i].usr ? s.usr : s.initrd,
			files[i].usr ? files[i].usr : files[i].initrd, files[i].text);
		must_be_found(&s, files[i].usr ? files[i].usr : files[i].initrd);
	}
}
END_TEST

START_TEST(in_a_symlink)
{
	const struct tree_meta m = { .mode = 0777, .mtime = IM_TIME };
	struct im_spec s;

	im_spec_init(&s);
	ck_ok(tree_add_symlink(s.usr, "lib/x", &m, key_text, NULL, &e));
	must_be_found(&s, "a symlink");
}
END_TEST

START_TEST(in_an_attribute)
{
	const struct fs_writer *const writers[] = { &fs_writer_ext4, &fs_writer_erofs };

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		struct im_spec s;
		im_spec_init(&s);
		s.usr_writer = writers[i];
		ck_assert_int_eq(tree_set_xattr(im_text(s.usr, "lib/x", ""), "user.key", key_text,
						strlen(key_text)),
				 0);
		must_be_found(&s, writers[i]->name);
	}
}
END_TEST

static void with_key(struct uki_params *p)
{
	p->osrel = (struct uki_part){ key_text, strlen(key_text) };
}

START_TEST(in_a_kernel)
{
	struct im_spec s;

	im_spec_init(&s);
	s.change_uki = with_key;
	must_be_found(&s, "a section of the kernel's file");
}
END_TEST

FX_MAIN("verify_secrets", in_files, in_a_symlink, in_an_attribute, in_a_kernel)
