/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "verity/geometry.h"
#include "verity/test/noise.h"

static struct verity_params good_params(void)
{
	struct verity_params p = { .data_block_bytes = 4096,
				   .hash_block_bytes = 4096,
				   .data_blocks = 129,
				   .salt_bytes = 64 };

	noise(p.salt, p.salt_bytes, 1);
	noise(p.uuid, sizeof(p.uuid), 2);
	return p;
}

START_TEST(what_is_written_is_read)
{
	struct verity_params p = good_params(), q;
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];
	struct err e = { 0 };

	verity_superblock_put(&p, sb);
	ck_ok(verity_superblock_parse(sb, sizeof(sb), &q, &e));
	ck_assert_uint_eq(q.data_block_bytes, 4096);
	ck_assert_uint_eq(q.hash_block_bytes, 4096);
	ck_assert_uint_eq(q.data_blocks, 129);
	ck_assert_uint_eq(q.salt_bytes, 64);
	ck_assert_mem_eq(q.salt, p.salt, sizeof(p.salt));
	ck_assert_mem_eq(q.uuid, p.uuid, sizeof(p.uuid));
	ck_assert_uint_eq(verity_area_bytes(&q), 4 * 4096);
}
END_TEST

START_TEST(malformed_superblocks)
{
	/* A value of so many bytes at an offset, and what the message says. */
	static const struct {
		size_t offset, len;
		uint64_t value;
		const char *says;
	} bad[] = {
		{ 0, 1, 'V', "no \"verity\"" },
		{ 7, 1, 1, "no \"verity\"" },
		{ 8, 4, 2, "version 2" },
		{ 12, 4, 0, "hash type 0" },
		{ 32, 1, 'S', "not sha256" },
		{ 38, 1, ' ', "not sha256" },
		{ 63, 1, 'x', "not sha256" },
		{ 64, 4, 0, "data block of 0 bytes" },
		{ 64, 4, 256, "data block of 256 bytes" },
		{ 64, 4, 4097, "data block of 4097 bytes" },
		{ 68, 4, 0x80000000, "hash block of 2147483648 bytes" },
		{ 72, 8, 0, "no data blocks" },
		{ 72, 8, UINT64_MAX, "2^63" },
		{ 72, 8, UINT64_C(1) << 51, "2^63" },
		{ 80, 2, 257, "salt of 257 bytes" },
		{ 80, 2, 63, "padding" }, /* the salt's last byte is outside now */
		{ 87, 1, 1, "padding" },
		{ 88 + 64, 1, 1, "padding" },
		{ 344, 1, 1, "padding" },
		{ 511, 1, 1, "padding" },
	};
	struct verity_params p = good_params(), q;
	uint8_t sb[VERITY_SUPERBLOCK_BYTES], le[8];
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		verity_superblock_put(&p, sb);
		put_le64(le, bad[i].value);
		memcpy(sb + bad[i].offset, le, bad[i].len);
		ck_fails(verity_superblock_parse(sb, sizeof(sb), &q, &e), -EBADMSG, bad[i].says);
	}
	verity_superblock_put(&p, sb);
	for (size_t len = 0; len < sizeof(sb); len++) {
		_cleanup_free_ uint8_t *cut = malloc(len + 1);
		memcpy(cut, sb, len);
		ck_fails(verity_superblock_parse(cut, len, &q, &e), -EBADMSG, "512 expected");
	}
}
END_TEST

START_TEST(geometry_at_the_edges)
{
	static const uint64_t blocks_and_area[][2] = {
		{ 1, 1 },
		{ 2, 2 },
		{ 128, 2 },
		{ 129, 4 },
		{ 128 * 128, 130 },
		{ 128 * 128 + 1, 1 + 1 + 2 + 129 },
		{ 262144, 1 + 1 + 16 + 2048 },
	};
	struct verity_params p = good_params();

	for (size_t i = 0; i < ARRAY_SIZE(blocks_and_area); i++) {
		p.data_blocks = blocks_and_area[i][0];
		ck_assert_uint_eq(verity_area_bytes(&p), blocks_and_area[i][1] * 4096);
	}
	p.data_blocks = (UINT64_C(1) << 51) - 1;
	ck_assert_uint_ne(verity_area_bytes(&p), 0);
	p.data_blocks++;
	ck_assert_uint_eq(verity_area_bytes(&p), 0);
	/* A tree of small hash blocks of large data. */
	p = good_params();
	p.hash_block_bytes = 512;
	p.data_blocks = UINT64_C(1) << 50;
	struct verity_geometry g;
	struct err e = { 0 };
	ck_ok(verity_geometry_init(&g, &p, &e));
	ck_assert_uint_eq(g.n_levels, 13);
	ck_assert_uint_eq(g.level_blocks[12], 1);
	ck_assert_uint_eq(g.level_first_block[12], 1);
}
END_TEST

TEST_MAIN("superblock", what_is_written_is_read, malformed_superblocks, geometry_at_the_edges)
