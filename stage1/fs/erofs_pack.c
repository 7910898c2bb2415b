/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed contents. A content is cut into segments, which are compressed side by side, and each of
 * them into extents: what fits into a physical cluster, or a block's worth of what does not become
 * smaller. Where a segment ends does not depend on how many threads there are.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "stage1/fs/erofs.h"
#include "stage1/fs/erofs_codec.h"

#define SEGMENT_BYTES (8 * MiB)
#define EXTENT_MAX    (2 * MiB) /* what a reader may have to decompress for one byte */

struct job {
	struct erofs_content *c;
	size_t segment;
	uint64_t len;
};

struct pack {
	struct erofs_plan *plan;
	struct job *jobs;
	size_t n_jobs, cap_jobs;
	atomic_ullong spool_at, done_bytes;
	uint64_t total_bytes;
};

void erofs_segments_free(struct erofs_segment *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].v);
	free(v);
}

static int add_extent(struct erofs_segment *s, struct erofs_extent x, struct err *e)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct erofs_extent *v = reallocarray(s->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = x;
	s->n_blocks += x.n_blocks;
	return 0;
}

/* Blocks as they are, each of them an extent. */
static int store_plain(const uint8_t *src, size_t len, struct erofs_segment *s, struct buf *out,
		       struct err *e)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < len; at += EROFS_BLOCK_BYTES) {
		struct erofs_extent x = { .len = (uint32_t)MIN(len - at, EROFS_BLOCK_BYTES),
					  .n_blocks = 1,
					  .plain = true };
		buf_append(out, src + at, x.len);
		buf_pad(out, EROFS_BLOCK_BYTES);
		r = add_extent(s, x, e);
	}
	return r;
}

/*
 * What one try of the codec takes from the front of @src: its blocks go to the end of @out. Compressed bytes
 * lie at the end of their cluster, behind zeros.
 */
static int pack_front(struct erofs_codec *codec, uint32_t cluster, const uint8_t *src, size_t len,
		      struct erofs_segment *s, struct buf *out, size_t *ret_taken, struct err *e)
{
	uint8_t *to = buf_grow(out, cluster);
	size_t taken = 0;

	if (!to)
		return err_oom(e);
	size_t n = erofs_codec_fit(codec, src, MIN(len, EXTENT_MAX), to, &taken);
	if (n == 0) {
		/* A short rest may be the front of something that does become smaller. */
		if (taken < len)
			taken = MAX(taken / EROFS_BLOCK_BYTES, (size_t)1) * EROFS_BLOCK_BYTES;
		taken = MIN(taken, len);
		*ret_taken = taken;
		return store_plain(src, taken, s, out, e);
	}
	size_t bytes = (size_t)align_up(n, EROFS_BLOCK_BYTES);
	memmove(to + (bytes - n), to, n);
	memset(to, 0, bytes - n);
	out->len += bytes;
	*ret_taken = taken;
	return add_extent(s,
			  (struct erofs_extent){ .len = (uint32_t)taken,
						 .n_blocks =
							 (uint16_t)(bytes / EROFS_BLOCK_BYTES) },
			  e);
}

static int spool(struct pack *p, struct erofs_segment *s, const struct buf *b, struct err *e)
{
	struct sink sink;

	s->spool_at = atomic_fetch_add(&p->spool_at, b->len);
	sink_init_fd(&sink, p->plan->spool_fd);
	int r = sink_pwrite(&sink, s->spool_at, b->data, b->len, e);
	return r < 0 ? err_wrap(e, r, "compressed contents") : 0;
}

static int run_job(void *ctx, size_t i, struct err *e)
{
	struct pack *p = ctx;
	const struct fs_params *params = &p->plan->base.params;
	const struct job *job = &p->jobs[i];
	struct erofs_segment *s = &job->c->segments[job->segment];
	_cleanup_(erofs_codec_free) struct erofs_codec *codec = erofs_codec_new(params);
	_cleanup_buf_ struct buf out = BUF_INIT;
	const uint8_t *src = job->c->blob->data + job->segment * SEGMENT_BYTES;
	size_t taken = 0;

	if (!codec)
		return err_oom(e);
	erofs_codec_begin(codec);
	for (uint64_t at = 0; at < job->len; at += taken) {
		if (params->pool && pool_cancelled(params->pool))
			return err_set(e, -ECANCELED, "interrupted");
		int r = pack_front(codec, erofs_cluster_bytes(params), src + at,
				   (size_t)(job->len - at), s, &out, &taken, e);
		if (r < 0)
			return r;
	}
	uint64_t done = atomic_fetch_add(&p->done_bytes, job->len) + job->len;
	progress_update(params->progress, "compress", done, p->total_bytes);
	/* Of a file that is one segment it is known already whether it pays. */
	if (job->c->n_segments == 1 && s->n_blocks >= div_round_up(job->len, EROFS_BLOCK_BYTES))
		return 0;
	return spool(p, s, &out, e);
}

static int add_jobs(struct pack *p, struct erofs_content *c, struct err *e)
{
	uint64_t len = c->blob->len;

	c->n_segments = (size_t)div_round_up(len, SEGMENT_BYTES);
	c->segments = calloc(c->n_segments, sizeof(*c->segments));
	if (!c->segments)
		return err_oom(e);
	for (size_t i = 0; i < c->n_segments; i++) {
		if (p->n_jobs == p->cap_jobs) {
			size_t cap = p->cap_jobs ? 2 * p->cap_jobs : 1024;
			struct job *v = reallocarray(p->jobs, cap, sizeof(*v));
			if (!v)
				return err_oom(e);
			p->jobs = v;
			p->cap_jobs = cap;
		}
		p->jobs[p->n_jobs++] = (struct job){
			.c = c, .segment = i, .len = MIN(SEGMENT_BYTES, len - i * SEGMENT_BYTES)
		};
	}
	p->total_bytes += len;
	return 0;
}

