/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The empty snapshot, judged by qemu-img where there is one. */
#include "base/outfile.h"
#include "base/test/support.h"
#include "qemu-tests/vm/qcow2.h"

static struct err e;

START_TEST(header_is_as_specified)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	ck_ok(qcow2_overlay("/images/node.raw", 3 * GiB, &b, &e));
	ck_assert_uint_eq(b.len, 4 * 65536);
	ck_assert_mem_eq(b.data, "QFI\xfb\0\0\0\x03", 8);
	ck_assert_mem_eq(b.data + get_be32(b.data + 12), "/images/node.raw", 16);
	ck_assert_uint_eq(get_be32(b.data + 16), 16);
	ck_assert_uint_eq(get_be32(b.data + 28), 3 * GiB & UINT32_MAX);
	ck_assert_uint_eq(get_be32(b.data + 36), 6); /* 512 MiB each */
}
END_TEST

START_TEST(sizes_are_checked)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	char name[1100];

	ck_fails(qcow2_overlay("/a", 0, &b, &e), -EINVAL, "not whole sectors");
	ck_fails(qcow2_overlay("/a", 513, &b, &e), -EINVAL, "not whole sectors");
	ck_fails(qcow2_overlay("/a", UINT64_MAX - 511, &b, &e), -EFBIG, "16 TiB");
	memset(name, '/', sizeof(name));
	name[1024] = '\0';
	ck_fails(qcow2_overlay(name, 512, &b, &e), -ENAMETOOLONG, "too long");
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(qemu_img_accepts_it)
{
	static const uint64_t sizes[] = { 512,	    MiB,	512 * MiB, 512 * MiB + 512,
					  16 * GiB, 16384 * GiB };

	if (!test_has_program("qemu-img"))
		test_skip("no qemu-img");
	char *dir = test_dir();
	_cleanup_free_ char *raw = str_printf("%s/image", dir);
	_cleanup_free_ char *overlay = str_printf("%s/overlay", dir);
	ck_ok(outfile_write(raw, 0600, "some data, then nothing", 23, &e));
	ck_assert_int_eq(truncate(raw, MiB), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *cmd =
			str_printf("cd '%s' && qemu-img check -q overlay && "
				   "qemu-img info overlay | grep -q '(%llu bytes)' %s",
				   dir, (unsigned long long)sizes[i],
				   sizes[i] == MiB ? "&& qemu-img compare -q overlay image" : "");
		ck_ok(qcow2_overlay(raw, sizes[i], &b, &e));
		ck_ok(outfile_write(overlay, 0600, b.data, b.len, &e));
		ck_assert_int_eq(system(cmd), 0);
	}
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("qcow2", header_is_as_specified, sizes_are_checked, qemu_img_accepts_it)
