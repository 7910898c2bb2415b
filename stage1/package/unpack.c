/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/unpack.h"

#include <archive.h>
#include <zlib.h>
#include <zstd.h>

#include "stage1/package/unpack_internal.h"

/* .lzma: a byte of properties, the dictionary's size, and the content's, all bits set if unknown. */
#define LZMA_HEADER_BYTES   13
#define LZMA_MAX_PROPERTIES ((4 * 5 + 4) * 9 + 8)
#define LZMA_SIZE_OFFSET    5

int unpack_in_next(struct unpack_in *in, const uint8_t **ret, size_t *ret_len, struct err *e)
{
	uint64_t left = in->src->size_bytes - in->off;
	size_t len = (size_t)MIN(left, in->src->bytes ? GiB : UNPACK_BUFFER_BYTES);

	if (in->src->bytes) {
		*ret = in->src->bytes + in->off;
	} else {
		if (!in->buf)
			in->buf = malloc(UNPACK_BUFFER_BYTES);
		if (!in->buf)
			return err_oom(e);
		int r = source_pread(in->src, in->off, in->buf, len, e);
		if (r < 0)
			return r;
		*ret = in->buf;
	}
	in->off += len;
	*ret_len = len;
	return 0;
}

int unpack_check_size(const struct unpack_params *p, uint64_t len, struct err *e)
{
	if (len > p->limit_bytes)
		return err_set(e, -EFBIG, "it unpacks to more than the %llu bytes that are allowed",
			       (unsigned long long)p->limit_bytes);
	if (len > UNPACK_RATIO_FROM_BYTES && len / UNPACK_MAX_RATIO >= p->src->size_bytes)
		return err_set(e, -EFBIG,
			       "it unpacks to more than %d times its %llu bytes, which no package "
			       "needs: a decompression bomb",
			       UNPACK_MAX_RATIO, (unsigned long long)p->src->size_bytes);
	return 0;
}

/* The size that a header of .zst or .lzma tells; what the decoder gives is checked all the same. */
static int check_announced(const struct unpack_params *p, struct err *e)
{
	const struct source *src = p->src;
	unsigned long long len = ZSTD_CONTENTSIZE_UNKNOWN;

	if (src->bytes && p->format == UNPACK_ZSTD)
		len = ZSTD_getFrameContentSize(src->bytes, (size_t)src->size_bytes);
	else if (src->bytes && p->format == UNPACK_LZMA && src->size_bytes >= LZMA_HEADER_BYTES &&
		 src->bytes[0] <= LZMA_MAX_PROPERTIES)
		len = get_le64(src->bytes + LZMA_SIZE_OFFSET);
	if (len == ZSTD_CONTENTSIZE_UNKNOWN || len == ZSTD_CONTENTSIZE_ERROR)
		return 0;
	return unpack_check_size(p, len, e);
}

int unpack_out_put(struct unpack_out *o, const void *data, size_t len, struct err *e)
{
	int r = unpack_check_size(o->p, o->len + len, e);

	if (r < 0 || len == 0)
		return r;
	r = sink_pwrite(o->p->out, o->len, data, len, e);
	if (r == 0)
		o->len += len;
	return r;
}

int unpack_truncated(const struct unpack_out *o, struct err *e)
{
	return err_set(e, -EBADMSG, "truncated after %llu unpacked bytes",
		       (unsigned long long)o->len);
}

int unpack_damaged(const struct unpack_out *o, struct err *e)
{
	return err_set(e, -EBADMSG, "damaged after %llu unpacked bytes",
		       (unsigned long long)o->len);
}

int unpack_behind(struct err *e)
{
	return err_set(e, -EBADMSG, "there is something behind the end of the stream");
}

static int unpack_copy(struct unpack_in *in, struct unpack_out *o, struct err *e)
{
	const uint8_t *data = NULL;
	size_t len = 0;

	for (;;) {
		int r = unpack_in_next(in, &data, &len, e);
		if (r < 0 || len == 0)
			return r;
		r = unpack_out_put(o, data, len, e);
		if (r < 0)
			return r;
	}
}

static void zstd_free(ZSTD_DCtx *z)
{
	ZSTD_freeDCtx(z);
}
DEFINE_CLEANUP(ZSTD_DCtx *, zstd_free)

int unpack_zstd(struct unpack_in *in, struct unpack_out *o, struct err *e)
{
	_cleanup_(zstd_free) ZSTD_DCtx *z = ZSTD_createDCtx();
	_cleanup_free_ uint8_t *buf = malloc(UNPACK_BUFFER_BYTES);
	size_t left_of_frame = 1; /* an empty file is truncated too */

	if (!z || !buf)
		return err_oom(e);
	for (;;) {
		ZSTD_inBuffer i = { 0 };
		const uint8_t *data = NULL;
		int r = unpack_in_next(in, &data, &i.size, e);
		if (r < 0)
			return r;
		if (i.size == 0)
			return left_of_frame ? unpack_truncated(o, e) : 0;
		i.src = data;
		bool more = true;
		while (i.pos < i.size || more) {
			ZSTD_outBuffer out = { .dst = buf, .size = UNPACK_BUFFER_BYTES };
			left_of_frame = ZSTD_decompressStream(z, &out, &i);
			if (ZSTD_isError(left_of_frame))
				return err_set(e, -EBADMSG, "damaged after %llu unpacked bytes: %s",
					       (unsigned long long)o->len,
					       ZSTD_getErrorName(left_of_frame));
			r = unpack_out_put(o, buf, out.pos, e);
			if (r < 0)
				return r;
			more = out.pos == out.size && left_of_frame;
		}
	}
}

