/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which FAT, and what lies where. From about 256 MiB on it is FAT32 with clusters of 4 KiB, below
 * FAT16 with the smallest clusters that do; FAT12 is never made. Clusters are aligned to their size.
 */
#include "stage1/fs/fat.h"

#define FAT32_RESERVED	  32
#define FAT16_ROOT_MIN	  512
#define FAT16_CLUSTER_MAX (32 * KiB)
#define FAT32_CLUSTER_MAX (32 * KiB)
#define FAT32_CLUSTER	  (4 * KiB)

static int no_root_space(const struct fat_items *items, struct err *e)
{
	return err_set(e, -EINVAL, "vfat: %llu entries in the root directory",
		       (unsigned long long)(items->v[0].bytes / FAT_ENTRY_BYTES));
}

/* Everything before the clusters, given the length of the tables. */
static int place_areas(struct fat_geometry *g, const struct fat_items *items, uint32_t fat_sectors,
		       struct err *e)
{
	bool fat32 = g->entry_bytes == 4;
	uint64_t root = MAX(FAT16_ROOT_MIN, div_round_up(items->v[0].bytes, FAT_ENTRY_BYTES));
	uint32_t per_cluster = g->cluster_bytes / g->sector_bytes;

	root = align_up(root * FAT_ENTRY_BYTES, g->sector_bytes);
	if (!fat32 && root / FAT_ENTRY_BYTES > UINT16_MAX)
		return no_root_space(items, e);
	g->fat_sectors = fat_sectors;
	g->root_sectors = fat32 ? 0 : (uint32_t)(root / g->sector_bytes);
	g->reserved_sectors = fat32 ? FAT32_RESERVED : 1;
	uint64_t first = g->reserved_sectors + 2 * (uint64_t)fat_sectors + g->root_sectors;
	g->reserved_sectors += (uint32_t)(align_up(first, per_cluster) - first);
	g->fat_at = (uint64_t)g->reserved_sectors * g->sector_bytes;
	g->root_at = g->fat_at + 2 * (uint64_t)fat_sectors * g->sector_bytes;
	g->data_at = g->root_at + (uint64_t)g->root_sectors * g->sector_bytes;
	return 0;
}

static uint32_t table_sectors(const struct fat_geometry *g, uint64_t n_clusters)
{
	return (uint32_t)div_round_up((n_clusters + 2) * g->entry_bytes, g->sector_bytes);
}

static bool clusters_ok(const struct fat_geometry *g, uint64_t n)
{
	return g->entry_bytes == 4 ? n >= FAT16_CLUSTERS_END + FAT_BORDER && n < FAT_CLUSTERS_END
				   : n >= FAT12_CLUSTERS_END + FAT_BORDER &&
					     n < FAT16_CLUSTERS_END - FAT_BORDER;
}

/* The shortest tables that are enough for the clusters that they leave room for. */
static int fill_size(struct fat_geometry *g, const struct fat_items *items, uint64_t bytes,
		     bool *ret_ok, struct err *e)
{
	uint64_t clusters = bytes / g->cluster_bytes;

	*ret_ok = false;
	g->total_sectors = bytes / g->sector_bytes;
	if (clusters > FAT_CLUSTERS_END || g->total_sectors > UINT32_MAX)
		return 0;
	for (uint32_t n = table_sectors(g, clusters) * 9 / 10;; n++) {
		int r = place_areas(g, items, n, e);
		if (r < 0)
			return r;
		if (g->data_at >= bytes)
			return 0;
		clusters = (bytes - g->data_at) / g->cluster_bytes;
		if (table_sectors(g, clusters) <= n)
			break;
	}
	g->n_clusters = (uint32_t)clusters;
	*ret_ok = clusters_ok(g, clusters);
	return 0;
}

static void set_type(struct fat_geometry *g, const struct fs_params *p, uint32_t entry_bytes,
		     uint64_t cluster_bytes)
{
	*g = (struct fat_geometry){ .sector_bytes = p->sector_bytes ? p->sector_bytes : 512,
				    .cluster_bytes = (uint32_t)cluster_bytes,
				    .entry_bytes = entry_bytes };
}

