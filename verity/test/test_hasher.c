/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every way of hashing against plain OpenSSL. */
#include "base/digest.h"
#include "base/test/support.h"
#include "verity/hasher.h"
#include "verity/test/noise.h"

static const char *const kind_names[] = { "auto", "openssl", "avx2", "avx512" };

static void expect_digest(const uint8_t *salt, size_t salt_bytes, const uint8_t *block,
			  size_t block_bytes, const uint8_t *got)
{
	_cleanup_(sha256_free) struct sha256 *s = sha256_new();
	uint8_t want[SHA256_BYTES];

	sha256_update(s, salt, salt_bytes);
	sha256_update(s, block, block_bytes);
	sha256_final(s, want);
	ck_assert_mem_eq(got, want, sizeof(want));
}

static void try_kind(enum hasher_kind kind, size_t salt_bytes, size_t block_bytes, size_t n)
{
	_cleanup_hasher_ struct hasher h = HASHER_INIT;
	_cleanup_free_ uint8_t *data = malloc(n * block_bytes + 1), *got = malloc(n * SHA256_BYTES);
	uint8_t salt[256];
	struct err e = { 0 };

	ck_ok(hasher_init(&h, kind, noise(salt, sizeof(salt), salt_bytes), salt_bytes, &e));
	/* Odd addresses, exact length: reading past the end shows under the sanitizers. */
	noise(data + 1, n * block_bytes, n + block_bytes);
	ck_ok(hasher_run(&h, data + 1, block_bytes, n, got, &e));
	for (size_t i = 0; i < n; i++)
		expect_digest(salt, salt_bytes, data + 1 + i * block_bytes, block_bytes,
			      got + i * SHA256_BYTES);
}

static void try_all(enum hasher_kind kind)
{
	static const size_t salts[] = { 0, 1, 32, 63, 64, 65, 128, 192, 256 };
	static const size_t blocks[] = { 64, 512, 4096 };
	static const size_t counts[] = { 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33 };
	struct err e = { 0 };
	struct hasher probe;

	if (hasher_init(&probe, kind, NULL, 0, &e) == -EOPNOTSUPP)
		test_skip("this CPU has no %s", kind_names[kind]);
	hasher_done(&probe);
	for (size_t s = 0; s < ARRAY_SIZE(salts); s++)
		for (size_t b = 0; b < ARRAY_SIZE(blocks); b++)
			for (size_t n = 0; n < ARRAY_SIZE(counts); n++)
				try_kind(kind, salts[s], blocks[b], counts[n]);
}

START_TEST(auto_equals_openssl)
{
	try_all(HASHER_AUTO);
}
END_TEST

START_TEST(openssl_with_copied_state)
{
	try_all(HASHER_OPENSSL);
}
END_TEST

START_TEST(avx2_equals_openssl)
{
	try_all(HASHER_AVX2);
}
END_TEST

START_TEST(avx512_equals_openssl)
{
	try_all(HASHER_AVX512);
}
END_TEST

TEST_MAIN("hasher", auto_equals_openssl, openssl_with_copied_state, avx2_equals_openssl,
	  avx512_equals_openssl)
