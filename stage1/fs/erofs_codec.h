/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Compression into clusters of a fixed size: as much input as fits into one. A cluster's bytes are a
 * function of its input, the algorithm, the level and the library's version.
 */
#include "stage1/fs/fs.h"

struct erofs_codec;

/**
 * erofs_codec_check() - are level and cluster size within what the algorithm and EROFS can do?
 * Return: 0; -EINVAL, saying what they may be
 */
int erofs_codec_check(const struct fs_params *p, struct err *e) must_check;

/** erofs_codec_new() - for one thread; NULL when out of memory */
struct erofs_codec *erofs_codec_new(const struct fs_params *p) must_check;
void erofs_codec_free(struct erofs_codec *c);
DEFINE_CLEANUP(struct erofs_codec *, erofs_codec_free)

/**
 * erofs_codec_begin() - before the first extent of a content: what was learnt from other contents, which
 * another thread may have compressed, must have no influence
 */
void erofs_codec_begin(struct erofs_codec *c);

/**
 * erofs_codec_fit() - compress as much of @src as goes into one cluster
 * @src_len: at least 1
 * @out: room for a cluster
 * @ret_taken: how much of it that is
 * Return: how many bytes it became; 0: @ret_taken bytes are better stored as they are
 */
size_t erofs_codec_fit(struct erofs_codec *c, const void *src, size_t src_len, void *out,
		       size_t *ret_taken) must_check;

/** erofs_codec_window_log() - zstd: log2 of the memory that a reader needs */
unsigned int erofs_codec_window_log(const struct fs_params *p);

/** erofs_cluster_bytes() - p->cluster_bytes, or the default */
static inline uint32_t erofs_cluster_bytes(const struct fs_params *p)
{
	return p->cluster_bytes ? p->cluster_bytes : FS_CLUSTER_MIN_BYTES;
}
