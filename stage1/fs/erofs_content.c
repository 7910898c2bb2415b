/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents of files: equal ones are stored once, in the order of the packages (or whatever else they come
 * from) and of the paths in them.
 */
#include "stage1/fs/copy.h"
#include "stage1/fs/erofs.h"

#define CHUNKS_MAX	  8192
#define SPARSE_MIN_BLOCKS 16 /* holes that are worth an index */

struct file {
	size_t item, first;	      /* first: the first item of the same content */
	uint8_t digest[SHA256_BYTES]; /* zeros where no other file is as long */
};

struct files {
	struct erofs_plan *plan;
	struct file *v;
	size_t n;
};

static const struct blob *blob_of(const struct files *f, size_t i)
{
	return f->plan->items[f->v[i].item].node->inode->blob;
}

static int compare_files(const void *pa, const void *pb, void *ctx)
{
	const struct file *a = pa, *b = pb;
	const struct erofs_plan *plan = ctx;
	uint64_t la = plan->items[a->item].size_bytes, lb = plan->items[b->item].size_bytes;

	if (la != lb)
		return la < lb ? -1 : 1;
	int d = memcmp(a->digest, b->digest, sizeof(a->digest));
	return d ? d : a->item < b->item ? -1 : a->item > b->item;
}

static int digest_one(void *ctx, size_t i, struct err *e unused_)
{
	struct files *f = ctx;
	uint64_t len = blob_of(f, i)->len;

	if ((i && blob_of(f, i - 1)->len == len) || (i + 1 < f->n && blob_of(f, i + 1)->len == len))
		blob_digest(f->plan->items[f->v[i].item].node->inode->blob, f->v[i].digest);
	return 0;
}

static int list_files(struct files *f, struct err *e)
{
	struct erofs_plan *plan = f->plan;

	f->v = calloc(MAX(plan->n_items, (size_t)1), sizeof(*f->v));
	if (!f->v)
		return err_oom(e);
	for (size_t i = 0; i < plan->n_items; i++)
		if (tree_is_file(plan->items[i].node) && plan->items[i].size_bytes)
			f->v[f->n++].item = i;
	qsort_r(f->v, f->n, sizeof(*f->v), compare_files, plan);
	int r = pool_run(plan->base.params.pool, f->n, digest_one, f, e);
	qsort_r(f->v, f->n, sizeof(*f->v), compare_files, plan);
	return r;
}

/* By where they come from, then by path: items are in the order of paths. */
static int compare_contents(const void *pa, const void *pb)
{
	const struct erofs_content *a = pa, *b = pb;
	const struct tree_origin *oa = a->node->inode->origin, *ob = b->node->inode->origin;

	if (oa->kind != ob->kind)
		return oa->kind < ob->kind ? -1 : 1;
	int d = strcmp(oa->name ? oa->name : "", ob->name ? ob->name : "");
	if (d)
		return d;
	uint64_t na = a->node->inode->number, nb = b->node->inode->number;
	return na < nb ? -1 : na > nb;
}

/* The first file of each content, in front of the others that have it. */
static void find_equal(struct files *f)
{
	struct erofs_contents *c = &f->plan->contents;

	for (size_t i = 0; i < f->n; i++) {
		const struct tree_node *node = f->plan->items[f->v[i].item].node;
		bool known = i && blob_of(f, i - 1)->len == node->inode->blob->len &&
			     memcmp(f->v[i - 1].digest, f->v[i].digest, SHA256_BYTES) == 0;
		f->v[i].first = known ? f->v[i - 1].first : f->v[i].item;
		if (!known)
			c->v[c->n++] =
				(struct erofs_content){ .blob = node->inode->blob, .node = node };
	}
}

int erofs_contents_init(struct erofs_plan *plan, struct err *e)
{
	struct erofs_contents *c = &plan->contents;
	struct files f = { .plan = plan };

	int r = list_files(&f, e);
	c->v = r == 0 ? calloc(MAX(f.n, (size_t)1), sizeof(*c->v)) : NULL;
	if (r == 0 && !c->v)
		r = err_oom(e);
	if (r == 0) {
		find_equal(&f);
		qsort(c->v, c->n, sizeof(*c->v), compare_contents);
		for (size_t i = 0; i < c->n; i++)
			plan->items[c->v[i].node->inode->number - 1].content = i + 1;
		for (size_t i = 0; i < f.n; i++)
			plan->items[f.v[i].item].content = plan->items[f.v[i].first].content;
	}
	free(f.v);
	return r;
}

void erofs_contents_done(struct erofs_contents *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].chunk_blocks);
		erofs_segments_free(c->v[i].segments, c->v[i].n_segments);
	}
	free(c->v);
}

static bool chunk_is_zero(const struct erofs_content *c, size_t i)
{
	uint64_t bytes = (uint64_t)EROFS_BLOCK_BYTES << c->chunk_bits, from = i * bytes;

	return mem_is_zero(c->blob->data + from, (size_t)MIN(bytes, c->blob->len - from));
}

