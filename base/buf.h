/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A growing byte buffer. A failed append is remembered, so that a run of appends needs one check at
 * its end: buf_failed().
 */
#include "base/util.h"

struct buf {
	uint8_t *data; /* always followed by a NUL when len > 0, so that text can be used as is */
	size_t len, cap;
	bool failed;
};

#define BUF_INIT                  \
	{                         \
		NULL, 0, 0, false \
	}
#define _cleanup_buf_ __attribute__((cleanup(buf_done)))

void buf_done(struct buf *b);

/** buf_failed() - did any append since the start run out of memory? */
static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

/** buf_grow() - room for @len more bytes; Return: where they start (not yet counted in len), or NULL */
uint8_t *buf_grow(struct buf *b, size_t len);

/** buf_append() - and its kin: a failure shows in buf_failed() */
void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_str(struct buf *b, const char *s);
void buf_append_zero(struct buf *b, size_t len);
void buf_printf(struct buf *b, const char *fmt, ...) printf_format(2, 3);

/** buf_pad() - zeros up to the next multiple of @align, a power of two */
void buf_pad(struct buf *b, size_t align);

/** buf_str() - the content as a string: "" when empty; valid until the next append */
const char *buf_str(const struct buf *b);

/** buf_take_str() - the content as a heap string, @b is empty afterwards; NULL if an append failed */
char *buf_take_str(struct buf *b) must_check;
