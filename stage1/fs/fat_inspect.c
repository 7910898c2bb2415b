/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How things are stored, of a possibly damaged image. */
#include "stage1/fs/fat_read.h"

int fat_raw(struct fs_reader *base, uint64_t ino, void *data, size_t size, size_t *ret_len,
	    struct err *e)
{
	const struct fat_node *n = fat_find_node((struct fat_reader *)base, ino, e);

	if (!n)
		return e->code;
	*ret_len = ino == base->root_ino ? 0 : MIN(size, sizeof(n->entry));
	memcpy(data, n->entry, *ret_len);
	return 0;
}

int fat_extents(struct fs_reader *base, uint64_t ino,
		int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		struct err *e)
{
	struct fat_reader *r = (struct fat_reader *)base;
	const struct fat_node *n = fat_find_node(r, ino, e);
	struct fs_extent x = { 0 };
	int ret = n ? 0 : e->code;

	if (n && ino == base->root_ino && r->g.root_sectors) {
		x.offset = r->g.root_at;
		x.len = (uint64_t)r->g.root_sectors * r->g.sector_bytes;
		x.content_len = x.len;
		return fn(ctx, &x, e);
	}
	for (size_t i = 0; ret == 0 && i < n->n_runs; i++) {
		const struct fat_run *run = &r->runs[n->first_run + i];
		x.offset = fat_cluster_at(&r->g, run->cluster);
		x.len = (uint64_t)run->n_clusters * r->g.cluster_bytes;
		x.content_len = n->is_dir
					? x.len
					: MIN(x.len, n->size_bytes - MIN(n->size_bytes, x.logical));
		ret = fn(ctx, &x, e);
		x.logical += x.len;
	}
	return ret;
}

void fat_describe(struct fs_reader *base, uint64_t off, char *out, size_t size)
{
	const struct fat_geometry *g = &((struct fat_reader *)base)->g;
	uint64_t table_bytes = (uint64_t)g->fat_sectors * g->sector_bytes;

	out[0] = '\0';
	if (off < 512)
		snprintf(out, size, "boot sector");
	else if (off < g->fat_at)
		snprintf(out, size, "reserved sector %llu",
			 (unsigned long long)(off / g->sector_bytes));
	else if (off < g->root_at)
		snprintf(out, size, "allocation table %llu, cluster %llu",
			 (unsigned long long)((off - g->fat_at) / table_bytes + 1),
			 (unsigned long long)((off - g->fat_at) % table_bytes / g->entry_bytes));
}