/* A file that is mostly zeros gets an index with holes. */
static int find_holes(struct erofs_content *c, struct err *e)
{
	uint64_t n_blocks = div_round_up(c->blob->len, EROFS_BLOCK_BYTES), next = 0;
	uint32_t bits = 0;
	size_t n_zero = 0;

	if (n_blocks < SPARSE_MIN_BLOCKS)
		return 0;
	while (div_round_up(n_blocks, UINT64_C(1) << bits) > CHUNKS_MAX)
		bits++;
	c->chunk_bits = bits;
	size_t n = (size_t)div_round_up(n_blocks, UINT64_C(1) << bits);
	for (size_t i = 0; i < n; i++)
		n_zero += chunk_is_zero(c, i);
	if (n_zero < n / 2 || n_zero << bits < SPARSE_MIN_BLOCKS)
		return 0;
	c->chunk_blocks = calloc(n, sizeof(*c->chunk_blocks));
	if (!c->chunk_blocks)
		return err_oom(e);
	c->n_chunks = n;
	for (size_t i = 0; i < n; i++) {
		bool hole = chunk_is_zero(c, i);
		c->chunk_blocks[i] = hole ? EROFS_HOLE : (uint32_t)next;
		next += hole ? 0 : MIN(UINT64_C(1) << bits, n_blocks - ((uint64_t)i << bits));
	}
	c->n_blocks = next;
	return 0;
}

static int prepare(void *ctx, size_t i, struct err *e)
{
	struct erofs_plan *plan = ctx;

	return find_holes(&plan->contents.v[i], e);
}

/* The form of each file's content, now that all is known of it. */
static void choose_layouts(struct erofs_plan *plan)
{
	for (size_t i = 0; i < plan->n_items; i++) {
		struct erofs_item *it = &plan->items[i];
		struct erofs_content *c = it->content ? &plan->contents.v[it->content - 1] : NULL;
		uint32_t rest = (uint32_t)(it->size_bytes % EROFS_BLOCK_BYTES);
		if (c && c->n_chunks) {
			it->layout = EROFS_CHUNKED;
			it->index_bytes = (uint32_t)(4 * c->n_chunks);
		} else if (c && c->n_segments) {
			it->layout = EROFS_COMPRESSED_FULL;
			it->index_bytes = (uint32_t)erofs_index_bytes(c);
		} else if (rest && erofs_meta_bytes(it) + rest <= EROFS_BLOCK_BYTES) {
			it->layout = EROFS_FLAT_INLINE;
			it->inline_bytes = rest;
		} else if (c && rest) {
			c->whole = true;
		}
	}
}

int erofs_contents_place(struct erofs_plan *plan, struct err *e)
{
	struct erofs_contents *c = &plan->contents;

	int r = pool_run(plan->base.params.pool, c->n, prepare, plan, e);
	if (r < 0)
		return r;
	if (plan->base.params.compression != FS_PLAIN)
		r = erofs_pack(plan, e);
	if (r < 0)
		return r;
	choose_layouts(plan);
	for (size_t i = 0; i < c->n; i++) {
		struct erofs_content *one = &c->v[i];
		if (!one->n_chunks && !one->n_segments)
			one->n_blocks = one->whole ? div_round_up(one->blob->len, EROFS_BLOCK_BYTES)
						   : one->blob->len / EROFS_BLOCK_BYTES;
		one->block = c->n_blocks;
		c->n_blocks += one->n_blocks;
	}
	return 0;
}

static int add_chunks(struct fs_copies *copies, const struct erofs_content *c, uint64_t to,
		      struct err *e)
{
	uint64_t bytes = (uint64_t)EROFS_BLOCK_BYTES << c->chunk_bits;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_chunks; i++)
		if (c->chunk_blocks[i] != EROFS_HOLE)
			r = fs_copies_add(copies, c->blob->data + i * bytes,
					  MIN(bytes, c->blob->len - i * bytes),
					  to + (uint64_t)c->chunk_blocks[i] * EROFS_BLOCK_BYTES, e);
	return r;
}

static int add_segments(struct fs_copies *copies, const struct erofs_plan *plan,
			const struct erofs_content *c, uint64_t to, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_segments; i++) {
		const struct erofs_segment *s = &c->segments[i];
		uint64_t bytes = s->n_blocks * EROFS_BLOCK_BYTES;
		r = fs_copies_add(copies, plan->spool + s->spool_at, bytes, to, e);
		to += bytes;
	}
	return r;
}

int erofs_contents_write(const struct erofs_plan *plan, struct sink *s, struct err *e)
{
	_cleanup_fs_copies_ struct fs_copies copies = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->contents.n; i++) {
		const struct erofs_content *c = &plan->contents.v[i];
		uint64_t to = (plan->data_block + c->block) * EROFS_BLOCK_BYTES;
		if (c->n_chunks)
			r = add_chunks(&copies, c, to, e);
		else if (c->n_segments)
			r = add_segments(&copies, plan, c, to, e);
		else
			r = fs_copies_add(&copies, c->blob->data,
					  MIN(c->blob->len, c->n_blocks * EROFS_BLOCK_BYTES), to,
					  e);
	}
	return r < 0 ? r : fs_copies_run(&copies, "erofs", &plan->base.params, s, e);
}
