/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/fat_read.h"

#define BOOT_BYTES     512
#define ONE_TABLE_ONLY 0x80 /* BPB_ExtFlags: no mirroring; the lower bits say which */

static bool sane_boot(const uint8_t *b)
{
	uint16_t sector = get_le16(b + 11);

	return get_le16(b + 510) == 0xaa55 && (b[0] == 0xeb || b[0] == 0xe9) &&
	       (sector == 512 || sector == 1024 || sector == 2048 || sector == 4096) &&
	       is_power_of_2(b[13]) && get_le16(b + 14) && (b[16] == 1 || b[16] == 2) &&
	       (b[21] == 0xf0 || b[21] >= 0xf8);
}

static bool fat_probe(const struct source *src)
{
	uint8_t b[BOOT_BYTES];
	struct err e;

	return src->size_bytes >= BOOT_BYTES && source_pread(src, 0, b, sizeof(b), &e) == 0 &&
	       sane_boot(b);
}

/* All numbers are of at most 32 bits, so that nothing overflows in 64. */
static int read_geometry(struct fat_reader *r, const uint8_t *b, struct err *e)
{
	struct fat_geometry *g = &r->g;
	uint64_t n_fats = b[16], fat16 = get_le16(b + 22), total16 = get_le16(b + 19);

	g->sector_bytes = get_le16(b + 11);
	g->cluster_bytes = b[13] * g->sector_bytes;
	g->reserved_sectors = get_le16(b + 14);
	g->fat_sectors = fat16 ? (uint32_t)fat16 : get_le32(b + 36);
	g->root_sectors = (uint32_t)div_round_up(get_le16(b + 17) * (uint64_t)FAT_ENTRY_BYTES,
						 g->sector_bytes);
	g->total_sectors = total16 ? total16 : get_le32(b + 32);
	g->fat_at = (uint64_t)g->reserved_sectors * g->sector_bytes;
	g->root_at = g->fat_at + n_fats * g->fat_sectors * g->sector_bytes;
	g->data_at = g->root_at + (uint64_t)g->root_sectors * g->sector_bytes;
	uint64_t bytes = g->total_sectors * g->sector_bytes;
	if (bytes > r->src->size_bytes || g->data_at > bytes)
		return err_set(e, -EINVAL, "%llu sectors do not fit into %llu bytes",
			       (unsigned long long)g->total_sectors,
			       (unsigned long long)r->src->size_bytes);
	uint64_t n = (bytes - g->data_at) / g->cluster_bytes;
	if (n < FAT12_CLUSTERS_END || n >= FAT_CLUSTERS_END)
		return err_set(e, -EINVAL, "%llu clusters: not FAT16 or FAT32",
			       (unsigned long long)n);
	g->n_clusters = (uint32_t)n;
	g->entry_bytes = n < FAT16_CLUSTERS_END ? 2 : 4;
	if ((g->entry_bytes == 2) != (g->root_sectors > 0) || (g->entry_bytes == 2) != (fat16 > 0))
		return err_set(e, -EINVAL, "neither FAT16 nor FAT32");
	/* Of tables that are no copies, firmware would take another one than Linux and this reader. */
	if (g->entry_bytes == 4 && (b[40] & ONE_TABLE_ONLY))
		return err_set(e, -EINVAL, "only one of its tables is in use");
	if ((n + 2) * g->entry_bytes > (uint64_t)g->fat_sectors * g->sector_bytes)
		return err_set(e, -EINVAL, "the table is too short for %llu clusters",
			       (unsigned long long)n);
	r->root_cluster = g->entry_bytes == 4 ? get_le32(b + 44) : 0;
	return 0;
}

