/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents, from where they are mapped straight to their blocks. The work is cut into jobs of a few
 * megabytes in order of the blocks; zeros are left out.
 */
#include "stage1/fs/ext4.h"

#define JOB_BYTES   (4 * MiB)
#define PIECE_BYTES (64 * KiB)

struct copy {
	const uint8_t *data;
	uint64_t len, to;
};

struct copies {
	struct copy *v;
	size_t n, cap;
	size_t *job; /* first copy of each job, and then n */
	size_t n_jobs;
	uint64_t total;
	atomic_ullong done;
	struct sink *s;
	struct progress *progress;
};

static int add_copy(struct copies *c, struct copy one, struct err *e)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 1024;
		struct copy *v = reallocarray(c->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n++] = one;
	c->total += one.len;
	return 0;
}

static int add_item(struct copies *c, const struct ext4_layout *l, const struct ext4_item *it,
		    struct err *e)
{
	const struct tree_inode *inode = it->node->inode;
	bool link = S_ISLNK(inode->mode);
	const uint8_t *data = link ? (const uint8_t *)inode->target : inode->blob->data;
	uint64_t len = link ? strlen(inode->target) : inode->blob->len;
	int r = 0;

	for (uint32_t i = 0; i < it->n_runs; i++) {
		const struct ext4_run *run = &l->runs[it->first_run + i];
		uint64_t from = (uint64_t)run->logical * EXT4_BLOCK_BYTES;
		uint64_t end = MIN(len, from + (uint64_t)run->n_blocks * EXT4_BLOCK_BYTES);
		uint64_t to = run->block * EXT4_BLOCK_BYTES;
		for (uint64_t n; r == 0 && from < end; from += n, to += n) {
			n = MIN(JOB_BYTES, end - from);
			r = add_copy(c, (struct copy){ data + from, n, to }, e);
		}
	}
	return r;
}

static int cut_jobs(struct copies *c, struct err *e)
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

static bool is_zero(const uint8_t *data, size_t len)
{
	return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

/* Pieces that are not zero, as long as they follow each other in one write. */
static int run_copy(struct sink *s, const struct copy *c, struct err *e)
{
	uint64_t from = 0, at = 0;
	int r = 0;

	while (r == 0 && at < c->len) {
		size_t n = (size_t)MIN(PIECE_BYTES, c->len - at);
		if (is_zero(c->data + at, n)) {
			r = sink_pwrite(s, c->to + from, c->data + from, (size_t)(at - from), e);
			from = at + n;
		}
		at += n;
	}
	return r < 0 ? r : sink_pwrite(s, c->to + from, c->data + from, (size_t)(at - from), e);
}

static int run_job(void *ctx, size_t job, struct err *e)
{
	struct copies *c = ctx;
	uint64_t bytes = 0;

	for (size_t i = c->job[job]; i < c->job[job + 1]; i++) {
		int r = run_copy(c->s, &c->v[i], e);
		if (r < 0)
			return r;
		bytes += c->v[i].len;
	}
	uint64_t done = atomic_fetch_add(&c->done, bytes) + bytes;
	progress_update(c->progress, "ext4", done, c->total);
	return 0;
}

static void copies_done(struct copies *c)
{
	free(c->v);
	free(c->job);
}

int ext4_write_data(const struct ext4_layout *l, const struct ext4_items *items,
		    const struct fs_params *p, struct sink *s, struct err *e)
{
	__attribute__((cleanup(copies_done))) struct copies c = { .s = s, .progress = p->progress };
	int r = 0;

	for (size_t i = 0; r == 0 && i < items->n; i++) {
		const struct ext4_item *it = &items->v[i];
		if (tree_is_file(it->node) || tree_is_symlink(it->node))
			r = add_item(&c, l, it, e);
	}
	if (r == 0)
		r = cut_jobs(&c, e);
	/* A sink in memory grows as it is written, which only one thread may do. */
	return r < 0 ? r : pool_run(s->buf ? NULL : p->pool, c.n_jobs, run_job, &c, e);
}
