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

int erofs_unpack(const struct erofs_mapped *m, const uint8_t *in, uint8_t *out)
{
	size_t zeros = 0;

	if (m->plain) {
		if (m->len > m->bytes)
			return -EINVAL;
		memcpy(out, in, (size_t)m->len);
		return 0;
	}
	while (zeros < m->bytes && in[zeros] == 0)
		zeros++;
	if (zeros == m->bytes)
		return -EINVAL;
	if (m->algorithm == EROFS_LZ4)
		return unpack_lz4(in + zeros, (size_t)m->bytes - zeros, out, (size_t)m->len);
	if (m->algorithm == EROFS_ZSTD)
		return unpack_zstd(in + zeros, (size_t)m->bytes - zeros, out, (size_t)m->len);
	return -EINVAL;
}
