/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What befalls a node's disk from outside, on small disks that sfdisk and mke2fs have made. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/run.h"
#include "base/test/support.h"
#include "builder/audit/image.h"
#include "qemu-tests/cases/node_disk.h"

#define ROOT_AT	   (4 * MiB)
#define ROOT_BYTES (16 * MiB)

static char *dir, *disk;
static struct err e;

static void run(const char *const *argv, const char *input)
{
	const struct run_params p = { .argv = argv,
				      .input = input,
				      .input_len = input ? strlen(input) : 0 };

	ck_ok(run_program(&p, NULL, &e));
}

/* An ESP without content and, if @root, a file system; sectors of 512 bytes. */
static void begin(bool root)
{
	static const char esp[] = "label: gpt\nstart=2048, size=2048, "
				  "type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b, name=esp\n";
	static const char both[] = "label: gpt\nstart=2048, size=2048, "
				   "type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b, name=esp\n"
				   "start=8192, size=32768, "
				   "type=4f68bce3-e8cd-4db1-96e7-fbcaf984b709, name=root\n";

	if (!test_has_program("sfdisk") || !test_has_program("mke2fs"))
		test_skip("sfdisk or mke2fs is not here");
	dir = test_dir();
	disk = str_printf("%s/node.raw", dir);
	_cleanup_close_ int fd = open(disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(ftruncate(fd, 24 * MiB), 0);
	run((const char *const[]){ "sfdisk", "-q", disk, NULL }, root ? both : esp);
	if (root)
		run((const char *const[]){ "mke2fs", "-q", "-t", "ext4", "-E", "offset=4194304",
					   disk, "16M", NULL },
		    NULL);
}

static void end(void)
{
	free(disk);
	test_dir_remove(dir);
}

static void write_at(uint64_t at, const void *data, size_t len)
{
	_cleanup_close_ int fd = open(disk, O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(pwrite(fd, data, len, (off_t)at), (ssize_t)len);
}

/* Both tables have the same partitions, this many. */
static void expect_partitions(size_t n)
{
	_cleanup_(image_free) struct image *image = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;

	ck_ok(source_open(&src, disk, &e));
	ck_ok(image_open(&src, &image, &e));
	ck_assert_uint_eq(image->n_partitions, n);
	ck_assert(image->primary.header_crc_ok && image->primary.entries_crc_ok);
	ck_assert(image->backup.header_crc_ok && image->backup.entries_crc_ok);
	ck_assert_mem_eq(image->primary.entries, image->backup.entries, (size_t)256);
	ck_assert_str_eq(image->partitions[0].name, "esp");
}

START_TEST(the_root_partition_is_deleted)
{
	begin(true);
	expect_partitions(2);
	ck_ok(node_disk_delete_root(disk, &e));
	expect_partitions(1);
	ck_fails(node_disk_delete_root(disk, &e), -ENOENT, "has no root partition");
	ck_fails(node_disk_wipe_root(disk, &e), -ENOENT, "has no root partition");
	end();
}
END_TEST

START_TEST(the_superblock_is_wiped)
{
	static const uint8_t zeros[4096];
	_cleanup_buf_ struct buf before = BUF_INIT, after = BUF_INIT;

	begin(true);
	ck_ok(node_disk_root_start(disk, &before, &e));
	ck_assert_uint_eq(get_le16(before.data + 1024 + 56), 0xef53);
	ck_ok(node_disk_wipe_root(disk, &e));
	ck_ok(node_disk_root_start(disk, &after, &e));
	ck_assert_mem_eq(after.data, zeros, sizeof(zeros));
	ck_assert_mem_eq(after.data + 4096, before.data + 4096, before.len - 4096);
	ck_fails(node_disk_check_root(disk, dir, &e), -EBADMSG, "e2fsck -p says");
	end();
}
END_TEST

START_TEST(a_file_system_is_judged)
{
	static const uint8_t zeros[64 * KiB];

	begin(true);
	ck_ok(node_disk_check_root(disk, dir, &e));
	/* Bitmaps and inodes of the first group: all that has no copy. */
	write_at(ROOT_AT + 128 * KiB, zeros, sizeof(zeros));
	ck_fails(node_disk_check_root(disk, dir, &e), -EBADMSG, "e2fsck -");
	_cleanup_free_ char *copy = str_printf("%s/root.img", dir);
	ck_assert_int_ne(access(copy, F_OK), 0);
	end();
}
END_TEST

START_TEST(a_disk_that_has_no_root_yet_is_sound)
{
	begin(false);
	ck_ok(node_disk_check_root(disk, dir, &e));
	end();
}
END_TEST

START_TEST(a_copy_has_room)
{
	struct vm_case_context ctx = { .limit_sec = 1 };
	_cleanup_free_ char *path = NULL;
	struct stat st;

	begin(true);
	ctx.image = disk;
	ctx.scratch_dir = dir;
	ck_ok(node_disk_make(&ctx, "copy", ROOT_BYTES, &path, &e));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(st.st_size == 24 * MiB + ROOT_BYTES);
	ck_ok(node_disk_check_root(path, dir, &e));
	end();
}
END_TEST

TEST_MAIN("node_disk", the_root_partition_is_deleted, the_superblock_is_wiped,
	  a_file_system_is_judged, a_disk_that_has_no_root_yet_is_sound, a_copy_has_room)
