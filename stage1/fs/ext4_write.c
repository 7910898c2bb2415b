/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/ext4.h"

#define TRIES_MAX 200

/* Blocks that a group's own structures may take, and what libext2fs wants to be left of the last one. */
static uint64_t group_overhead(const struct ext4_layout *l)
{
	return 3 + l->fs->inode_blocks_per_group + l->fs->desc_blocks + 50;
}

/*
 * The smallest filesystem that holds all. Its own structures and the number of extents depend on its
 * size, so it is tried: each try tells how much was missing.
 */
static int find_size(struct ext4_items *items, const struct fs_params *p, struct ext4_io *io,
		     uint64_t *ret, struct err *e)
{
	uint64_t n = items->n_blocks + items->n / (EXT4_BLOCK_BYTES / EXT4_INODE_BYTES) + 8;
	uint64_t best = 0;

	for (int i = 0; i < TRIES_MAX; i++) {
		_cleanup_ext4_layout_ struct ext4_layout l = { 0 };
		int r = ext4_layout_init(&l, items, p, n, io, e);
		if (r == -ENOSPC) {
			n += n / 16 + 8;
			continue;
		}
		if (r < 0)
			return r;
		uint64_t made = ext2fs_blocks_count(l.fs->super);
		if (l.n_missing && best)
			break;
		if (l.n_missing) {
			n = made + l.n_missing + (made < n ? group_overhead(&l) : 0);
			continue;
		}
		best = made;
		uint64_t spare = 0;
		for (size_t k = l.at; k < l.n_free; k++)
			spare += l.free[k].n_blocks;
		spare -= l.at < l.n_free ? l.at_blocks : 0;
		if (!spare)
			break;
		n = made - spare;
	}
	if (!best)
		return err_set(e, -EINVAL, "ext4: no size found for %llu blocks of content",
			       (unsigned long long)items->n_blocks);
	*ret = best;
	return 0;
}

static int does_not_fit(struct ext4_items *items, const struct fs_params *p, struct ext4_io *io,
			struct err *e)
{
	uint64_t n;

	int r = find_size(items, p, io, &n, e);
	if (r < 0)
		return r;
	return err_set(e, -ENOSPC, "ext4: the content takes %llu bytes, there are %llu",
		       (unsigned long long)(n * EXT4_BLOCK_BYTES),
		       (unsigned long long)p->size_bytes);
}

struct ext4_plan {
	struct fs_plan base;
	struct ext4_items items;
};

static void ext4_free(struct fs_plan *base)
{
	struct ext4_plan *plan = (struct ext4_plan *)base;

	ext4_items_done(&plan->items);
	free(plan);
}

/* A filesystem of exactly the size that is asked for. */
static int plan_size(struct ext4_plan *plan, struct ext4_io *io, struct err *e)
{
	_cleanup_ext4_layout_ struct ext4_layout l = { 0 };
	const struct fs_params *p = &plan->base.params;
	uint64_t n = p->size_bytes / EXT4_BLOCK_BYTES;

	int r = n ? ext4_layout_init(&l, &plan->items, p, n, io, e) : -ENOSPC;
	if (r == -ENOSPC || (r == 0 && l.n_missing))
		return does_not_fit(&plan->items, p, io, e);
	if (r == 0)
		plan->base.bytes = ext2fs_blocks_count(l.fs->super) * EXT4_BLOCK_BYTES;
	return r;
}

static int ext4_plan(const struct tree *t, const struct fs_params *p, struct fs_plan **ret,
		     struct err *e)
{
	_cleanup_(fs_plan_free) struct fs_plan *base = NULL;
	struct ext4_plan *plan = calloc(1, sizeof(*plan));
	struct ext4_io io;
	uint64_t n;