/* The long ones first, so that none is left at the end for one thread alone. */
static int compare_jobs(const void *pa, const void *pb)
{
	const struct job *a = pa, *b = pb;

	return a->len > b->len ? -1 : a->len < b->len;
}

/* What does not become smaller is stored as it is. */
static void judge(struct erofs_content *c)
{
	uint64_t n_blocks = 0;

	for (size_t i = 0; i < c->n_segments; i++)
		n_blocks += c->segments[i].n_blocks;
	if (n_blocks < div_round_up(c->blob->len, EROFS_BLOCK_BYTES)) {
		c->n_blocks = n_blocks;
		return;
	}
	erofs_segments_free(c->segments, c->n_segments);
	c->segments = NULL;
	c->n_segments = 0;
}

static int open_spool(struct erofs_plan *plan, struct err *e)
{
	int given = plan->base.params.spool_fd;

	plan->spool_fd =
		given > 0 ? fcntl(given, F_DUPFD_CLOEXEC, 3) : memfd_create("erofs", MFD_CLOEXEC);
	return plan->spool_fd < 0 ? err_sys(e, -errno, "compressed contents") : 0;
}

static int map_spool(struct erofs_plan *plan, uint64_t bytes, struct err *e)
{
	if (!bytes)
		return 0;
	void *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, plan->spool_fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, -errno, "compressed contents");
	plan->spool = p;
	plan->spool_bytes = bytes;
	return 0;
}

int erofs_pack(struct erofs_plan *plan, struct err *e)
{
	struct pack p = { .plan = plan };
	struct erofs_contents *c = &plan->contents;

	int r = open_spool(plan, e);
	for (size_t i = 0; r == 0 && i < c->n; i++)
		if (!c->v[i].n_chunks && c->v[i].blob->len > EROFS_BLOCK_BYTES)
			r = add_jobs(&p, &c->v[i], e);
	if (r == 0 && p.n_jobs) {
		qsort(p.jobs, p.n_jobs, sizeof(*p.jobs), compare_jobs);
		r = pool_run(plan->base.params.pool, p.n_jobs, run_job, &p, e);
	}
	free(p.jobs);
	for (size_t i = 0; r == 0 && i < c->n; i++)
		if (c->v[i].n_segments)
			judge(&c->v[i]);
	return r < 0 ? r : map_spool(plan, atomic_load(&p.spool_at), e);
}

uint64_t erofs_index_bytes(const struct erofs_content *c)
{
	return 2 * sizeof(struct erofs_map_head) +
	       div_round_up(c->blob->len, EROFS_BLOCK_BYTES) * sizeof(struct erofs_lcluster);
}

/* An extent's entries: one for where it begins, one for each logical cluster that it reaches into. */
static void put_extent(const struct erofs_extent *x, uint64_t at, uint64_t block, bool big,
		       struct erofs_lcluster *index)
{
	uint64_t first = at / EROFS_BLOCK_BYTES, last = (at + x->len - 1) / EROFS_BLOCK_BYTES;
	/* A cluster in which another extent begins has that one's entry. */
	uint64_t next = (at + x->len) / EROFS_BLOCK_BYTES;

	index[first] = (struct erofs_lcluster){
		.advise = x->plain ? EROFS_LCLUSTER_PLAIN : EROFS_LCLUSTER_HEAD1,
		.offset = (uint16_t)(at % EROFS_BLOCK_BYTES),
		.block = (uint32_t)block,
	};
	for (uint64_t i = first + 1; i <= last; i++) {
		uint64_t back = MIN(i - first, (uint64_t)EROFS_LCLUSTER_CBLKCNT - 1);
		index[i] = (struct erofs_lcluster){
			.advise = EROFS_LCLUSTER_NONHEAD,
			.offset = EROFS_BLOCK_BYTES,
			.delta = { (uint16_t)back, (uint16_t)MIN(next - i, UINT16_MAX) },
		};
		if (big && i == first + 1)
			index[i].delta[0] = EROFS_LCLUSTER_CBLKCNT | x->n_blocks;
	}
}

void erofs_index_put(const struct erofs_plan *plan, const struct erofs_content *c, uint64_t block,
		     uint8_t *out)
{
	const struct fs_params *p = &plan->base.params;
	struct erofs_map_head *head = (struct erofs_map_head *)out;
	/* The full index leaves as much again free behind the head. */
	struct erofs_lcluster *index = (struct erofs_lcluster *)(out + 2 * sizeof(*head));
	bool big = erofs_cluster_bytes(p) > EROFS_BLOCK_BYTES;
	uint64_t at = 0;

	head->advise = big ? EROFS_ADVISE_BIG_PCLUSTER_1 | EROFS_ADVISE_BIG_PCLUSTER_2 : 0;
	head->algorithms = p->compression == FS_ZSTD ? EROFS_ZSTD : EROFS_LZ4;
	for (size_t i = 0; i < c->n_segments; i++) {
		const struct erofs_segment *s = &c->segments[i];
		for (size_t k = 0; k < s->n; k++) {
			put_extent(&s->v[k], at, block, big, index);
			at += s->v[k].len;
			block += s->v[k].n_blocks;
		}
	}
	/* The last cluster, if no extent begins in it, says where the content ends. */
	uint64_t last = (at - 1) / EROFS_BLOCK_BYTES;
	if (at % EROFS_BLOCK_BYTES && index[last].advise == EROFS_LCLUSTER_NONHEAD)
		index[last] =
			(struct erofs_lcluster){ .advise = EROFS_LCLUSTER_PLAIN,
						 .offset = (uint16_t)(at % EROFS_BLOCK_BYTES) };
}