static uint64_t first_cluster_bytes(const struct fs_params *p, uint32_t entry_bytes)
{
	uint64_t sector = p->sector_bytes ? p->sector_bytes : 512;

	return entry_bytes == 4 ? MAX(sector, FAT32_CLUSTER) : sector;
}

/* FAT32 if there are enough clusters of 4 KiB; larger ones only from 8 GiB on. */
static int fit_size(const struct fat_items *items, const struct fs_params *p, uint64_t bytes,
		    struct fat_geometry *ret, bool *ret_ok, struct err *e)
{
	static const struct {
		uint32_t entry_bytes;
		uint64_t max;
	} types[] = { { 4, FAT32_CLUSTER_MAX }, { 2, FAT16_CLUSTER_MAX } };

	*ret_ok = false;
	for (size_t i = 0; !*ret_ok && i < ARRAY_SIZE(types); i++) {
		uint64_t c = first_cluster_bytes(p, types[i].entry_bytes);
		while (types[i].entry_bytes == 4 && c < FAT32_CLUSTER_MAX && bytes / c > 2 * MiB)
			c *= 2;
		for (; !*ret_ok && c <= types[i].max; c *= 2) {
			set_type(ret, p, types[i].entry_bytes, c);
			int r = fill_size(ret, items, bytes, ret_ok, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The size for a number of clusters, rounded up to a multiple of 4096. */
static int small_size(const struct fat_items *items, const struct fs_params *p,
		      uint32_t entry_bytes, uint64_t cluster_bytes, uint64_t *ret, struct err *e)
{
	struct fat_geometry g;

	set_type(&g, p, entry_bytes, cluster_bytes);
	uint64_t n = fat_items_clusters(items, g.cluster_bytes, entry_bytes == 4);
	n = MAX(n, (entry_bytes == 4 ? FAT16_CLUSTERS_END : FAT12_CLUSTERS_END) + FAT_BORDER);
	*ret = 0;
	if (!clusters_ok(&g, n))
		return 0;
	int r = place_areas(&g, items, table_sectors(&g, n + 4096 / cluster_bytes), e);
	if (r == 0)
		*ret = align_up(g.data_at + n * g.cluster_bytes, 4096);
	return r;
}

static int smallest(const struct fat_items *items, const struct fs_params *p, uint64_t *ret,
		    struct err *e)
{
	*ret = 0;
	for (uint32_t entry = 2; !*ret && entry <= 4; entry += 2) {
		uint64_t max = entry == 2 ? FAT32_CLUSTER : FAT32_CLUSTER_MAX;
		for (uint64_t c = first_cluster_bytes(p, entry); !*ret && c <= max; c *= 2) {
			int r = small_size(items, p, entry, c, ret, e);
			if (r < 0)
				return r;
		}
	}
	return *ret ? 0 : err_set(e, -EINVAL, "vfat: more content than FAT32 holds");
}

int fat_geometry_plan(const struct fat_items *items, const struct fs_params *p,
		      struct fat_geometry *ret, struct err *e)
{
	uint64_t bytes = p->size_bytes / 4096 * 4096, needed;
	bool ok;

	if (p->sector_bytes && p->sector_bytes != 512 && p->sector_bytes != 4096)
		return err_set(e, -EINVAL, "vfat: sectors of %u bytes", p->sector_bytes);
	int r = smallest(items, p, &needed, e);
	if (r < 0)
		return r;
	r = fit_size(items, p, bytes ? bytes : needed, ret, &ok, e);
	if (r < 0)
		return r;
	bool fat32 = ret->entry_bytes == 4;
	if (ok && fat_items_clusters(items, ret->cluster_bytes, fat32) <= ret->n_clusters)
		return 0;
	return err_set(e, -ENOSPC, "vfat: the content takes about %llu bytes, there are %llu",
		       (unsigned long long)needed, (unsigned long long)bytes);
}
