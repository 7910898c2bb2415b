/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/erofs_codec.h"

#include <lz4.h>
#include <lz4hc.h>
#include <zstd.h>

#define ZSTD_TRIES 12

struct erofs_codec {
	enum fs_compression algorithm;
	int level;
	void *lz4hc; /* its working memory */
	ZSTD_CCtx *zstd;
	uint8_t *scratch; /* zstd: of a cluster, for a try that may not fit */
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
	c->level = p->level ? p->level : fs_algorithms[p->compression].level_normal;
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
