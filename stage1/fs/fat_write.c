/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/copy.h"
#include "stage1/fs/fat.h"

#define MEDIA	    0xf8 /* a fixed disk */
#define INFO_SECTOR 1
#define BACKUP	    6

/* The part of the boot sector that FAT16 has at 36 and FAT32 at 64. */
static void put_identity(uint8_t *at, const struct fat_items *items, const struct fs_params *p,
			 const char *type)
{
	at[0] = 0x80;			     /* drive */
	at[2] = 0x29;			     /* the next three are there */
	put_le32(at + 3, get_be32(p->uuid)); /* so that it reads like the UUID's first digits */
	memcpy(at + 7, items->label[0] ? (const char *)items->label : "NO NAME    ",
	       FAT_SHORT_BYTES);
	memcpy(at + 18, type, 8);
}

static void put_boot(uint8_t *b, const struct fat_geometry *g, const struct fat_items *items,
		     const struct fs_params *p)
{
	bool fat32 = g->entry_bytes == 4;

	memcpy(b, fat32 ? "\xeb\x58\x90" : "\xeb\x3c\x90", 3);
	memcpy(b + 3, "SLIPWAY ", 8);
	put_le16(b + 11, (uint16_t)g->sector_bytes);
	b[13] = (uint8_t)(g->cluster_bytes / g->sector_bytes);
	put_le16(b + 14, (uint16_t)g->reserved_sectors);
	b[16] = 2; /* tables */
	put_le16(b + 17, (uint16_t)(g->root_sectors * (g->sector_bytes / FAT_ENTRY_BYTES)));
	if (!fat32 && g->total_sectors <= UINT16_MAX)
		put_le16(b + 19, (uint16_t)g->total_sectors);
	else
		put_le32(b + 32, (uint32_t)g->total_sectors);
	b[21] = MEDIA;
	put_le16(b + 24, 63);  /* sectors per track */
	put_le16(b + 26, 255); /* heads */
	put_identity(b + (fat32 ? 64 : 36), items, p, fat32 ? "FAT32   " : "FAT16   ");
	put_le16(b + 510, 0xaa55);
	if (!fat32) {
		put_le16(b + 22, (uint16_t)g->fat_sectors);
		return;
	}
	put_le32(b + 36, g->fat_sectors);
	put_le32(b + 44, items->v[0].first_cluster);
	put_le16(b + 48, INFO_SECTOR);
	put_le16(b + 50, BACKUP);
}

static void put_info(uint8_t *b, const struct fat_geometry *g, uint32_t next)
{
	uint32_t n_free = g->n_clusters - (next - 2);

	put_le32(b, 0x41615252);
	put_le32(b + 484, 0x61417272);
	put_le32(b + 488, n_free);
	put_le32(b + 492, n_free ? next : 0xffffffff);
	put_le32(b + 508, 0xaa550000);
}

static int write_boot(const struct fat_geometry *g, const struct fat_items *items,
		      const struct fs_params *p, uint32_t next, struct sink *s, struct err *e)
{
	uint8_t boot[512] = { 0 }, info[512] = { 0 };

	put_boot(boot, g, items, p);
	int r = sink_pwrite(s, 0, boot, sizeof(boot), e);
	if (r < 0 || g->entry_bytes == 2)
		return r;
	put_info(info, g, next);
	r = sink_pwrite(s, INFO_SECTOR * g->sector_bytes, info, sizeof(info), e);
	if (r == 0)
		r = sink_pwrite(s, BACKUP * g->sector_bytes, boot, sizeof(boot), e);
	if (r == 0)
		r = sink_pwrite(s, (BACKUP + INFO_SECTOR) * g->sector_bytes, info, sizeof(info), e);
	return r;
}

static void put_next(uint8_t *table, const struct fat_geometry *g, uint32_t cluster, uint32_t next)
{
	if (g->entry_bytes == 4)
		put_le32(table + 4 * (size_t)cluster, next & 0x0fffffff);
	else
		put_le16(table + 2 * (size_t)cluster, (uint16_t)next);
}

