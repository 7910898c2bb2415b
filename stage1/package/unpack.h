/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Decompression of an archive's member into a sink. */
#include "base/pool.h"
#include "base/sink.h"
#include "base/source.h"

enum unpack_format {
	UNPACK_NONE,
	UNPACK_GZIP,
	UNPACK_BZIP2,
	UNPACK_XZ,
	UNPACK_LZMA,
	UNPACK_ZSTD,
};

/*
 * Past this size no more than UNPACK_MAX_RATIO bytes may come out of each byte. The
 * packages of a whole system have ratios of up to 7.
 */
#define UNPACK_RATIO_FROM_BYTES (64 * MiB)
#define UNPACK_MAX_RATIO	256

struct unpack_params {
	const struct source *src; /* exactly the compressed bytes */
	enum unpack_format format;
	struct sink *out;     /* takes writes from several threads when there is a pool */
	uint64_t limit_bytes; /* of what comes out */
	struct pool *pool;    /* may be NULL */
};

/**
 * unpack() - decompress all of @p->src to the start of @p->out
 * @ret_bytes: how much came out
 *
 * Where the format says before how much will come out, limits are checked before anything does.
 * Return: 0; -EBADMSG damaged, truncated, or something behind the end; -EFBIG over a limit; -ENOMEM;
 *         errors of reading and writing
 */
int unpack(const struct unpack_params *p, uint64_t *ret_bytes, struct err *e) must_check;

/**
 * unpack_to_buf() - decompress all of @src to the end of @out, without a pool
 * Return: as unpack()
 */
int unpack_to_buf(const struct source *src, enum unpack_format format, uint64_t limit_bytes,
		  struct buf *out, struct err *e) must_check;
