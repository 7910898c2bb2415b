/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EROFS: each kind of difference is named by what of the filesystem it is. */
#include "builder/audit/test/diff_support.h"

static void two_init_erofs(struct two *t)
{
	two_init(t);
	t->a.usr_writer = t->b.usr_writer = &fs_writer_erofs;
}

START_TEST(usr_as_erofs)
{
	struct two t;

	two_init_erofs(&t);
	im_text(t.b.usr, "lib/text", "one\n2\nthree\n");
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/text", "content, line 2", "two", "2");
	two_init_erofs(&t);
	t.b.usr_fs.uuid[0] = 0xff;
	one_cause(&t, DIFF_DERIVED, "usr-a: superblock", "UUID",
		  "01010101-0101-0101-0101-010101010101", "ff010101-0101-0101-0101-010101010101");
	two_init_erofs(&t);
	struct diff_report d = two_compare(&t);
	ck_assert_uint_eq(diff_report_total(&d), 0);
	flip_one(USR + 4 * MiB - 1, DIFF_SLACK, "usr-a: after the end of its content",
		 "content, offset", 2);
	flip_one(USR + 1024 + 49, DIFF_DERIVED, "usr-a: superblock", "UUID", 3);
}
END_TEST

FX_MAIN("diff_erofs", usr_as_erofs)
