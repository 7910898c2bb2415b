/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/pack.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/run.h"
#include "base/test/support.h"

#define BYTES ((size_t)(33 * MiB + 12345)) /* three blocks of xz, the last one short */

static uint8_t *content;

/* Nearly all of it is quick to compress: only each block's end is noise. */
static void setup(void)
{
	uint32_t v = 1;

	content = calloc(1, BYTES);
	for (size_t i = 0; i < BYTES; i++) {
		v = v * 1664525 + 1013904223;
		content[i] = i % (16 * MiB) < 15 * MiB + 900 * KiB ? 0 : (uint8_t)(v >> 24);
	}
}

static void teardown(void)
{
	free(content);
}

static void pack(const char *path, size_t len, enum publish_compression c, unsigned int threads,
		 struct publish_packed *ret)
{
	_cleanup_close_ int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct source s = SOURCE_INIT;
	struct err e = { 0 };

	ck_ok(pool_new(threads, &pool, &e));
	source_init_bytes(&s, content, len);
	ck_ok(publish_pack(&s, fd, &(struct publish_pack_params){ .compression = c, .pool = pool },
			   ret, &e));
}

/* Is it as long, and of the digest, as was said? */
static void ck_packed(const char *path, const struct publish_packed *p)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	uint8_t sha256[SHA256_BYTES];
	struct err e = { 0 };

	ck_ok(source_open(&s, path, &e));
	ck_ok(source_sha256(&s, sha256, &e));
	ck_assert_uint_eq(s.size_bytes, p->bytes);
	ck_assert_mem_eq(sha256, p->sha256, sizeof(sha256));
}

static void ck_unpacks(const char *path, size_t len)
{
	const char *const argv[] = { "xz", "-dc", path, NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };

	ck_ok(run_program(&(struct run_params){ .argv = argv, .out = &out }, NULL, &e));
	ck_assert_uint_eq(out.len, len);
	ck_assert(memcmp(buf_str(&out), content, len) == 0);
}

START_TEST(xz_is_the_same_with_any_number_of_threads)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/x", dir);
	struct publish_packed one, three;

	if (!test_has_program("xz"))
		test_skip("xz is missing");
	pack(path, BYTES, PUBLISH_XZ, 1, &one);
	ck_packed(path, &one);
	ck_unpacks(path, BYTES);
	pack(path, BYTES, PUBLISH_XZ, 3, &three);
	ck_packed(path, &three);
	ck_assert_uint_eq(one.bytes, three.bytes);
	ck_assert_mem_eq(one.sha256, three.sha256, SHA256_BYTES);
	pack(path, 1, PUBLISH_XZ, 2, &one);
	ck_unpacks(path, 1);
	test_dir_remove(dir);
}
END_TEST

START_TEST(plain_is_sparse)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/x", dir);
	struct publish_packed p;
	struct stat st;

	pack(path, BYTES, PUBLISH_PLAIN, 1, &p);
	ck_packed(path, &p);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_lt((uint64_t)st.st_blocks * 512, 10 * MiB);
	pack(path, 5 * MiB, PUBLISH_PLAIN, 1, &p); /* zeros up to its end */
	ck_packed(path, &p);
	ck_assert_uint_eq(p.bytes, 5 * MiB);
	test_dir_remove(dir);
}
END_TEST

START_TEST(ends_when_it_is_cancelled)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct publish_packed p;
	struct source s = SOURCE_INIT;
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/x", dir);
	_cleanup_close_ int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	struct err e = { 0 };

	ck_ok(pool_new(2, &pool, &e));
	pool_cancel(pool);
	source_init_bytes(&s, content, BYTES);
	ck_assert_int_eq(publish_pack(&s, fd, &(struct publish_pack_params){ .pool = pool }, &p,
				      &e),
			 -ECANCELED);
	test_dir_remove(dir);
}
END_TEST

int main(void)
{
	const TTest *tests[] = { xz_is_the_same_with_any_number_of_threads, plain_is_sparse,
				 ends_when_it_is_cancelled };

	return test_run_with("publish_pack", tests, ARRAY_SIZE(tests), setup, teardown);
}
