/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the decompressors share. */
#include "stage1/package/unpack.h"

#define UNPACK_BUFFER_BYTES (256 * KiB)
/* What a decoder may want for itself: as much as zstd allows. The most that xz -9 wants is 65 MiB. */
#define UNPACK_MEMORY_BYTES (130 * MiB)

/* Compressed input, piece by piece: all at once where the source is addressable. */
struct unpack_in {
	const struct source *src;
	uint64_t off;
	uint8_t *buf;
};

static inline void unpack_in_done(struct unpack_in *in)
{
	free(in->buf);
}
#define _cleanup_unpack_in_ __attribute__((cleanup(unpack_in_done)))

/** unpack_in_next() - the next piece; *ret_len is 0 at the end */
int unpack_in_next(struct unpack_in *in, const uint8_t **ret, size_t *ret_len,
		   struct err *e) must_check;

/* Output in order. */
struct unpack_out {
	const struct unpack_params *p;
	uint64_t len;
};

/** unpack_check_size() - may this much come out? Return: 0 or -EFBIG */
int unpack_check_size(const struct unpack_params *p, uint64_t len, struct err *e) must_check;
int unpack_out_put(struct unpack_out *o, const void *data, size_t len, struct err *e) must_check;

/** unpack_truncated() - Return: -EBADMSG, the message says after how many bytes */
int unpack_truncated(const struct unpack_out *o, struct err *e);
int unpack_damaged(const struct unpack_out *o, struct err *e);
int unpack_behind(struct err *e);

int unpack_lzma(struct unpack_in *in, struct unpack_out *o, struct err *e) must_check;
int unpack_zstd(struct unpack_in *in, struct unpack_out *o, struct err *e) must_check;
int unpack_gzip(struct unpack_in *in, struct unpack_out *o, struct err *e) must_check;
int unpack_bzip2(struct unpack_in *in, struct unpack_out *o, struct err *e) must_check;

/**
 * unpack_xz_blocks() - check the size that an .xz says it has, and decode one of several blocks side by
 * side
 * Return: 1 done; 0 it is no such file or there is no pool for it, nothing was written; -EBADMSG; -EFBIG;
 *         other errors
 */
int unpack_xz_blocks(const struct unpack_params *p, uint64_t *ret_bytes, struct err *e) must_check;
