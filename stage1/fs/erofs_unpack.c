/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compressed cluster of a possibly damaged image: its bytes lie at its end, behind zeros. */
#include <lz4.h>
#include <zstd.h>

#include "stage1/fs/erofs_read.h"

static int unpack_lz4(const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
	/* A cluster may hold more than this extent, which is then its beginning. */
	int n = LZ4_decompress_safe_partial((const char *)in, (char *)out, (int)len, (int)out_len,
					    (int)out_len);

	return n == (int)out_len ? 0 : -EINVAL;
}

static int unpack_zstd(const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
	size_t n = ZSTD_decompress(out, out_len, in, len);

	return !ZSTD_isError(n) && n == out_len ? 0 : -EINVAL;
}

/* Only the beginning of what a cluster holds. */
static int unpack_zstd_partial(const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
	ZSTD_inBuffer from = { in, len, 0 };
	ZSTD_outBuffer to = { out, out_len, 0 };
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	size_t before, n = 0;

	if (!ctx)
		return -ENOMEM;
	do {
		before = from.pos + to.pos;
		n = ZSTD_decompressStream(ctx, &to, &from);
	} while (!ZSTD_isError(n) && to.pos < to.size && from.pos + to.pos > before);
	ZSTD_freeDCtx(ctx);
	return to.pos == to.size ? 0 : -EINVAL;
}

/* Interlaced bytes go round within their block. */
static int unpack_plain(const struct erofs_mapped *m, const uint8_t *in, uint8_t *out)
{
	size_t len = (size_t)m->len, skip = m->interlaced ? m->from % EROFS_BLOCK_BYTES : 0;
	size_t right = m->interlaced ? MIN(len, EROFS_BLOCK_BYTES - skip) : len;

	if (len > m->bytes || skip + right > m->bytes)
		return -EINVAL;
	memcpy(out, in + skip, right);
	memcpy(out + right, in, len - right);
	return 0;
}

int erofs_unpack(const struct erofs_mapped *m, const uint8_t *in, uint8_t *out)
{
	size_t zeros = 0;

	if (m->plain)
		return unpack_plain(m, in, out);
	while (zeros < m->bytes && in[zeros] == 0)
		zeros++;
	if (zeros == m->bytes)
		return -EINVAL;
	if (m->algorithm == EROFS_LZ4)
		return unpack_lz4(in + zeros, (size_t)m->bytes - zeros, out, (size_t)m->len);
	if (m->algorithm == EROFS_ZSTD)
		return (m->partial ? unpack_zstd_partial : unpack_zstd)(
			in + zeros, (size_t)m->bytes - zeros, out, (size_t)m->len);
	return -EINVAL;
}
