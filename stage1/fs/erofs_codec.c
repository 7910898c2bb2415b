/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/erofs_codec.h"

#include <lz4.h>
#include <lz4hc.h>
#include <zstd.h>

#define ZSTD_DEFAULT_LEVEL 9
#define ZSTD_MAX_LEVEL	   19 /* above it windows grow, and a reader's memory */
#define ZSTD_TRIES	   12

struct erofs_codec {
	enum fs_compression algorithm;
	int level;
	void *lz4hc; /* its working memory */
	ZSTD_CCtx *zstd;
	uint8_t *scratch; /* zstd: of a cluster, for a try that may not fit */
};

static const struct {
	int least, greatest, normal;
} levels[] = {
	[FS_PLAIN] = { 0, 0, 0 },
	[FS_LZ4] = { 0, 0, 0 },
	[FS_LZ4HC] = { LZ4HC_CLEVEL_MIN, LZ4HC_CLEVEL_MAX, LZ4HC_CLEVEL_DEFAULT },
	[FS_ZSTD] = { 1, ZSTD_MAX_LEVEL, ZSTD_DEFAULT_LEVEL },
};

int erofs_codec_check(const struct fs_params *p, struct err *e)
{
	int least = levels[p->compression].least, greatest = levels[p->compression].greatest;
	uint32_t cluster = erofs_cluster_bytes(p);

	if (p->level && (p->level < least || p->level > greatest))
		return greatest ? err_set(e, -EINVAL, "level %d: from %d to %d are known", p->level,
					  least, greatest)
				: err_set(e, -EINVAL, "this algorithm has no levels");
	if (!is_power_of_2(cluster) || cluster < 4096 || cluster > EROFS_CLUSTER_MAX_BYTES)
		return err_set(e, -EINVAL, "cluster of %u bytes: a power of 2 from 4K to 1M is",
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

static bool init_zstd(struct erofs_codec *c, const struct fs_params *p)
{
	c->zstd = ZSTD_createCCtx();
	c->scratch = malloc(erofs_cluster_bytes(p));
	return c->zstd && c->scratch &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, c->level)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_windowLog,
						    (int)erofs_codec_window_log(p)));
}

struct erofs_codec *erofs_codec_new(const struct fs_params *p)
{
	_cleanup_(erofs_codec_free) struct erofs_codec *c = calloc(1, sizeof(*c));
	bool ok;

	if (!c)
		return NULL;
	c->algorithm = p->compression;
	c->level = p->level ? p->level : levels[p->compression].normal;
	if (c->algorithm == FS_ZSTD) {
		ok = init_zstd(c, p);
	} else if (c->algorithm == FS_LZ4HC) {
		c->lz4hc = malloc((size_t)LZ4_sizeofStateHC());
		ok = c->lz4hc;
	} else {
		ok = true;
	}
	return ok ? TAKE_PTR(c) : NULL;
}

void erofs_codec_free(struct erofs_codec *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->zstd);
	free(c->scratch);
	free(c->lz4hc);
	free(c);
}

/* What one more byte of input makes of a frame is not known, so that it is tried, closer each time. */
static size_t fit_zstd(struct erofs_codec *c, const void *src, size_t src_len, void *out,
		       size_t room, size_t *ret_taken)
{
	size_t fits = 0, fits_bytes = 0, too_many = src_len + 1, try = MIN(src_len, 4 * room);

	for (int i = 0; i < ZSTD_TRIES && fits + 1 < too_many; i++) {
		try = MIN(MAX(try, fits + 1), too_many - 1);
		size_t n = ZSTD_compress2(c->zstd, c->scratch, room, src, try);
		if (ZSTD_isError(n)) {
			too_many = try;
			try = fits + (too_many - fits) / 2;
			continue;
		}
		memcpy(out, c->scratch, n);
		fits = try;
		fits_bytes = n;
		if (room - n <= room / 256)
			break;
		try = (size_t)((uint64_t)try * room / n);
	}
	*ret_taken = fits;
	return fits_bytes;
}

size_t erofs_codec_fit(struct erofs_codec *c, const void *src, size_t src_len, void *out,
		       size_t room, size_t *ret_taken)
{
	int taken = (int)src_len, n;

	if (c->algorithm == FS_ZSTD)
		return fit_zstd(c, src, src_len, out, room, ret_taken);
	if (c->algorithm == FS_LZ4HC)
		n = LZ4_compress_HC_destSize(c->lz4hc, src, out, &taken, (int)room, c->level);
	else
		n = LZ4_compress_destSize(src, out, &taken, (int)room);
	*ret_taken = n > 0 ? (size_t)taken : 0;
	return n > 0 ? (size_t)n : 0;
}
