/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <zstd.h>

#include "base/test/support.h"
#include "stage1/fs/erofs_format.h"
#include "stage1/fs/erofs_zstd.h"

#define LEN	   (3 * MiB)
#define WINDOW_LOG 19

enum content { ZEROS, NOISE, TEXT, BOTH, N_CONTENTS };

/* Text has words by chance; of both there are stretches of different lengths. */
static uint8_t *make(enum content kind)
{
	static const char *const words[] = { "cluster ", "extent ", "block\n", "zstd " };
	uint8_t *data = calloc(1, LEN + 8);
	uint64_t x = 1;

	ck_assert_ptr_nonnull(data);
	for (size_t at = 0; kind != ZEROS && at < LEN; at += 8) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bool noise = kind == NOISE || (kind == BOTH && at / 50000 * 7 % 3 == 0);
		uint64_t v = x ^ x >> 29;
		if (noise)
			memcpy(data + at, &v, 8);
		else
			memcpy(data + at, words[x >> 60 & 3], strlen(words[x >> 60 & 3]));
	}
	return data;
}

static size_t pack_all(struct erofs_zstd *z, const uint8_t *data, size_t len, size_t room,
		       uint8_t *ret)
{
	_cleanup_free_ uint8_t *back = malloc(len);
	size_t total = 0, taken = 0;

	ck_assert_ptr_nonnull(back);
	erofs_zstd_begin(z);
	for (size_t at = 0; at < len; at += taken) {
		size_t n = erofs_zstd_fit(z, data + at, len - at, ret + total, &taken);
		ck_assert_uint_gt(taken, 0);
		ck_assert_uint_le(taken, len - at);
		ck_assert_uint_le(n, room);
		if (n == 0) {
			ck_assert_uint_le(taken, room);
			memcpy(ret + total, data + at, taken);
		} else {
			ck_assert_uint_eq(ZSTD_decompress(back, len, ret + total, n), taken);
			ck_assert_mem_eq(back, data + at, taken);
		}
		total += n ? n : taken;
	}
	return total;
}

START_TEST(fits_and_unpacks)
{
	static const size_t rooms[] = { 4096, 65536, MiB };
	static const size_t lens[] = { 1, 2, 100, 4095, 4097, 65537, 700001, LEN };
	_cleanup_free_ uint8_t *out = malloc(LEN + MiB);

	for (int kind = 0; kind < N_CONTENTS; kind++) {
		_cleanup_free_ uint8_t *data = make((enum content)kind);
		for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
			_cleanup_(erofs_zstd_free) struct erofs_zstd *z =
				erofs_zstd_new(3, WINDOW_LOG, rooms[i]);
			ck_assert_ptr_nonnull(z);
			for (size_t k = 0; k < ARRAY_SIZE(lens); k++)
				pack_all(z, data, lens[k], rooms[i], out);
		}
	}
}
END_TEST

/* What is taken is nearly the most that goes into as many blocks. */
START_TEST(fills_its_blocks)
{
	_cleanup_free_ uint8_t *data = make(TEXT), *out = malloc(65536), *more = malloc(LEN);
	_cleanup_(erofs_zstd_free) struct erofs_zstd *z = erofs_zstd_new(3, WINDOW_LOG, 65536);
	size_t taken = 0, n_extents = 0;

	erofs_zstd_begin(z);
	for (size_t at = 0; LEN - at > MiB; at += taken) {
		size_t n = erofs_zstd_fit(z, data + at, LEN - at, out, &taken);
		ck_assert_uint_gt(n, 32768);
		size_t with_more = ZSTD_compress(more, LEN, data + at, taken + taken / 32, 3);
		ck_assert_uint_gt(with_more, align_up(n, EROFS_BLOCK_BYTES));
		n_extents++;
	}
	ck_assert_uint_gt(n_extents, 3);
}
END_TEST

START_TEST(noise_is_one_look)
{
	_cleanup_free_ uint8_t *data = make(NOISE), *out = malloc(65536);
	_cleanup_(erofs_zstd_free) struct erofs_zstd *z = erofs_zstd_new(3, WINDOW_LOG, 65536);
	size_t taken = 0;

	erofs_zstd_begin(z);
	ck_assert_uint_eq(erofs_zstd_fit(z, data, LEN, out, &taken), 0);
	ck_assert_uint_eq(taken, 65536);
}
END_TEST

/* One context for many contents gives what a new one for each would give. */
START_TEST(begin_forgets)
{
	_cleanup_free_ uint8_t *out = malloc(LEN + MiB), *fresh = malloc(LEN + MiB);
	_cleanup_(erofs_zstd_free) struct erofs_zstd *used = erofs_zstd_new(9, WINDOW_LOG, 65536);

	for (int kind = 0; kind < N_CONTENTS; kind++) {
		_cleanup_(erofs_zstd_free) struct erofs_zstd *new =
			erofs_zstd_new(9, WINDOW_LOG, 65536);
		_cleanup_free_ uint8_t *data = make((enum content)kind);
		size_t n = pack_all(used, data, LEN, 65536, out);
		ck_assert_uint_eq(pack_all(new, data, LEN, 65536, fresh), n);
		ck_assert_mem_eq(out, fresh, n);
	}
}
END_TEST

TEST_MAIN("erofs_zstd", fits_and_unpacks, fills_its_blocks, noise_is_one_look, begin_forgets)
