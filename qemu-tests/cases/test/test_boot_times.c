/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "qemu-tests/cases/boot_times.h"

static struct err e;

START_TEST(phases_are_told_apart)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	/* "Startup finished in 3.000s (firmware) + 500ms (loader) + 2.000s (kernel) + 4.000s (initrd) +
	 * 10.250s (userspace) = 19.750s." */
	ck_ok(boot_times_format("3500000\n500000\n2000000\n6000000\n16250000", &out, &e));
	ck_assert_str_eq(buf_str(&out), "firmware 3.0 s, loader 0.5 s, kernel 2.0 s, initrd 4.0 s, "
					"userspace 10.2 s: 19.8 s");
}
END_TEST

START_TEST(what_lacks_is_an_error)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_fails(boot_times_format("", &out, &e), -EBADMSG, "no times");
	ck_fails(boot_times_format("1\n2\n3\n4", &out, &e), -EBADMSG, "not times");
	ck_fails(boot_times_format("1\n2\nx\n4\n5", &out, &e), -EBADMSG, "not times");
	/* Without a boot loader that tells; before userspace is up. */
	ck_fails(boot_times_format("0\n0\n1\n2\n3", &out, &e), -EBADMSG, "lack a phase");
	ck_fails(boot_times_format("3\n2\n1\n2\n0", &out, &e), -EBADMSG, "lack a phase");
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

TEST_MAIN("boot_times", phases_are_told_apart, what_lacks_is_an_error)
