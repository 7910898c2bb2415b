/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/decompress.h"

#include <zstd.h>

#define STEP_BYTES     (1 * MiB)
#define WINDOW_LOG_MAX 27 /* 128 MiB: what the kernel takes, too */

DEFINE_CLEANUP(ZSTD_DCtx *, ZSTD_freeDCtx)

bool zstd_probe(const void *data, size_t len)
{
	return len > 4 && get_le32(data) == ZSTD_MAGICNUMBER;
}

bool zstd_is_one_frame(const void *data, size_t len)
{
	return zstd_probe(data, len) && ZSTD_findFrameCompressedSize(data, len) == len;
}

int zstd_decompress(const void *data, size_t len, size_t max_bytes, struct buf *ret, struct err *e)
{
	_cleanup_(ZSTD_freeDCtx) ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = { data, len, 0 };
	size_t left = 1, begin = ret->len;

	if (!z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		return err_oom(e);
	while (in.pos < len || left) {
		uint8_t *to = buf_grow(ret, STEP_BYTES);
		if (!to)
			return err_oom(e);
		ZSTD_outBuffer out = { to, STEP_BYTES, 0 };
		size_t before = in.pos;
		left = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(left))
			return err_set(e, -EBADMSG, "zstd: %s", ZSTD_getErrorName(left));
		if (!out.pos && in.pos == before)
			return left ? err_set(e, -EBADMSG, "zstd: cut short") : 0;
		ret->len += out.pos;
		if (ret->len - begin > max_bytes)
			return err_set(e, -EBADMSG, "zstd: more than %zu bytes come out",
				       max_bytes);
	}
	return 0;
}