static void archive_reader_free(struct archive *a)
{
	archive_read_free(a);
}
DEFINE_CLEANUP(struct archive *, archive_reader_free)

struct archive_input {
	struct unpack_in *in;
	struct err *e;
};

static la_ssize_t archive_next(struct archive *a, void *ctx, const void **ret)
{
	struct archive_input *i = ctx;
	const uint8_t *data = NULL;
	size_t len = 0;

	int r = unpack_in_next(i->in, &data, &len, i->e);
	if (r < 0) {
		archive_set_error(a, -r, "%s", i->e->msg);
		return -1;
	}
	*ret = data;
	return (la_ssize_t)len;
}

int unpack_bzip2(struct unpack_in *in, struct unpack_out *o, struct err *e)
{
	_cleanup_(archive_reader_free) struct archive *a = archive_read_new();
	_cleanup_free_ uint8_t *buf = malloc(UNPACK_BUFFER_BYTES);
	struct archive_input ctx = { .in = in, .e = e };
	struct archive_entry *entry;

	if (!a || !buf)
		return err_oom(e);
	if (archive_read_append_filter(a, ARCHIVE_FILTER_BZIP2) != ARCHIVE_OK ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK)
		return err_set(e, -EBADMSG, "cannot be read: %s", archive_error_string(a));
	int r = archive_read_open(a, &ctx, NULL, archive_next, NULL);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(a, &entry);
	la_ssize_t n = r == ARCHIVE_OK ? 1 : -1;
	while (n > 0) {
		n = archive_read_data(a, buf, UNPACK_BUFFER_BYTES);
		if (n > 0) {
			r = unpack_out_put(o, buf, (size_t)n, e);
			if (r < 0)
				return r;
		}
	}
	if (n < 0)
		return err_set(e, -EBADMSG, "truncated or damaged after %llu unpacked bytes: %s",
			       (unsigned long long)o->len, archive_error_string(a));
	/* libarchive stops before what is no further stream. */
	if ((uint64_t)archive_filter_bytes(a, -1) != in->src->size_bytes)
		return unpack_behind(e);
	return 0;
}

static void gzip_done(z_stream *z)
{
	inflateEnd(z);
}

/* By zlib: libarchive's reader does not compare the CRC and takes a cut header for the end. */
int unpack_gzip(struct unpack_in *in, struct unpack_out *o, struct err *e)
{
	__attribute__((cleanup(gzip_done))) z_stream z = { 0 };
	_cleanup_free_ uint8_t *buf = malloc(UNPACK_BUFFER_BYTES);
	int r = 0, status = Z_OK;

	if (!buf || inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
		return err_oom(e);
	for (;;) {
		const uint8_t *data = NULL;
		size_t len = 0;
		r = unpack_in_next(in, &data, &len, e);
		if (r < 0)
			return r;
		if (len == 0)
			return status == Z_STREAM_END ? 0 : unpack_truncated(o, e);
		z.next_in = (Bytef *)(uintptr_t)data;
		z.avail_in = (uInt)len; /* at most 1 GiB */
		do {
			if (status == Z_STREAM_END)
				inflateReset(&z); /* another member */
			z.next_out = buf;
			z.avail_out = UNPACK_BUFFER_BYTES;
			status = inflate(&z, Z_NO_FLUSH);
			r = unpack_out_put(o, buf, UNPACK_BUFFER_BYTES - z.avail_out, e);
			if (r < 0)
				return r;
			if (status == Z_MEM_ERROR)
				return err_oom(e);
			if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
				return unpack_damaged(o, e);
		} while (z.avail_in || z.avail_out == 0);
	}
}

int unpack(const struct unpack_params *p, uint64_t *ret_bytes, struct err *e)
{
	static int (*const decoders[])(struct unpack_in *, struct unpack_out *, struct err *) = {
		[UNPACK_NONE] = unpack_copy,   [UNPACK_GZIP] = unpack_gzip,
		[UNPACK_BZIP2] = unpack_bzip2, [UNPACK_XZ] = unpack_lzma,
		[UNPACK_LZMA] = unpack_lzma,   [UNPACK_ZSTD] = unpack_zstd,
	};
	_cleanup_unpack_in_ struct unpack_in in = { .src = p->src };
	struct unpack_out out = { .p = p };

	if (p->format != UNPACK_NONE && p->src->size_bytes == 0)
		return unpack_truncated(&out, e);
	int r = p->format == UNPACK_XZ ? unpack_xz_blocks(p, ret_bytes, e) : check_announced(p, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = decoders[p->format](&in, &out, e);
	if (r == 0)
		*ret_bytes = out.len;
	return r;
}

int unpack_to_buf(const struct source *src, enum unpack_format format, uint64_t limit_bytes,
		  struct buf *out, struct err *e)
{
	struct sink all, end;
	struct unpack_params p = {
		.src = src, .format = format, .out = &end, .limit_bytes = limit_bytes
	};
	uint64_t len;

	sink_init_buf(&all, out);
	sink_init_window(&end, &all, out->len, UINT64_MAX - out->len);
	return unpack(&p, &len, e);
}
