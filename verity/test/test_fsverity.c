/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/fsverity.h"

#include <fcntl.h>

#include "base/test/support.h"

static struct err e;

static uint8_t *make(size_t len)
{
	uint8_t *p = malloc(len);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8));
	return p;
}

static void expect(const struct source *src, struct pool *pool, const char *want)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	ck_ok(fsverity_digest(src, pool, digest, &e));
	hex_encode(digest, sizeof(digest), hex);
	ck_assert_str_eq(hex, want);
}

/* As `fsverity digest --compact` of fsverity-utils 1.5 says of the same bytes. */
START_TEST(as_fsverity_utils)
{
	static const struct {
		size_t len;
		const char *want;
	} cases[] = {
		{ 4096, "6c4c7798e195325ee4fb2cb0f930346ae3b2035975ff3685ca2add00c20e302d" },
		{ 4096 * 128, "115a0c79f5d2bb95fc794c47f9b27b19b7882a6b1abb32c5f2defa5233559810" },
		{ 4096 * 129, "bfd283e94987db861f39ed4412cf4610532785b6ba8b4aaa5a0ede1d13a2aec6" },
		{ 4096 * 130, "a3a1cbca69092e04c634defab0c066d7f9efffdf2276d9598ee9ca619eabdba3" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ uint8_t *data = make(cases[i].len);
		struct source src;
		source_init_bytes(&src, data, cases[i].len);
		expect(&src, NULL, cases[i].want);
	}
}
END_TEST

/* 64 MiB with 10000 bytes at 5 MiB, in a file with holes and in memory without. */
START_TEST(holes)
{
	static const char want[] =
		"758cd713fafd2f714667bd97b3d490e1fb96ce343f5a8e3c7542407c601fb081";
	const size_t len = 64 * MiB, at = 5 * MiB, n = 10000;
	_cleanup_(pool_free) struct pool *pool = NULL;
	_cleanup_source_ struct source file = SOURCE_INIT;
	_cleanup_free_ uint8_t *data = make(n), *all = calloc(1, len);
	char path[] = "/tmp/fsverity-XXXXXX";
	struct source memory;

	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
	ck_assert_int_eq(pwrite(fd, data, n, (off_t)at), (ssize_t)n);
	ck_ok(source_init_fd(&file, fd, &e));
	ck_ok(pool_new(3, &pool, &e));
	expect(&file, pool, want);
	ck_assert_ptr_nonnull(all);
	memcpy(all + at, data, n);
	source_init_bytes(&memory, all, len);
	expect(&memory, NULL, want);
}
END_TEST

START_TEST(other_lengths)
{
	uint8_t data[4097] = { 0 }, digest[SHA256_BYTES];
	struct source src;

	source_init_bytes(&src, data, sizeof(data));
	ck_fails(fsverity_digest(&src, NULL, digest, &e), -EINVAL, "4097 bytes");
	source_init_bytes(&src, data, 0);
	ck_fails(fsverity_digest(&src, NULL, digest, &e), -EINVAL, "0 bytes");
}
END_TEST

TEST_MAIN("fsverity", as_fsverity_utils, holes, other_lengths)
