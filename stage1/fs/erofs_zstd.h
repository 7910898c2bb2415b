/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * zstd into whole blocks. The library cannot be told how large its output may be, so that inputs of
 * different lengths are tried; all that is here is to need few tries.
 */
#include "base/util.h"

struct erofs_zstd;

/** erofs_zstd_new() - @room: the most bytes that one output has; NULL when out of memory */
struct erofs_zstd *erofs_zstd_new(int level, unsigned int window_log, size_t room) must_check;
void erofs_zstd_free(struct erofs_zstd *z);
DEFINE_CLEANUP(struct erofs_zstd *, erofs_zstd_free)

/** erofs_zstd_begin() - forget the last content, from which the first guess for the next input comes */
void erofs_zstd_begin(struct erofs_zstd *z);

/** erofs_zstd_fit() - as erofs_codec_fit() */
size_t erofs_zstd_fit(struct erofs_zstd *z, const void *src, size_t src_len, void *out,
		      size_t *ret_taken) must_check;