	if (!plan)
		return err_oom(e);
	base = &plan->base;
	*base = (struct fs_plan){ .writer = &fs_writer_ext4, .tree = t, .params = *p };
	ext4_io_init(&io, NULL, NULL, e);
	int r = ext4_items_init(&plan->items, t, p, e);
	if (r == 0 && p->size_bytes) {
		r = plan_size(plan, &io, e);
	} else if (r == 0) {
		r = find_size(&plan->items, p, &io, &n, e);
		base->bytes = r < 0 ? 0 : n * EXT4_BLOCK_BYTES;
	}
	if (r == 0)
		*ret = TAKE_PTR(base);
	return r;
}

static int write_dirs(const struct ext4_layout *l, const struct ext4_items *items,
		      const struct fs_params *p, struct sink *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < items->n; i++) {
		const struct ext4_item *it = &items->v[i];
		if (!tree_is_dir(it->node))
			continue;
		_cleanup_free_ uint8_t *data = calloc(it->n_blocks, EXT4_BLOCK_BYTES);
		if (!data)
			return err_oom(e);
		r = ext4_dir_build(l->fs, items, i, p, data, it->n_blocks, e);
		for (uint32_t k = 0; r == 0 && k < it->n_runs; k++) {
			const struct ext4_run *run = &l->runs[it->first_run + k];
			r = sink_pwrite(s, run->block * EXT4_BLOCK_BYTES,
					data + (size_t)run->logical * EXT4_BLOCK_BYTES,
					(size_t)run->n_blocks * EXT4_BLOCK_BYTES, e);
		}
	}
	return r;
}

static int write_xattrs(const struct ext4_layout *l, const struct ext4_xattrs *x, struct sink *s,
			struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->n; i++) {
		struct ext2_ext_attr_header *h = (struct ext2_ext_attr_header *)x->v[i].data;
		h->h_refcount = x->v[i].refs;
		errcode_t c = ext2fs_ext_attr_block_csum_set(l->fs, 0, x->v[i].block, h);
		if (c)
			return ext4_err(e, c, "checksum of attributes");
		r = sink_pwrite(s, x->v[i].block * EXT4_BLOCK_BYTES, h, EXT4_BLOCK_BYTES, e);
	}
	return r;
}

static void mark_blocks(const struct ext4_layout *l)
{
	for (size_t i = 0; i <= l->at && i < l->n_free; i++) {
		uint32_t n = i < l->at ? l->free[i].n_blocks : l->at_blocks;
		if (n)
			ext2fs_block_alloc_stats_range(l->fs, l->free[i].block, n, 1);
	}
}

/* Superblocks, group descriptors and bitmaps: what libext2fs has. */
static int write_meta(struct ext4_layout *l, struct ext4_io *io, struct err *e)
{
	mark_blocks(l);
	e->code = 0;
	errcode_t c = ext2fs_flush2(l->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	if (c && io->e->code)
		return err_wrap(e, e->code, "ext4");
	return c ? ext4_err(e, c, "superblocks and bitmaps") : 0;
}

static int ext4_write(struct fs_plan *base, struct sink *s, struct err *e)
{
	struct ext4_items *items = &((struct ext4_plan *)base)->items;
	_cleanup_ext4_layout_ struct ext4_layout l = { 0 };
	const struct fs_params *p = &base->params;
	struct ext4_io io;

	ext4_io_init(&io, s, NULL, e);
	int r = ext4_layout_init(&l, items, p, base->bytes / EXT4_BLOCK_BYTES, &io, e);
	if (r < 0)
		return r;
	if (l.n_missing)
		return err_set(e, -ENOSPC, "ext4: %llu bytes are not the planned size",
			       (unsigned long long)base->bytes);
	r = ext4_write_inodes(&l, items, p, s, e);
	if (r == 0)
		r = write_dirs(&l, items, p, s, e);
	if (r == 0)
		r = write_xattrs(&l, &items->xattrs, s, e);
	if (r == 0)
		r = write_meta(&l, &io, e);
	return r < 0 ? r : ext4_write_data(&l, items, p, s, e);
}

const struct fs_writer fs_writer_ext4 = {
	.name = "ext4",
	.plan = ext4_plan,
	.write = ext4_write,
	.free = ext4_free,
};
