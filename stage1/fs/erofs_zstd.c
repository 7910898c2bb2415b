/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/erofs_zstd.h"

#include <zstd.h>

#include "stage1/fs/erofs_format.h"

#define FIRST_RATIO    3   /* of a content of which nothing is known yet */
#define TRIES	       5   /* after which the best is taken */
#define INCOMPRESSIBLE 64  /* a part of the input: what saves less than it is stored as it is */
#define WASTE	       128 /* a part of the output so small that it is not worth another try */

struct erofs_zstd {
	ZSTD_CCtx *context;
	size_t room, scratch_bytes;
	uint8_t *scratch;   /* with more room, so that what does not fit tells by how much */
	size_t taken, gave; /* the content's last extent */
};

/* So many bytes of input became so many. */
struct trial {
	size_t len, n;
};

struct erofs_zstd *erofs_zstd_new(int level, unsigned int window_log, size_t room)
{
	_cleanup_(erofs_zstd_free) struct erofs_zstd *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->room = room;
	z->scratch_bytes = room + room / 2;
	z->scratch = malloc(z->scratch_bytes);
	z->context = ZSTD_createCCtx();
	if (!z->scratch || !z->context ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_windowLog, (int)window_log)))
		return NULL;
	return TAKE_PTR(z);
}

void erofs_zstd_free(struct erofs_zstd *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->context);
	free(z->scratch);
	free(z);
}

void erofs_zstd_begin(struct erofs_zstd *z)
{
	z->taken = FIRST_RATIO;
	z->gave = 1;
}

static size_t blocks(size_t n)
{
	return (size_t)div_round_up(n, EROFS_BLOCK_BYTES);
}

static bool is_full(size_t n, size_t room)
{
	return n > room / 2 && blocks(n) * EROFS_BLOCK_BYTES - n <= n / WASTE;
}

/* More input for each block of output, and not a cluster of half the size? */
static bool is_better(struct trial a, struct trial b, size_t room)
{
	if ((a.n > room / 2) != (b.n > room / 2))
		return a.n > room / 2;
	return (uint64_t)a.len * blocks(b.n) > (uint64_t)b.len * blocks(a.n);
}

/*
 * Where the line through two tries, or through one and nothing, meets the end of the block that is nearest
 * to where the last one ended. A bit less than that: what is too much was in vain.
 */
static size_t guess(struct trial last, struct trial before, size_t room)
{
	size_t to = (last.n + EROFS_BLOCK_BYTES / 2) / EROFS_BLOCK_BYTES * EROFS_BLOCK_BYTES;
	int64_t len = (int64_t)last.len - (int64_t)before.len;
	int64_t n = (int64_t)last.n - (int64_t)before.n;

	to = MIN(MAX(to, align_up(room / 2, EROFS_BLOCK_BYTES) + EROFS_BLOCK_BYTES), room);
	to -= to / (2 * WASTE);
	if (n == 0 || (len < 0) != (n < 0)) {
		len = (int64_t)last.len;
		n = (int64_t)last.n;
	}
	int64_t next = (int64_t)last.len + ((int64_t)to - (int64_t)last.n) * len / n;
	return next > 0 ? (size_t)next : 1;
}

/* Until an output is as good as full, but not for long; the one with most input for each of its blocks. */
static struct trial find_best(struct erofs_zstd *z, const void *src, size_t src_len, size_t len,
			      void *out)
{
	struct trial best = { 0, 1 }, last = { 0, 0 };
	size_t too_long = src_len + 1;

	for (int i = 0; i < TRIES || !best.len; i++) {
		struct trial before = last;
		if (i >= TRIES)
			len = too_long - too_long / 8;
		last.len = len;
		last.n = ZSTD_compress2(z->context, z->scratch, z->scratch_bytes, src, len);
		if (ZSTD_isError(last.n)) {
			too_long = MIN(len, too_long);
			last = before;
			len -= len / 2;
			continue;
		}
		if (last.n >= len - len / INCOMPRESSIBLE)
			break;
		if (last.n > z->room) {
			too_long = MIN(len, too_long);
		} else if (is_better(last, best, z->room)) {
			memcpy(out, z->scratch, last.n);
			best = last;
			if (len == src_len || is_full(last.n, z->room))
				break;
		}
		len = MIN(guess(last, before, z->room), src_len);
	}
	return best;
}

size_t erofs_zstd_fit(struct erofs_zstd *z, const void *src, size_t src_len, void *out,
		      size_t *ret_taken)
{
	size_t len = (size_t)((uint64_t)(z->room - z->room / WASTE) * z->taken / z->gave);

	/* A short rest would be an extent of its own. */
	if (len + len / 8 >= src_len)
		len = src_len;
	struct trial best = find_best(z, src, src_len, len, out);
	z->taken = best.len ? best.len : 1;
	z->gave = best.n;
	*ret_taken = best.len ? best.len : MIN(src_len, z->room);
	return best.len ? best.n : 0;
}
