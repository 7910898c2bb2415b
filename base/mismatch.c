/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mismatch.h"

#include <stdatomic.h>

#define CHUNK_BYTES (4 * MiB)
#define STEP_BYTES  (4 * KiB)

struct comparison {
	const struct source *a, *b; /* b: NULL is zeros without end */
	uint64_t from, end;
	_Atomic uint64_t found;
};

/* The file below a source and where the source begins in it; NULL if it is not a file. */
static const struct source *file_of(const struct source *s, uint64_t *base)
{
	*base = 0;
	for (; s->parent; s = s->parent)
		*base += s->offset;
	return s->fd >= 0 ? s : NULL;
}

/* Return: the next offset at or after @off that is data (SEEK_DATA) or a hole (SEEK_HOLE), at most @end */
static uint64_t seek(const struct source *s, uint64_t off, uint64_t end, int whence)
{
	uint64_t base;
	const struct source *file = file_of(s, &base);

	if (!file)
		return whence == SEEK_DATA ? off : end;
	off_t at = lseek(file->fd, (off_t)(base + off), whence);
	if (at < 0 && errno == ENXIO)
		return end;
	if (at < 0)
		return whence == SEEK_DATA ? off : end;
	return MIN((uint64_t)at - base, end);
}

/* The next stretch from *from on that is no hole in both; false if there is none before @end. */
static bool next_stretch(const struct source *a, const struct source *b, uint64_t *from,
			 uint64_t end, uint64_t *ret_end)
{
	uint64_t start = seek(a, *from, end, SEEK_DATA);

	if (b)
		start = MIN(start, seek(b, *from, end, SEEK_DATA));
	*from = start;
	*ret_end = seek(a, start, end, SEEK_HOLE);
	if (b)
		*ret_end = MAX(*ret_end, seek(b, start, end, SEEK_HOLE));
	return start < end;
}

static int view(const struct source *s, uint64_t off, size_t len, uint8_t **copy,
		const uint8_t **ret, struct err *e)
{
	if (s->bytes) {
		*ret = s->bytes + off;
		return 0;
	}
	*ret = *copy = malloc(len);
	return *copy ? source_pread(s, off, *copy, len, e) : err_oom(e);
}

/* Return: the first difference in @len bytes, or @len */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t at = 0;

	while (len - at >= STEP_BYTES && memcmp(a + at, b + at, STEP_BYTES) == 0)
		at += STEP_BYTES;
	while (at < len && a[at] == b[at])
		at++;
	return at;
}

static size_t first_nonzero(const uint8_t *p, size_t len)
{
	static const uint8_t zeros[STEP_BYTES];

	for (size_t at = 0; at < len; at += STEP_BYTES) {
		size_t n = MIN(STEP_BYTES, len - at), same = first_difference(p + at, zeros, n);
		if (same < n)
			return at + same;
	}
	return len;
}

static int compare_chunk(void *ctx, size_t i, struct err *e)
{
	struct comparison *c = ctx;
	uint64_t start = c->from + i * CHUNK_BYTES, found = atomic_load(&c->found);
	size_t len = (size_t)MIN(CHUNK_BYTES, c->end - start);
	_cleanup_free_ uint8_t *copy_a = NULL, *copy_b = NULL;
	const uint8_t *a = NULL, *b = NULL;

	if (start >= found)
		return 0;
	int r = view(c->a, start, len, &copy_a, &a, e);
	if (r == 0 && c->b)
		r = view(c->b, start, len, &copy_b, &b, e);
	if (r < 0)
		return r;
	size_t at = b ? first_difference(a, b, len) : first_nonzero(a, len);
	while (at < len && start + at < found)
		if (atomic_compare_exchange_weak(&c->found, &found, start + at))
			break;
	return 0;
}

/* All that is no hole, up to @end. */
static int compare_stretches(struct comparison *c, uint64_t end, struct pool *pool, struct err *e)
{
	while (next_stretch(c->a, c->b, &c->from, end, &c->end)) {
		size_t n = (size_t)div_round_up(c->end - c->from, CHUNK_BYTES);
		int r = pool_run(pool, n, compare_chunk, c, e);
		if (r < 0)
			return r;
		if (c->found != MISMATCH_NONE)
			break;
		c->from = c->end;
	}
	return 0;
}

int source_nonzero(const struct source *s, uint64_t from, struct pool *pool, uint64_t *ret,
		   struct err *e)
{
	struct comparison c = { .a = s, .from = from, .found = MISMATCH_NONE };
	int r = compare_stretches(&c, s->size_bytes, pool, e);

	if (r == 0)
		*ret = c.found;
	return r;
}

int source_mismatch(const struct source *a, const struct source *b, uint64_t from,
		    struct pool *pool, uint64_t *ret, struct err *e)
{
	uint64_t end = MIN(a->size_bytes, b->size_bytes);
	struct comparison c = { .a = a, .b = b, .from = from, .found = MISMATCH_NONE };
	int r = compare_stretches(&c, end, pool, e);

	if (r < 0)
		return r;
	*ret = c.found;
	if (c.found == MISMATCH_NONE && a->size_bytes != b->size_bytes)
		*ret = MAX(end, from);
	return 0;
}
