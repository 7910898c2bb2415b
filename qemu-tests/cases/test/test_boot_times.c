/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "qemu-tests/cases/boot_times.h"

static struct err e;

START_TEST(phases_are_told_apart)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_ok(boot_times_format(3, 3.5, "2000000\n6000000\n16250000", &out, &e));
	ck_assert_str_eq(buf_str(&out), "firmware 3.0 s, loader 0.5 s, kernel 2.0 s, initrd 4.0 s, "
					"userspace 10.2 s: 19.8 s");
}
END_TEST

START_TEST(what_lacks_is_an_error)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_fails(boot_times_format(1, 2, "", &out, &e), -EBADMSG, "no times");
	ck_fails(boot_times_format(1, 2, "1\n2", &out, &e), -EBADMSG, "not times");
	ck_fails(boot_times_format(1, 2, "1\nx\n3", &out, &e), -EBADMSG, "not times");
	ck_fails(boot_times_format(0, 2, "1\n2\n3", &out, &e), -EBADMSG, "lack a phase");
	ck_fails(boot_times_format(2, 1, "1\n2\n3", &out, &e), -EBADMSG, "lack a phase");
	ck_fails(boot_times_format(1, 2, "0\n2\n3", &out, &e), -EBADMSG, "lack a phase");
	ck_fails(boot_times_format(1, 2, "1\n2\n0", &out, &e), -EBADMSG, "lack a phase");
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

TEST_MAIN("boot_times", phases_are_told_apart, what_lacks_is_an_error)