/* Return: 0, and 0 in *ret at the end of a chain */
static int next_cluster(struct fat_reader *r, uint32_t cluster, uint32_t *ret, struct err *e)
{
	uint64_t at = r->g.fat_at + (uint64_t)cluster * r->g.entry_bytes;
	uint64_t window = at / sizeof(r->window) * sizeof(r->window);

	if (window != r->window_at) {
		r->window_at = UINT64_MAX;
		int n = source_pread(r->src, window, r->window, sizeof(r->window), e);
		if (n < 0)
			return n;
		r->window_at = window;
	}
	const uint8_t *p = r->window + (at - window);
	uint32_t next = r->g.entry_bytes == 4 ? get_le32(p) & 0x0fffffff : get_le16(p);
	uint32_t end = r->g.entry_bytes == 4 ? 0x0ffffff8 : 0xfff8;
	if (next < end && (next < 2 || next - 2 >= r->g.n_clusters))
		return err_set(e, -EINVAL, "cluster %u is followed by %u, which is none", cluster,
			       next);
	*ret = next < end ? next : 0;
	return 0;
}

static int add_to_runs(struct fat_reader *r, size_t first_run, uint32_t cluster, struct err *e)
{
	struct fat_run *last = r->n_runs > first_run ? &r->runs[r->n_runs - 1] : NULL;

	if (last && last->cluster + last->n_clusters == cluster) {
		last->n_clusters++;
		return 0;
	}
	if (r->n_runs == r->cap_runs) {
		size_t cap = r->cap_runs ? 2 * r->cap_runs : 64;
		struct fat_run *v = reallocarray(r->runs, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		r->runs = v;
		r->cap_runs = cap;
	}
	r->runs[r->n_runs++] = (struct fat_run){ cluster, 1 };
	return 0;
}

int fat_read_chain(struct fat_reader *r, uint32_t first, size_t *ret_first_run, size_t *ret_n_runs,
		   uint32_t *ret_clusters, struct err *e)
{
	size_t first_run = r->n_runs;
	uint32_t n_clusters = 0;

	if (first < 2 || first - 2 >= r->g.n_clusters)
		return err_set(e, -EINVAL, "there is no cluster %u", first);
	for (uint32_t c = first, next = 0; c; c = next, n_clusters++) {
		uint8_t *seen = &r->seen[(c - 2) / 8], bit = (uint8_t)(1 << (c - 2) % 8);
		if (*seen & bit)
			return err_set(e, -EINVAL, "cluster %u is in two chains, or in a loop", c);
		*seen |= bit;
		int n = add_to_runs(r, first_run, c, e);
		if (n == 0)
			n = next_cluster(r, c, &next, e);
		if (n < 0)
			return n;
	}
	*ret_first_run = first_run;
	*ret_n_runs = r->n_runs - first_run;
	*ret_clusters = n_clusters;
	return 0;
}

int fat_read_runs(const struct fat_reader *r, const struct fat_node *node, uint64_t off, void *data,
		  size_t len, struct err *e)
{
	uint8_t *to = data;

	for (size_t i = 0; len && i < node->n_runs; i++) {
		const struct fat_run *run = &r->runs[node->first_run + i];
		uint64_t bytes = (uint64_t)run->n_clusters * r->g.cluster_bytes;
		if (off >= bytes) {
			off -= bytes;
			continue;
		}
		size_t part = (size_t)MIN(len, bytes - off);
		int n = source_pread(r->src, fat_cluster_at(&r->g, run->cluster) + off, to, part,
				     e);
		if (n < 0)
			return n;
		to += part;
		len -= part;
		off = 0;
	}
	return len ? err_set(e, -EINVAL, "a chain is too short") : 0;
}

struct fat_node *fat_find_node(struct fat_reader *r, uint64_t ino, struct err *e)
{
	if (ino == 0 || ino > r->n) {
		err_set(e, -EINVAL, "vfat: no inode %llu", (unsigned long long)ino);
		return NULL;
	}
	return &r->v[ino - 1];
}

static int fat_stat(struct fs_reader *base, uint64_t ino, struct fs_stat *ret, struct err *e)
{
	const struct fat_node *n = fat_find_node((struct fat_reader *)base, ino, e);

	if (!n)
		return e->code;
	*ret = (struct fs_stat){ .ino = ino,
				 .mode = n->is_dir ? S_IFDIR | 0755 : S_IFREG | 0644,
				 .nlink = 1,
				 .size_bytes = n->size_bytes,
				 .mtime = n->mtime };
	return 0;
}

static int fat_readdir(struct fs_reader *base, uint64_t ino,
		       int (*fn)(void *ctx, const char *name, size_t len, uint64_t ino,
				 struct err *e),
		       void *ctx, struct err *e)
{
	struct fat_reader *r = (struct fat_reader *)base;
	const struct fat_node *n = fat_find_node(r, ino, e);
	int ret = n ? 0 : e->code;

	if (n && !n->is_dir)
		return err_set(e, -ENOTDIR, "vfat: inode %llu is no directory",
			       (unsigned long long)ino);
	for (size_t i = 0; ret == 0 && i < n->n_children; i++) {
		const struct fat_node *child = &r->v[n->first_child + i];
		ret = fn(ctx, child->name, strlen(child->name), n->first_child + i + 1, e);
	}
	return ret;
}

static int fat_read(struct fs_reader *base, uint64_t ino, uint64_t off, void *data, size_t len,
		    size_t *ret_len, struct err *e)
{
	struct fat_reader *r = (struct fat_reader *)base;
	const struct fat_node *n = fat_find_node(r, ino, e);

	if (!n)
		return e->code;
	if (n->is_dir)
		return err_set(e, -EISDIR, "vfat: inode %llu is a directory",
			       (unsigned long long)ino);
	len = off < n->size_bytes ? (size_t)MIN(len, n->size_bytes - off) : 0;
	int ret = len ? fat_read_runs(r, n, off, data, len, e) : 0;
	if (ret == 0)
		*ret_len = len;
	return ret;
}

static int fat_xattrs(struct fs_reader *base unused_, uint64_t ino unused_,
		      int (*fn)(void *ctx, const char *name, const void *value, size_t len,
				struct err *e) unused_,
		      void *ctx unused_, struct err *e unused_)
{
	return 0;
}

static void fat_done(struct fs_reader *base)
{
	struct fat_reader *r = (struct fat_reader *)base;

	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].name);
	free(r->v);
	free(r->runs);
	free(r->seen);
	free(r);
}

