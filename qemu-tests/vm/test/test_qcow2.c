/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots, empty and with content, judged by qemu-img where there is one. */
#include "base/outfile.h"
#include "base/test/support.h"
#include "qemu-tests/vm/test/qcow2_content.h"

static struct err e;

START_TEST(header_is_as_specified)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	ck_ok(qcow2_overlay("/images/node.raw", "raw", 3 * GiB, &b, &e));
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

	ck_fails(qcow2_overlay("/a", "raw", 0, &b, &e), -EINVAL, "not whole sectors");
	ck_fails(qcow2_overlay("/a", "raw", 513, &b, &e), -EINVAL, "not whole sectors");
	ck_fails(qcow2_overlay("/a", "raw", UINT64_MAX - 511, &b, &e), -EFBIG, "16 TiB");
	memset(name, '/', sizeof(name));
	name[1024] = '\0';
	ck_fails(qcow2_overlay(name, "raw", 512, &b, &e), -ENAMETOOLONG, "too long");
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
		ck_ok(qcow2_overlay(raw, "raw", sizes[i], &b, &e));
		ck_ok(outfile_write(overlay, 0600, b.data, b.len, &e));
		ck_assert_int_eq(system(cmd), 0);
	}
	test_dir_remove(dir);
}
END_TEST

/* Over the border of two tables of level 2: 512 MiB each. */
START_TEST(clusters_are_its_own)
{
	static const uint64_t numbers[] = { 1, 8191, 8192, 8193 };
	size_t len = (size_t)(8194 * QCOW2_CLUSTER_BYTES - 512);
	_cleanup_free_ uint8_t *content = malloc(len);
	_cleanup_free_ uint8_t *base = calloc(1, len);
	_cleanup_buf_ struct buf file = BUF_INIT, got = BUF_INIT;
	struct source src;
	struct sink s;

	ck_assert(content && base);
	memset(content, 1, len);
	source_init_bytes(&src, content, len);
	sink_init_buf(&s, &file);
	const struct qcow2_clusters c = { &src, numbers, ARRAY_SIZE(numbers) };
	ck_ok(qcow2_write("/images/node.raw", len, &c, &s, &e));
	ck_assert_uint_eq(qcow2_content(file.data, file.len, base, len, &got), len);
	for (uint64_t i = 0; i < len; i += 4096) {
		uint64_t n = i / QCOW2_CLUSTER_BYTES;
		ck_assert_msg(got.data[i] == (n == 1 || n >= 8191), "byte %llu",
			      (unsigned long long)i);
	}
	/* The last cluster is longer than the disk. */
	ck_assert_uint_eq(file.data[file.len - 513], 1);
	ck_assert_uint_eq(file.data[file.len - 512], 0);
}
END_TEST

START_TEST(clusters_are_checked)
{
	static const uint64_t numbers[] = { 16 };
	_cleanup_buf_ struct buf file = BUF_INIT;
	struct source src;
	struct sink s;

	source_init_bytes(&src, "", 0);
	sink_init_buf(&s, &file);
	const struct qcow2_clusters c = { &src, numbers, 1 };
	ck_fails(qcow2_write("/a", MiB, &c, &s, &e), -EINVAL, "behind the end");
	ck_assert_uint_eq(file.len, 0);
}
END_TEST

TEST_MAIN("qcow2", header_is_as_specified, sizes_are_checked, qemu_img_accepts_it,
	  clusters_are_its_own, clusters_are_checked)
