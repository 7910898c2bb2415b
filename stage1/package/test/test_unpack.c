/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lzma.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/test/support.h"
#include "stage1/package/unpack.h"

#define CONTENT_BYTES (1000 * 1000)
#define BLOCK_BYTES   (64 * KiB)

/* Neither all alike nor all random. */
static void make_content(struct buf *b)
{
	uint32_t state = 1;

	while (b->len < CONTENT_BYTES) {
		state = state * 1664525 + 1013904223;
		buf_printf(b, "line %u of %u\n", state >> 24, state >> 12 & 3);
	}
}

static void make_xz(struct buf *out, const struct buf *in, lzma_check check)
{
	lzma_stream s = LZMA_STREAM_INIT;
	const lzma_mt mt = { .threads = 2, .block_size = BLOCK_BYTES, .preset = 1, .check = check };
	uint8_t *p = buf_grow(out, 2 * in->len);

	ck_assert_int_eq(lzma_stream_encoder_mt(&s, &mt), LZMA_OK);
	s.next_in = in->data;
	s.avail_in = in->len;
	s.next_out = p;
	s.avail_out = 2 * in->len;
	ck_assert_int_eq(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	out->len += s.total_out;
	lzma_end(&s);
}

/* Its header says how long the content is. */
static void make_lzma(struct buf *out, const struct buf *in)
{
	lzma_stream s = LZMA_STREAM_INIT;
	uint8_t *p = buf_grow(out, 2 * in->len);
	lzma_options_lzma options;

	ck_assert(!lzma_lzma_preset(&options, 1));
	ck_assert_int_eq(lzma_alone_encoder(&s, &options), LZMA_OK);
	s.next_in = in->data;
	s.avail_in = in->len;
	s.next_out = p;
	s.avail_out = 2 * in->len;
	ck_assert_int_eq(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	out->len += s.total_out;
	lzma_end(&s);
	put_le64(out->data + 5, in->len);
}

static void make_gzip(struct buf *out, const void *data, size_t len)
{
	z_stream z = { 0 };
	uint8_t *p = buf_grow(out, len + 1000);

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = p;
	z.avail_out = (uInt)(len + 1000);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

static void make_zstd(struct buf *out, const void *data, size_t len)
{
	uint8_t *p = buf_grow(out, ZSTD_compressBound(len));
	size_t n = ZSTD_compress(p, ZSTD_compressBound(len), data, len, 3);

	ck_assert(!ZSTD_isError(n));
	out->len += n;
}

/* Unpacks into a memory file; compares when it works and @want is given. */
static int check(enum unpack_format format, const void *data, size_t len, uint64_t limit,
		 struct pool *pool, const struct buf *want, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("test", MFD_CLOEXEC);
	struct unpack_params p = { .format = format, .limit_bytes = limit, .pool = pool };
	struct source src;
	struct sink out;
	uint64_t n = 0;

	source_init_bytes(&src, data, len);
	sink_init_fd(&out, fd);
	p.src = &src;
	p.out = &out;
	int r = unpack(&p, &n, e);
	if (r == 0 && want) {
		_cleanup_free_ void *got = malloc(want->len + 1);
		ck_assert_uint_eq(n, want->len);
		ck_assert_int_eq(pread(fd, got, want->len + 1, 0), (ssize_t)want->len);
		ck_assert_mem_eq(got, want->data, want->len);
	}
	return r;
}

START_TEST(xz_blocks_side_by_side)
{
	static const lzma_check checks[] = { LZMA_CHECK_CRC32, LZMA_CHECK_CRC64, LZMA_CHECK_SHA256,
					     LZMA_CHECK_NONE };
	_cleanup_buf_ struct buf content = BUF_INIT;
	struct err e = { 0 };

	make_content(&content);
	for (unsigned int threads = 1; threads <= 4; threads += 3) {
		_cleanup_(pool_free) struct pool *pool = NULL;
		ck_ok(pool_new(threads, &pool, &e));
		for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
			_cleanup_buf_ struct buf xz = BUF_INIT;
			make_xz(&xz, &content, checks[i]);
			ck_ok(check(UNPACK_XZ, xz.data, xz.len, GiB, pool, &content, &e));
			ck_ok(check(UNPACK_XZ, xz.data, xz.len, GiB, NULL, &content, &e));
			ck_fails(check(UNPACK_XZ, xz.data, xz.len, content.len - 1, pool, NULL, &e),
				 -EFBIG, "more than");
		}
	}
}
END_TEST

START_TEST(xz_streams_and_padding)
{
	_cleanup_buf_ struct buf content = BUF_INIT, twice = BUF_INIT, xz = BUF_INIT;
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct err e = { 0 };

	ck_ok(pool_new(3, &pool, &e));
	make_content(&content);
	buf_append(&twice, content.data, content.len);
	buf_append(&twice, content.data, content.len);
	make_xz(&xz, &content, LZMA_CHECK_CRC64);
	buf_append_zero(&xz, 8);
	ck_ok(check(UNPACK_XZ, xz.data, xz.len, GiB, pool, &content, &e));
	make_xz(&xz, &content, LZMA_CHECK_CRC64);
	ck_ok(check(UNPACK_XZ, xz.data, xz.len, GiB, pool, &twice, &e));
	buf_append_str(&xz, "abcd");
	ck_fails(check(UNPACK_XZ, xz.data, xz.len, GiB, pool, NULL, &e), -EBADMSG, "");
}
END_TEST

START_TEST(damaged_xz_blocks_are_found)
{
	_cleanup_buf_ struct buf content = BUF_INIT, xz = BUF_INIT;
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct err e = { 0 };

	ck_ok(pool_new(3, &pool, &e));
	make_content(&content);
	make_xz(&xz, &content, LZMA_CHECK_CRC64);
	for (size_t i = 0; i < 600; i++) {
		/* Spread over the file, and each byte of the index and the footer. */
		size_t at = i < 300 ? i * (xz.len - 1) / 299 : xz.len - 1 - (i - 300);
		xz.data[at] ^= (uint8_t)(1u << (i & 7));
		int r = check(UNPACK_XZ, xz.data, xz.len, GiB, pool, &content, &e);
		ck_assert_msg(r == -EBADMSG || r == -EFBIG, "byte %zu of %zu: %d", at, xz.len, r);
		xz.data[at] ^= (uint8_t)(1u << (i & 7));
	}
	for (size_t len = 0; len < xz.len; len += 1 + xz.len / 100)
		ck_fails(check(UNPACK_XZ, xz.data, len, GiB, pool, NULL, &e), -EBADMSG,
			 "truncated");
}
END_TEST

START_TEST(gzip_members_and_checksums)
{
	_cleanup_buf_ struct buf want = BUF_INIT, gz = BUF_INIT;
	struct err e = { 0 };

	make_content(&want);
	make_gzip(&gz, want.data, want.len / 2);
	make_gzip(&gz, want.data + want.len / 2, want.len - want.len / 2);
	ck_ok(check(UNPACK_GZIP, gz.data, gz.len, GiB, NULL, &want, &e));
	for (size_t i = 1; i <= 8; i++) {
		gz.data[gz.len - i] ^= 1;
		ck_fails(check(UNPACK_GZIP, gz.data, gz.len, GiB, NULL, NULL, &e), -EBADMSG,
			 "damaged");
		gz.data[gz.len - i] ^= 1;
	}
	buf_append_str(&gz, "garbage");
	ck_fails(check(UNPACK_GZIP, gz.data, gz.len, GiB, NULL, NULL, &e), -EBADMSG, "damaged");
	gz.len -= 8;
	ck_fails(check(UNPACK_GZIP, gz.data, gz.len, GiB, NULL, NULL, &e), -EBADMSG, "truncated");
}
END_TEST

START_TEST(zstd_frames)
{
	_cleanup_buf_ struct buf want = BUF_INIT, z = BUF_INIT;
	struct err e = { 0 };

	make_content(&want);
	make_zstd(&z, want.data, want.len / 3);
	make_zstd(&z, want.data + want.len / 3, want.len - want.len / 3);
	ck_ok(check(UNPACK_ZSTD, z.data, z.len, GiB, NULL, &want, &e));
	ck_fails(check(UNPACK_ZSTD, z.data, z.len, want.len - 1, NULL, NULL, &e), -EFBIG,
		 "more than");
	ck_fails(check(UNPACK_ZSTD, z.data, z.len - 1, GiB, NULL, NULL, &e), -EBADMSG, "truncated");
	buf_append_str(&z, "garbage");
	ck_fails(check(UNPACK_ZSTD, z.data, z.len, GiB, NULL, NULL, &e), -EBADMSG, "damaged");
}
END_TEST

/* A source that is not addressable is read piece by piece. */
static int pread_of_bytes(const struct source *s, uint64_t off, void *data, size_t len,
			  struct err *e)
{
	return source_pread(s->parent, off, data, len, e);
}

START_TEST(sources_that_are_not_mapped)
{
	static const struct source_ops ops = { .pread = pread_of_bytes };
	_cleanup_buf_ struct buf want = BUF_INIT, xz = BUF_INIT, got = BUF_INIT;
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct source bytes, src = { .ops = &ops, .parent = &bytes, .fd = -1 };
	struct sink out;
	struct err e = { 0 };
	uint64_t n;

	ck_ok(pool_new(2, &pool, &e));
	make_content(&want);
	make_xz(&xz, &want, LZMA_CHECK_CRC32);
	source_init_bytes(&bytes, xz.data, xz.len);
	src.size_bytes = xz.len;
	sink_init_buf(&out, &got);
	const struct unpack_params p = {
		.src = &src, .format = UNPACK_XZ, .out = &out, .limit_bytes = GiB, .pool = pool
	};
	ck_ok(unpack(&p, &n, &e));
	ck_assert_uint_eq(n, want.len);
	ck_assert_mem_eq(got.data, want.data, want.len);
}
END_TEST

/* Where the file says how much it unpacks to, nothing is written before that has been found too much. */
START_TEST(sizes_are_checked_before)
{
	_cleanup_buf_ struct buf content = BUF_INIT, xz = BUF_INIT, zst = BUF_INIT, lzma = BUF_INIT;
	const struct {
		enum unpack_format format;
		const struct buf *file;
	} cases[] = { { UNPACK_XZ, &xz }, { UNPACK_ZSTD, &zst }, { UNPACK_LZMA, &lzma } };

	make_content(&content);
	make_xz(&xz, &content, LZMA_CHECK_CRC64);
	make_zstd(&zst, content.data, content.len);
	make_lzma(&lzma, &content);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf got = BUF_INIT;
		struct source src;
		struct sink out;
		struct unpack_params p = { .src = &src, .format = cases[i].format, .out = &out };
		struct err e = { 0 };
		uint64_t n;

		source_init_bytes(&src, cases[i].file->data, cases[i].file->len);
		sink_init_buf(&out, &got);
		p.limit_bytes = content.len - 1;
		ck_fails(unpack(&p, &n, &e), -EFBIG, "bytes that are allowed");
		ck_assert_uint_eq(got.len, 0);
		p.limit_bytes = content.len;
		ck_ok(unpack(&p, &n, &e));
		ck_assert_uint_eq(n, content.len);
	}
}
END_TEST

START_TEST(unknown_checksums_are_not_passed_over)
{
	const lzma_stream_flags flags = { .version = 0, .check = (lzma_check)2 };
	uint8_t header[LZMA_STREAM_HEADER_SIZE];
	struct err e = { 0 };

	ck_assert_int_eq(lzma_stream_header_encode(&flags, header), LZMA_OK);
	ck_fails(check(UNPACK_XZ, header, sizeof(header), GiB, NULL, NULL, &e), -EBADMSG,
		 "it uses a filter or checksum that liblzma lacks");
}
END_TEST

START_TEST(decoders_have_a_limit)
{
	_cleanup_buf_ struct buf content = BUF_INIT, lzma = BUF_INIT;
	struct err e = { 0 };

	make_content(&content);
	make_lzma(&lzma, &content);
	/* The dictionary's size: 128 MiB, and the next one up. */
	memcpy(lzma.data + 1, "\0\0\0\x08", 4);
	ck_ok(check(UNPACK_LZMA, lzma.data, lzma.len, GiB, NULL, &content, &e));
	memcpy(lzma.data + 1, "\0\0\0\x0c", 4);
	ck_fails(check(UNPACK_LZMA, lzma.data, lzma.len, GiB, NULL, NULL, &e), -EFBIG,
		 "its decoder wants more than 130 MiB of memory");
}
END_TEST

TEST_MAIN("unpack", xz_blocks_side_by_side, xz_streams_and_padding, damaged_xz_blocks_are_found,
	  gzip_members_and_checksums, zstd_frames, sources_that_are_not_mapped,
	  sizes_are_checked_before, decoders_have_a_limit, unknown_checksums_are_not_passed_over)
