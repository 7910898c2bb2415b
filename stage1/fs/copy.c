/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/copy.h"

#define JOB_BYTES   (4 * MiB)
#define PIECE_BYTES (64 * KiB)

static int add_piece(struct fs_copies *c, struct fs_copy one, struct err *e)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 1024;
		struct fs_copy *v = reallocarray(c->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n++] = one;
	c->total_bytes += one.len;
	return 0;
}

int fs_copies_add(struct fs_copies *c, const void *data, uint64_t len, uint64_t to, struct err *e)
{
	const uint8_t *from = data;
	int r = 0;

	for (uint64_t n; r == 0 && len; len -= n, from += n, to += n) {
		n = MIN(JOB_BYTES, len);
		r = add_piece(c, (struct fs_copy){ from, n, to }, e);
	}
	return r;
}

static int cut_jobs(struct fs_copies *c, struct err *e)
{
	uint64_t bytes = JOB_BYTES;

	c->job = calloc(c->n + 1, sizeof(*c->job));
	if (!c->job)
		return err_oom(e);
	for (size_t i = 0; i < c->n; i++) {
		if (bytes >= JOB_BYTES) {
			c->job[c->n_jobs++] = i;
			bytes = 0;
		}
		bytes += c->v[i].len;
	}
	c->job[c->n_jobs] = c->n;
	return 0;
}

/* Pieces that are not zero, as long as they follow each other in one write. */
static int run_copy(struct sink *s, const struct fs_copy *c, struct err *e)
{
	uint64_t from = 0, at = 0;
	int r = 0;

	while (r == 0 && at < c->len) {
		size_t n = (size_t)MIN(PIECE_BYTES, c->len - at);
		if (mem_is_zero(c->data + at, n)) {
			r = sink_pwrite(s, c->to + from, c->data + from, (size_t)(at - from), e);
			from = at + n;
		}
		at += n;
	}
	return r < 0 ? r : sink_pwrite(s, c->to + from, c->data + from, (size_t)(at - from), e);
}

static int run_job(void *ctx, size_t job, struct err *e)
{
	struct fs_copies *c = ctx;
	uint64_t bytes = 0;

	for (size_t i = c->job[job]; i < c->job[job + 1]; i++) {
		int r = run_copy(c->s, &c->v[i], e);
		if (r < 0)
			return r;
		bytes += c->v[i].len;
	}
	uint64_t done = atomic_fetch_add(&c->done_bytes, bytes) + bytes;
	progress_update(c->progress, c->what, done, c->total_bytes);
	return 0;
}

static bool sink_is_memory(const struct sink *s)
{
	while (s->parent)
		s = s->parent;
	return s->buf;
}

int fs_copies_run(struct fs_copies *c, const char *what, const struct fs_params *p, struct sink *s,
		  struct err *e)
{
	c->s = s;
	c->what = what;
	c->progress = p->progress;
	int r = cut_jobs(c, e);
	/* Memory grows as it is written, which only one thread may do. */
	return r < 0 ? r : pool_run(sink_is_memory(s) ? NULL : p->pool, c->n_jobs, run_job, c, e);
}

void fs_copies_done(struct fs_copies *c)
{
	free(c->v);
	free(c->job);
}
