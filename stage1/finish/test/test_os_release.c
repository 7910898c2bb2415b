/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"

START_TEST(image_id)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "usr/lib/os-release", "ID=debian\nIMAGE_ID=old\nVERSION_ID=\"13\"\n");
	ck_ok(finish_os_release(&f.p, &e));
	fx_expect_text(&f, "usr/lib/os-release",
		       "ID=debian\nVERSION_ID=\"13\"\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"7\"\n"
		       "SYSEXT_LEVEL=\"1.0\"\n");
	fx_expect_link(&f, "etc/os-release", "../usr/lib/os-release");
	fx_expect_link(&f, "etc/mtab", "../proc/self/mounts");
	fx_expect_text(&f, "etc/locale.conf", "LANG=C.UTF-8\n");
	fx_expect_none(&f, "etc/resolv.conf");
	fx_expect_none(&f, "etc/localtime");
	fx_expect_none(&f, "etc/machine-id");
	fx_expect_none(&f, "etc/hostname");
	fx_done(&f);
}
END_TEST

START_TEST(links)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_package(&f, "systemd-resolved", NULL);
	fx_file(&f, "usr/lib/os-release", "ID=debian");
	fx_file(&f, "usr/share/zoneinfo/Etc/UTC", "TZif");
	fx_overlay_file(&f, "etc/locale.conf", "LANG=en_US.UTF-8\n");
	fx_overlay_file(&f, "etc/mtab", "mine\n");
	ck_ok(finish_os_release(&f.p, &e));
	fx_expect_link(&f, "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	fx_expect_link(&f, "etc/localtime", "/usr/share/zoneinfo/Etc/UTC");
	fx_expect_text(&f, "etc/locale.conf", "LANG=en_US.UTF-8\n");
	fx_expect_text(&f, "etc/mtab", "mine\n");
	fx_done(&f);
}
END_TEST

START_TEST(bad_values)
{
	static const char *const values[] = { "", "a b", "a\"b", "a\nID=x", "a$b", "\xc3\xa4" };
	struct fixture f;
	struct err e;

	fx_init(&f);
	ck_fails(finish_os_release(&f.p, &e), -ENOENT, "usr/lib/os-release");
	fx_file(&f, "usr/lib/os-release", "ID=debian\n");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		f.p.image_version = values[i];
		ck_fails(finish_os_release(&f.p, &e), -EINVAL, "IMAGE_VERSION");
	}
	fx_done(&f);
}
END_TEST

TEST_MAIN("os-release", image_id, links, bad_values)
