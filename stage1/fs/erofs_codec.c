/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/erofs_codec.h"

#include <lz4.h>
#include <lz4hc.h>

#include "stage1/fs/erofs_format.h"
#include "stage1/fs/erofs_zstd.h"

struct erofs_codec {
	enum fs_compression algorithm;
	int level;
	size_t room; /* for what an extent becomes */
	LZ4_streamHC_t *lz4hc;
	struct erofs_zstd *zstd;
};

int erofs_codec_check(const struct fs_params *p, struct err *e)
{
	const struct fs_algorithm *a = &fs_algorithms[p->compression];
	uint32_t cluster = erofs_cluster_bytes(p);

	if (p->level && !a->level_greatest)
		return err_set(e, -EINVAL, "level %d: %s has no levels", p->level, a->name);
	if (p->level && (p->level < a->level_least || p->level > a->level_greatest))
		return err_set(e, -EINVAL, "level %d: %s has levels %d to %d", p->level, a->name,
			       a->level_least, a->level_greatest);
	if (!fs_cluster_fits(cluster))
		return err_set(e, -EINVAL,
			       "a cluster of %u bytes: it has to be a power of 2 from 4K to 1M",
			       cluster);
	return 0;
}

unsigned int erofs_codec_window_log(const struct fs_params *p)
{
	uint64_t window = MIN(MAX(8 * (uint64_t)erofs_cluster_bytes(p), 128 * KiB), MiB);
	unsigned int log = 0;

	while (UINT64_C(1) << log < window)
		log++;
	return log;
}

struct erofs_codec *erofs_codec_new(const struct fs_params *p)
{
	_cleanup_(erofs_codec_free) struct erofs_codec *c = calloc(1, sizeof(*c));
	bool ok = true;

	if (!c)
		return NULL;
	c->algorithm = p->compression;
	c->level = p->level ? p->level : fs_algorithms[p->compression].level_normal;
	c->room = erofs_cluster_bytes(p);
	if (c->algorithm == FS_ZSTD) {
		c->zstd = erofs_zstd_new(c->level, erofs_codec_window_log(p), c->room);
		ok = c->zstd;
	} else if (c->algorithm == FS_LZ4HC) {
		c->lz4hc = LZ4_createStreamHC();
		ok = c->lz4hc;
	}
	return ok ? TAKE_PTR(c) : NULL;
}

void erofs_codec_free(struct erofs_codec *c)
{
	if (!c)
		return;
	erofs_zstd_free(c->zstd);
	LZ4_freeStreamHC(c->lz4hc);
	free(c);
}

void erofs_codec_begin(struct erofs_codec *c)
{
	if (c->zstd)
		erofs_zstd_begin(c->zstd);
}

static size_t fit_lz4(struct erofs_codec *c, const void *src, size_t src_len, void *out,
		      size_t *ret_taken)
{
	int taken = (int)src_len, n;

	if (c->algorithm == FS_LZ4HC) {
		/* Its tables of 256 KiB are not cleared each time: what is in them is known to be old. */
		LZ4_resetStreamHC_fast(c->lz4hc, c->level);
		n = LZ4_compress_HC_continue_destSize(c->lz4hc, src, out, &taken, (int)c->room);
	} else {
		n = LZ4_compress_destSize(src, out, &taken, (int)c->room);
	}
	*ret_taken = n > 0 ? (size_t)taken : MIN(src_len, c->room);
	return n > 0 ? (size_t)n : 0;
}

size_t erofs_codec_fit(struct erofs_codec *c, const void *src, size_t src_len, void *out,
		       size_t *ret_taken)
{
	size_t n = c->zstd ? erofs_zstd_fit(c->zstd, src, src_len, out, ret_taken)
			   : fit_lz4(c, src, src_len, out, ret_taken);

	return align_up(n, EROFS_BLOCK_BYTES) < *ret_taken ? n : 0;
}
