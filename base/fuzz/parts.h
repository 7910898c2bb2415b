/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For fuzz targets: a large image that is zeros but for a few parts, which an input has one after another. */
#include "base/source.h"

#define PARTS_MAX 3

struct part {
	uint64_t at, len; /* in the image */
	size_t input_at;
};

struct parts_source {
	struct source src;
	struct part v[PARTS_MAX]; /* a later one lies over an earlier one */
	const uint8_t *input;
};

static inline int parts_pread(const struct source *s, uint64_t off, void *data, size_t len,
			      struct err *e unused_)
{
	const struct parts_source *p = (const struct parts_source *)s;

	memset(data, 0, len);
	for (size_t i = 0; i < PARTS_MAX; i++) {
		uint64_t from = MAX(off, p->v[i].at), to = MIN(off + len, p->v[i].at + p->v[i].len);
		if (from < to)
			memcpy((uint8_t *)data + (from - off),
			       p->input + p->v[i].input_at + (from - p->v[i].at),
			       (size_t)(to - from));
	}
	return 0;
}

/** parts_init() - @input: borrowed; @p->v is the caller's to fill */
static inline void parts_init(struct parts_source *p, const uint8_t *input, uint64_t size_bytes)
{
	static const struct source_ops ops = { .pread = parts_pread };

	*p = (struct parts_source){ .src = { .ops = &ops, .fd = -1, .size_bytes = size_bytes },
				    .input = input };
}