static const struct fs_reader_ops ops = { .name = "vfat",
					  .stat = fat_stat,
					  .readdir = fat_readdir,
					  .read = fat_read,
					  .xattrs = fat_xattrs,
					  .done = fat_done,
					  .raw = fat_raw,
					  .extents = fat_extents,
					  .describe = fat_describe };

static int read_all(struct fat_reader *r, struct err *e)
{
	struct fat_node root = { .is_dir = true,
				 .name = strdup(""),
				 .first_cluster = r->root_cluster };
	uint32_t n_clusters;
	int n = 0;

	r->seen = calloc(div_round_up(r->g.n_clusters, 8), 1);
	if (!r->seen) {
		free(root.name);
		return err_oom(e);
	}
	n = fat_add_node(r, root, e);
	if (n == 0 && r->root_cluster)
		n = fat_read_chain(r, r->root_cluster, &r->v[0].first_run, &r->v[0].n_runs,
				   &n_clusters, e);
	for (size_t i = 0; n == 0 && i < r->n; i++) {
		if (!r->v[i].is_dir)
			continue;
		n = fat_read_dir(r, i, e);
		if (n < 0)
			err_wrap(e, n, "directory \"%s\"", r->v[i].name);
	}
	return n;
}

static int fat_open(const struct source *src, struct fs_reader **ret, struct err *e)
{
	uint8_t boot[BOOT_BYTES];

	int n = source_pread(src, 0, boot, sizeof(boot), e);
	if (n < 0)
		return n;
	struct fat_reader *r = calloc(1, sizeof(*r));
	if (!r)
		return err_oom(e);
	_cleanup_(fs_reader_free) struct fs_reader *base = &r->base;
	r->base = (struct fs_reader){ .ops = &ops, .root_ino = 1 };
	r->src = src;
	r->window_at = UINT64_MAX;
	n = read_geometry(r, boot, e);
	if (n == 0)
		n = read_all(r, e);
	r->base.size_bytes = r->g.total_sectors * r->g.sector_bytes;
	if (n == 0)
		*ret = TAKE_PTR(base);
	return n;
}

const struct fs_reader_type fs_reader_type_vfat = { .name = "vfat",
						    .probe = fat_probe,
						    .open = fat_open };
