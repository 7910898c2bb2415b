/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcryptsetup on all cores says what it says in one piece, for trees of every shape at a piece's end. */
#include "base/test/support.h"
#include "verity/geometry.h"
#include "verity/test/noise.h"

#define BLOCK 512 /* 16 digests in a hash block, 256 data blocks in a piece */

static struct err e;

struct tree {
	struct buf data, hash;
	uint8_t root[VERITY_ROOT_HASH_BYTES];
};

static void make(struct tree *t, uint64_t blocks)
{
	struct verity_params p = { .data_block_bytes = BLOCK,
				   .hash_block_bytes = BLOCK,
				   .data_blocks = blocks,
				   .salt_bytes = 64 };
	struct source src;
	struct sink out;

	*t = (struct tree){ BUF_INIT, BUF_INIT, { 0 } };
	uint8_t *at = buf_grow(&t->data, blocks * BLOCK);
	noise(at, blocks * BLOCK, blocks);
	t->data.len = blocks * BLOCK;
	source_init_bytes(&src, t->data.data, t->data.len);
	sink_init_buf(&out, &t->hash);
	ck_ok(verity_build(&p, &src, &out, t->root, &e));
}

static int check(const struct tree *t, struct pool *pool, bool mapped)
{
	struct source data, hash, window;

	source_init_bytes(&data, t->data.data, t->data.len);
	source_init_bytes(&hash, t->hash.data, t->hash.len);
	ck_ok(source_init_window(&window, &data, 0, data.size_bytes, &e));
	if (!mapped)
		window.bytes = NULL;
	return verity_verify_second(&window, &hash, t->root, pool, &e);
}

static void done(struct tree *t)
{
	buf_done(&t->data);
	buf_done(&t->hash);
}

static const uint64_t sizes[] = { 1,   2,   16,	 17,  256, 257, 258,  272,
				  273, 512, 513, 600, 768, 769, 4096, 4097 };

START_TEST(good_trees)
{
	_cleanup_(pool_free) struct pool *pool = NULL;

	ck_ok(pool_new(3, &pool, &e));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct tree t;
		make(&t, sizes[i]);
		ck_ok(check(&t, pool, true));
		ck_ok(check(&t, NULL, false));
		t.root[0] ^= 1;
		ck_assert_int_eq(check(&t, pool, true), -EBADMSG);
		done(&t);
	}
}
END_TEST

/* One bit of every data block's and every hash block's first, middle or last byte. */
START_TEST(every_block_counts)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct tree t;

	ck_ok(pool_new(2, &pool, &e));
	for (size_t i = 9; i < 13; i++) {
		make(&t, sizes[i]);
		for (uint64_t at = 0; at < t.data.len; at += 37 * BLOCK + 255) {
			t.data.data[at] ^= 4;
			ck_assert_int_eq(check(&t, pool, true), -EBADMSG);
			t.data.data[at] ^= 4;
		}
		for (uint64_t at = BLOCK; at < t.hash.len; at += BLOCK) {
			t.hash.data[at + 3] ^= 4;
			ck_assert_int_eq(check(&t, pool, true), -EBADMSG);
			t.hash.data[at + 3] ^= 4;
		}
		t.data.data[t.data.len - 1] ^= 4;
		ck_assert_int_eq(check(&t, pool, true), -EBADMSG);
		done(&t);
	}
}
END_TEST

START_TEST(areas_that_are_too_short)
{
	struct tree t;

	make(&t, 600);
	t.data.len -= BLOCK;
	ck_assert_int_eq(check(&t, NULL, true), -ERANGE);
	t.data.len += BLOCK;
	t.hash.len -= BLOCK;
	ck_assert_int_eq(check(&t, NULL, true), -ERANGE);
	t.hash.len = 100;
	ck_assert_int_lt(check(&t, NULL, true), 0);
	done(&t);
}
END_TEST

TEST_MAIN("second", good_trees, every_block_counts, areas_that_are_too_short)