static int write_tables(const struct fat_geometry *g, const struct fat_items *items, uint32_t next,
			struct sink *s, struct err *e)
{
	size_t len = (size_t)next * g->entry_bytes;
	_cleanup_free_ uint8_t *table = calloc(1, len);

	if (!table)
		return err_oom(e);
	put_next(table, g, 0, 0xffffff00 | MEDIA);
	put_next(table, g, 1, 0xffffffff);
	for (size_t i = 0; i < items->n; i++) {
		const struct fat_item *it = &items->v[i];
		uint32_t end = it->first_cluster + it->n_clusters;
		for (uint32_t c = it->first_cluster; c < end; c++)
			put_next(table, g, c, c + 1 < end ? c + 1 : 0xffffffff);
	}
	int r = sink_pwrite(s, g->fat_at, table, len, e);
	if (r < 0)
		return r;
	return sink_pwrite(s, g->fat_at + (uint64_t)g->fat_sectors * g->sector_bytes, table, len,
			   e);
}

static int write_dirs(const struct fat_geometry *g, const struct fat_items *items, struct sink *s,
		      struct err *e)
{
	for (size_t i = 0; i < items->n; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		const struct fat_item *it = &items->v[i];
		if (!tree_is_dir(it->node))
			continue;
		bool fixed_root = i == 0 && g->entry_bytes == 2;
		uint64_t at = fixed_root ? g->root_at : fat_cluster_at(g, it->first_cluster);
		int r = fat_dir_build(items, i, &b, e);
		if (r == 0)
			r = sink_pwrite(s, at, b.data, b.len, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_files(const struct fat_geometry *g, const struct fat_items *items,
		       const struct fs_params *p, struct sink *s, struct err *e)
{
	_cleanup_fs_copies_ struct fs_copies c = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < items->n; i++) {
		const struct fat_item *it = &items->v[i];
		if (tree_is_file(it->node) && it->bytes)
			r = fs_copies_add(&c, it->node->inode->blob->data, it->bytes,
					  fat_cluster_at(g, it->first_cluster), e);
	}
	return r < 0 ? r : fs_copies_run(&c, "vfat", p, s, e);
}

struct vfat_plan {
	struct fs_plan base;
	struct fat_items items;
	struct fat_geometry geometry;
};

static void vfat_free(struct fs_plan *base)
{
	struct vfat_plan *plan = (struct vfat_plan *)base;

	fat_items_done(&plan->items);
	free(plan);
}

static int vfat_plan(const struct tree *t, const struct fs_params *p, struct fs_plan **ret,
		     struct err *e)
{
	_cleanup_(fs_plan_free) struct fs_plan *base = NULL;
	struct vfat_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return err_oom(e);
	base = &plan->base;
	*base = (struct fs_plan){ .writer = &fs_writer_vfat, .tree = t, .params = *p };
	int r = fat_items_init(&plan->items, t, p, e);
	if (r == 0)
		r = fat_geometry_plan(&plan->items, p, &plan->geometry, e);
	if (r < 0)
		return r;
	base->bytes = plan->geometry.total_sectors * plan->geometry.sector_bytes;
	*ret = TAKE_PTR(base);
	return 0;
}

static int vfat_write(struct fs_plan *base, struct sink *s, struct err *e)
{
	struct vfat_plan *plan = (struct vfat_plan *)base;
	const struct fat_geometry *g = &plan->geometry;
	struct fat_items *items = &plan->items;
	const struct fs_params *p = &base->params;

	uint32_t next = fat_items_place(items, g);
	int r = write_boot(g, items, p, next, s, e);
	if (r == 0)
		r = write_tables(g, items, next, s, e);
	if (r == 0)
		r = write_dirs(g, items, s, e);
	return r < 0 ? r : write_files(g, items, p, s, e);
}

const struct fs_writer fs_writer_vfat = {
	.name = "vfat",
	.plan = vfat_plan,
	.write = vfat_write,
	.free = vfat_free,
};
