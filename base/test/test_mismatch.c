/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>

#include "base/mismatch.h"
#include "base/test/support.h"

#define LEN (13 * MiB + 77)

static struct err e;

static uint64_t mismatch(const struct source *a, const struct source *b, uint64_t from,
			 struct pool *pool)
{
	uint64_t at;

	ck_ok(source_mismatch(a, b, from, pool, &at, &e));
	return at;
}

/* A sparse file: data at the start, in the middle and at the end. */
static void make_file(const char *path, struct source *ret)
{
	static const uint64_t at[] = { 0, 5 * MiB + 3, LEN - 9 };
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	ck_assert_int_eq(ftruncate(fd, LEN), 0);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		ck_assert_int_eq(pwrite(fd, "some data", 9, (off_t)at[i]), 9);
	ck_ok(source_init_fd(ret, fd, &e));
}

START_TEST(finds_the_first_byte)
{
	static const uint64_t places[] = { 0, 1, 4095, 4096, 5 * MiB + 4, 9 * MiB, LEN - 1 };
	_cleanup_(pool_free) struct pool *pool = NULL;
	_cleanup_source_ struct source a = SOURCE_INIT, b = SOURCE_INIT;
	char *dir = test_dir();
	_cleanup_free_ char *pa = str_printf("%s/a", dir), *pb = str_printf("%s/b", dir);

	ck_ok(pool_new(4, &pool, &e));
	make_file(pa, &a);
	make_file(pb, &b);
	ck_assert_uint_eq(mismatch(&a, &b, 0, pool), MISMATCH_NONE);
	for (size_t i = ARRAY_SIZE(places); i-- > 0;) { /* each one earlier than the last */
		uint8_t byte;
		ck_assert_int_eq(pread(b.fd, &byte, 1, (off_t)places[i]), 1);
		byte ^= 1;
		int fd = open(pb, O_WRONLY | O_CLOEXEC);
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)places[i]), 1);
		close(fd);
		ck_assert_uint_eq(mismatch(&a, &b, 0, pool), places[i]);
		ck_assert_uint_eq(mismatch(&b, &a, 0, NULL), places[i]);
		ck_assert_uint_eq(mismatch(&a, &b, places[i], NULL), places[i]);
		ck_assert_uint_eq(mismatch(&a, &b, places[i] + 1, pool),
				  i + 1 < ARRAY_SIZE(places) ? places[i + 1] : MISMATCH_NONE);
	}
	test_dir_remove(dir);
}
END_TEST

/* Windows count from their own start, and files that are not mapped are read. */
START_TEST(windows_and_unmapped_files)
{
	_cleanup_source_ struct source a = SOURCE_INIT, b = SOURCE_INIT;
	struct source wa, wb;
	char *dir = test_dir();
	_cleanup_free_ char *pa = str_printf("%s/a", dir), *pb = str_printf("%s/b", dir);

	make_file(pa, &a);
	make_file(pb, &b);
	ck_ok(source_init_window(&wa, &a, 5 * MiB, MiB, &e));
	ck_ok(source_init_window(&wb, &b, 5 * MiB + 1, MiB, &e));
	ck_assert_uint_eq(mismatch(&wa, &wb, 0, NULL), 2);
	ck_ok(source_init_window(&wb, &b, 5 * MiB, MiB, &e));
	ck_assert_uint_eq(mismatch(&wa, &wb, 0, NULL), MISMATCH_NONE);
	wa.bytes = wb.bytes = NULL;
	ck_assert_uint_eq(mismatch(&wa, &wb, 0, NULL), MISMATCH_NONE);
	ck_ok(source_init_window(&wb, &b, 5 * MiB + 1, MiB, &e));
	wb.bytes = NULL;
	ck_assert_uint_eq(mismatch(&wa, &wb, 0, NULL), 2);
	test_dir_remove(dir);
}
END_TEST

START_TEST(lengths)
{
	struct source a, b;

	source_init_bytes(&a, "abc", 3);
	source_init_bytes(&b, "abcd", 4);
	ck_assert_uint_eq(mismatch(&a, &b, 0, NULL), 3);
	ck_assert_uint_eq(mismatch(&b, &a, 0, NULL), 3);
	source_init_bytes(&b, "axcd", 4);
	ck_assert_uint_eq(mismatch(&a, &b, 0, NULL), 1);
	source_init_bytes(&a, "", 0);
	source_init_bytes(&b, "", 0);
	ck_assert_uint_eq(mismatch(&a, &b, 0, NULL), MISMATCH_NONE);
}
END_TEST

/* Every place of a byte in data and in holes, in maps and in files that are not mapped. */
START_TEST(nonzero)
{
	static const uint64_t at[] = { 0, 1, 4095, 4096, 5 * MiB, 9 * MiB - 1 };
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/f", dir);
	_cleanup_close_ int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	_cleanup_source_ struct source s = SOURCE_INIT;
	struct source w;
	uint64_t found;

	ck_assert_int_eq(ftruncate(fd, 9 * MiB), 0);
	ck_ok(source_open(&s, path, &e));
	ck_ok(source_nonzero(&s, 0, NULL, &found, &e));
	ck_assert_uint_eq(found, MISMATCH_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)at[i]), 1);
		ck_ok(source_init_window(&w, &s, 0, 9 * MiB, &e));
		for (int mapped = 1; mapped >= 0; mapped--) {
			w.bytes = mapped ? w.bytes : NULL;
			ck_ok(source_nonzero(&w, 0, NULL, &found, &e));
			ck_assert_uint_eq(found, at[i]);
			ck_ok(source_nonzero(&w, at[i] + 1, NULL, &found, &e));
			ck_assert_uint_eq(found, MISMATCH_NONE);
		}
		ck_assert_int_eq(pwrite(fd, "", 1, (off_t)at[i]), 1);
	}
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("mismatch", finds_the_first_byte, windows_and_unmapped_files, lengths, nonzero)
