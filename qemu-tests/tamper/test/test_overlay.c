/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was written over a disk: read back, told to the byte, and saved in both forms. */
#include "base/test/support.h"
#include "qemu-tests/tamper/overlay.h"
#include "qemu-tests/vm/test/qcow2_content.h"

#define DISK_BYTES (3 * QCOW2_CLUSTER_BYTES + 5 * 512)

static struct err e;
static uint8_t base[DISK_BYTES];
static struct source disk;

static void make_base(void)
{
	for (size_t i = 0; i < sizeof(base); i++)
		base[i] = (uint8_t)(i * 7 + (i >> 9));
	source_init_bytes(&disk, base, sizeof(base));
}

/* The same writes into plain memory. */
static void write_both(struct overlay *o, uint8_t *copy, uint64_t off, const void *data, size_t len)
{
	ck_ok(sink_pwrite(&o->sink, off, data, len, &e));
	memcpy(copy + off, data, len);
}

static uint8_t *altered(struct overlay *o)
{
	static uint8_t copy[DISK_BYTES];
	static const uint8_t ones[9000] = { [0 ... 8999] = 1 };

	make_base();
	memcpy(copy, base, sizeof(copy));
	overlay_init(o, &disk);
	write_both(o, copy, 70000, "over", 4);
	write_both(o, copy, 4090, ones, 9000);
	write_both(o, copy, 5000, "twice", 5);
	write_both(o, copy, DISK_BYTES - 3, "end", 3);
	return copy;
}

START_TEST(reads_what_was_written)
{
	static uint8_t got[DISK_BYTES];
	struct overlay o;
	const uint8_t *copy = altered(&o);

	ck_ok(source_pread(&o.src, 0, got, sizeof(got), &e));
	ck_assert_mem_eq(got, copy, sizeof(got));
	for (size_t at = 0; at + 777 < DISK_BYTES; at += 777) {
		ck_ok(source_pread(&o.src, at, got, 777, &e));
		ck_assert_mem_eq(got, copy + at, 777);
	}
	ck_fails(sink_pwrite(&o.sink, DISK_BYTES - 1, "xx", 2, &e), -ENOSPC, "do not fit");
	overlay_done(&o);
}
END_TEST

/* Cut, the rest is as it was; grown, there are zeros, and what is written there. */
START_TEST(has_another_size)
{
	static uint8_t got[DISK_BYTES + 5000], want[DISK_BYTES + 5000];
	struct overlay o;
	const uint8_t *copy = altered(&o);

	overlay_resize(&o, 71001);
	ck_ok(source_pread(&o.src, 0, got, 71001, &e));
	ck_assert_mem_eq(got, copy, 71001);
	ck_fails(source_pread(&o.src, 71000, got, 2, &e), -ERANGE, "");
	overlay_done(&o);

	memcpy(want, altered(&o), DISK_BYTES);
	memcpy(want + DISK_BYTES + 4000, "far", 3);
	overlay_resize(&o, sizeof(want));
	ck_ok(sink_pwrite(&o.sink, DISK_BYTES + 4000, "far", 3, &e));
	ck_ok(source_pread(&o.src, 0, got, sizeof(got), &e));
	ck_assert_mem_eq(got, want, sizeof(want));
	overlay_done(&o);
}
END_TEST

static int mark(void *ctx, uint64_t offset, uint64_t len, struct err *err)
{
	uint8_t *marks = ctx;

	if (len == 0 || (offset && marks[offset - 1]))
		return err_set(err, -EBADMSG, "run at %llu is not the longest",
			       (unsigned long long)offset);
	memset(marks + offset, 1, len);
	return 0;
}

START_TEST(tells_the_bytes_that_differ)
{
	static uint8_t marks[DISK_BYTES];
	struct overlay o;
	const uint8_t *copy = altered(&o);

	ck_ok(overlay_differences(&o, mark, marks, &e));
	for (size_t i = 0; i < DISK_BYTES; i++)
		ck_assert_msg(marks[i] == (copy[i] != base[i]), "byte %zu", i);
	/* What is written back differs no more. */
	ck_ok(sink_pwrite(&o.sink, 0, base, sizeof(base), &e));
	memset(marks, 0, sizeof(marks));
	ck_ok(overlay_differences(&o, mark, marks, &e));
	ck_assert_ptr_null(memchr(marks, 1, sizeof(marks)));
	overlay_done(&o);
}
END_TEST

static void check_file(const char *path, const uint8_t *want)
{
	__attribute__((cleanup(source_done))) struct source s = SOURCE_INIT;

	ck_ok(source_open(&s, path, &e));
	ck_assert_uint_eq(s.size_bytes, DISK_BYTES);
	ck_assert_mem_eq(s.bytes, want, DISK_BYTES);
}

START_TEST(saves_raw)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/altered.raw", dir);
	struct overlay o;
	const uint8_t *copy = altered(&o);

	ck_ok(overlay_save_raw(&o, path, &e));
	check_file(path, copy);
	overlay_done(&o);
	test_dir_remove(dir);
}
END_TEST

START_TEST(saves_qcow2)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/altered.qcow2", dir);
	_cleanup_buf_ struct buf got = BUF_INIT;
	__attribute__((cleanup(source_done))) struct source s = SOURCE_INIT;
	struct overlay o;
	const uint8_t *copy = altered(&o);

	ck_ok(overlay_save_qcow2(&o, "/images/good.raw", GiB, path, &e));
	ck_ok(source_open(&s, path, &e));
	ck_assert_mem_eq(s.bytes + 512, "/images/good.raw", 16);
	ck_assert_uint_eq(qcow2_content(s.bytes, s.size_bytes, base, DISK_BYTES, &got), GiB);
	ck_assert_mem_eq(got.data, copy, DISK_BYTES);
	/* Clusters 0, 1 and the last are its own: header, refcounts twice, level 1 and 2, content. */
	ck_assert_uint_eq(s.size_bytes, (5 + 3) * QCOW2_CLUSTER_BYTES);
	overlay_done(&o);
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("overlay", reads_what_was_written, has_another_size, tells_the_bytes_that_differ,
	  saves_raw, saves_qcow2)
