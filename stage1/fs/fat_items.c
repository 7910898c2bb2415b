/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a FAT image of a tree holds. There are no owners, modes and attributes, and a hard link
 * becomes another file.
 */
#include "stage1/fs/fat.h"
#include "stage1/fs/nodes.h"

static int add_item(struct fat_items *items, struct tree_node *n, size_t parent, struct err *e)
{
	struct fat_item it = { .node = n, .parent = parent };

	if (tree_is_file(n))
		it.bytes = n->inode->blob->len;
	else if (!tree_is_dir(n))
		return err_set(e, -EINVAL, "FAT holds regular files and directories only");
	if (it.bytes > UINT32_MAX)
		return err_set(e, -EINVAL, "FAT holds no file of 4 GiB and more");
	if (items->n == items->cap) {
		size_t cap = items->cap ? 2 * items->cap : 64;
		struct fat_item *v = reallocarray(items->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		items->v = v;
		items->cap = cap;
	}
	items->v[items->n++] = it;
	return 0;
}

static int add_children(struct fat_items *items, size_t dir, struct err *e)
{
	const struct tree_node *n = items->v[dir].node;
	struct tree_node *child;

	items->v[dir].first_child = items->n;
	tree_for_each_child (n, child) {
		int r = add_item(items, child, dir, e);
		if (r < 0)
			return fs_fail_at(child, e);
	}
	return 0;
}

static int size_dirs(struct fat_items *items, struct err *e)
{
	for (size_t i = 0; i < items->n; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		if (!tree_is_dir(items->v[i].node))
			continue;
		int r = fat_dir_build(items, i, &b, e);
		if (r < 0)
			return fs_fail_at(items->v[i].node, e);
		items->v[i].bytes = b.len;
	}
	return 0;
}

int fat_items_init(struct fat_items *items, const struct tree *t, const struct fs_params *p,
		   struct err *e)
{
	int r = p->label ? fat_label(p->label, items->label, e) : 0;
	if (r == 0)
		r = add_item(items, tree_root(t), 0, e);
	for (size_t i = 0; r == 0 && i < items->n; i++) {
		if (tree_is_dir(items->v[i].node))
			r = add_children(items, i, e);
	}
	return r < 0 ? r : size_dirs(items, e);
}

void fat_items_done(struct fat_items *items)
{
	free(items->v);
	*items = (struct fat_items){ 0 };
}

static uint64_t item_clusters(const struct fat_items *items, size_t i, uint32_t cluster_bytes,
			      bool fat32)
{
	if (i == 0)
		return fat32 ? MAX(1, div_round_up(items->v[0].bytes, cluster_bytes)) : 0;
	return div_round_up(items->v[i].bytes, cluster_bytes);
}

uint64_t fat_items_clusters(const struct fat_items *items, uint32_t cluster_bytes, bool fat32)
{
	uint64_t n = 0;

	for (size_t i = 0; i < items->n; i++)
		n += item_clusters(items, i, cluster_bytes, fat32);
	return n;
}

uint32_t fat_items_place(struct fat_items *items, const struct fat_geometry *g)
{
	uint32_t next = 2;

	for (int dirs = 1; dirs >= 0; dirs--) {
		for (size_t i = 0; i < items->n; i++) {
			struct fat_item *it = &items->v[i];
			if (tree_is_dir(it->node) != dirs)
				continue;
			it->n_clusters = (uint32_t)item_clusters(items, i, g->cluster_bytes,
								 g->entry_bytes == 4);
			it->first_cluster = it->n_clusters ? next : 0;
			next += it->n_clusters;
		}
	}
	return next;
}
