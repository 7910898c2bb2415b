/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <zstd.h>

#include "base/run.h"
#include "base/test/support.h"
#include "stage1/initrd/compress.h"
#include "stage1/initrd/initrd.h"

#define CONTENT_BYTES (13 * MiB + 77) /* several of the encoder's pieces */

static struct err e;

/* Text that compresses, different all along. */
static uint8_t *content(size_t len)
{
	uint8_t *p = malloc(len);
	uint32_t state = 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		p[i] = (uint8_t)("abcdefgh"[state >> 29] + (i >> 20));
	}
	return p;
}

static struct buf squeeze(const struct compress_params *p, const uint8_t *data, size_t step)
{
	_cleanup_(compress_free) struct compress *c = NULL;
	struct buf out = BUF_INIT;
	uint64_t bytes = 0;
	struct sink s;

	sink_init_buf(&s, &out);
	ck_ok(compress_new(p, &s, &c, &e));
	for (size_t at = 0; at < p->size_bytes; at += step)
		ck_ok(sink_pwrite(compress_sink(c), at, data + at, MIN(step, p->size_bytes - at),
				  &e));
	ck_ok(compress_finish(c, &bytes, &e));
	ck_assert_uint_eq(bytes, out.len);
	return out;
}

START_TEST(comes_back_whole)
{
	static const size_t sizes[] = { 0, 1, 511, 512 * KiB, 512 * KiB + 1, CONTENT_BYTES };
	_cleanup_free_ uint8_t *data = content(CONTENT_BYTES), *back = malloc(CONTENT_BYTES);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct compress_params p = {
			.type = COMPRESS_ZSTD, .level = 1, .size_bytes = sizes[i], .n_threads = 2
		};
		struct buf b = squeeze(&p, data, CONTENT_BYTES);
		ck_assert_uint_eq(ZSTD_getFrameContentSize(b.data, b.len), sizes[i]);
		ck_assert(b.data[4] & 4); /* frame header descriptor: it ends in a checksum */
		ck_assert_uint_eq(ZSTD_decompress(back, CONTENT_BYTES, b.data, b.len), sizes[i]);
		ck_assert_mem_eq(back, data, sizes[i]);
		buf_done(&b);
	}
}
END_TEST

START_TEST(threads_and_pieces_do_not_matter)
{
	static const struct {
		unsigned int threads;
		size_t step;
	} ways[] = { { 1, CONTENT_BYTES }, { 2, 4096 }, { 4, 1000003 }, { 7, CONTENT_BYTES } };
	_cleanup_free_ uint8_t *data = content(CONTENT_BYTES);
	struct buf first = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct compress_params p = { .type = COMPRESS_ZSTD,
						   .level = 3,
						   .size_bytes = CONTENT_BYTES,
						   .n_threads = ways[i].threads };
		struct buf b = squeeze(&p, data, ways[i].step);
		if (i > 0) {
			ck_assert_uint_eq(b.len, first.len);
			ck_assert_mem_eq(b.data, first.data, b.len);
			buf_done(&b);
		} else {
			first = b;
		}
	}
	buf_done(&first);
}
END_TEST

START_TEST(none_is_a_copy)
{
	_cleanup_free_ uint8_t *data = content(100000);
	const struct compress_params p = { .type = COMPRESS_NONE,
					   .size_bytes = 100000,
					   .n_threads = 1 };
	struct buf b = squeeze(&p, data, 999);

	ck_assert_uint_eq(b.len, 100000);
	ck_assert_mem_eq(b.data, data, b.len);
	buf_done(&b);
}
END_TEST

START_TEST(misuse_is_an_error)
{
	struct compress_params p = { .type = COMPRESS_ZSTD, .size_bytes = 10, .n_threads = 1 };
	struct compress *c = NULL;
	struct buf out = BUF_INIT;
	struct sink s;

	sink_init_buf(&s, &out);
	p.level = 99;
	ck_fails(compress_new(&p, &s, &c, &e), -EINVAL, "level 99");
	p.level = -1;
	ck_fails(compress_new(&p, &s, &c, &e), -EINVAL, "level -1");
	p.level = 1;
	ck_ok(compress_new(&p, &s, &c, &e));
	ck_ok(sink_pwrite(compress_sink(c), 0, "abc", 3, &e));
	ck_fails(sink_pwrite(compress_sink(c), 4, "abc", 3, &e), -ESPIPE, "in order");
	ck_fails(sink_pwrite(compress_sink(c), 3, "abcdefgh", 8, &e), -ENOSPC, "");
	ck_fails(compress_finish(c, NULL, &e), -EINVAL, "got 3 bytes instead of 10");
	compress_free(c);
	buf_done(&out);
}
END_TEST

static struct buf pack(unsigned int threads)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct tree_meta m = { .mode = 0644 };
	struct initrd_pack_params p = { .type = COMPRESS_ZSTD, .level = 1, .time = 1 };
	struct buf out = BUF_INIT;

	ck_ok(tree_add_file(t, "f", &m, blob_new_take(content(CONTENT_BYTES), CONTENT_BYTES), NULL,
			    &e));
	if (threads)
		ck_ok(pool_new(threads, &pool, &e));
	p.pool = pool;
	ck_ok(initrd_pack(t, &p, &out, &e));
	return out;
}

START_TEST(an_initrd_is_the_same_with_any_pool)
{
	struct buf none = pack(0), three = pack(3);

	ck_assert_uint_eq(none.len, three.len);
	ck_assert_mem_eq(none.data, three.data, none.len);
	buf_done(&three);
	buf_done(&none);
}
END_TEST

START_TEST(zstd_and_cpio_accept_it)
{
	static const char *const unpack[] = { "zstd", "-dc", NULL };
	static const char *const list[] = { "cpio", "-t", "--quiet", NULL };
	struct buf z = pack(2), raw = BUF_INIT, names = BUF_INIT;
	struct run_params p = { .argv = unpack, .input = z.data, .input_len = z.len, .out = &raw };

	int r = run_program(&p, NULL, &e);
	buf_done(&z);
	if (r == 0) {
		p = (struct run_params){
			.argv = list, .input = raw.data, .input_len = raw.len, .out = &names
		};
		r = run_program(&p, NULL, &e);
	}
	_cleanup_free_ char *text = buf_take_str(&names);
	buf_done(&raw);
	if (r == -ENOENT)
		test_skip("no zstd or no cpio");
	ck_assert_msg(r == 0, "%s", e.msg);
	ck_assert_str_eq(text, ".\nf\n");
}
END_TEST

TEST_MAIN("compress", comes_back_whole, threads_and_pieces_do_not_matter, none_is_a_copy,
	  misuse_is_an_error, an_initrd_is_the_same_with_any_pool, zstd_and_cpio_accept_it)
