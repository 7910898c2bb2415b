/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ext4 image of a tree holds: its inodes, numbered level by level, so that the inodes and
 * the contents of a directory's entries are neighbours, and the blocks that each needs.
 */
#include "stage1/fs/ext4.h"
#include "stage1/fs/nodes.h"

static int add_item(struct ext4_items *items, struct tree_node *n, size_t parent, struct err *e)
{
	struct tree_inode *inode = n->inode;

	if (inode->number) {
		if (++items->v[inode->number - 1].n_links <= EXT4_LINKS_MAX)
			return 0;
		return err_set(e, -EINVAL, "more than %d hard links", EXT4_LINKS_MAX);
	}
	if (items->n >= UINT32_MAX - EXT2_GOOD_OLD_FIRST_INO)
		return err_set(e, -EINVAL, "too many files");
	if (items->n == items->cap) {
		size_t cap = items->cap ? 2 * items->cap : 256;
		struct ext4_item *v = reallocarray(items->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		items->v = v;
		items->cap = cap;
	}
	items->v[items->n++] =
		(struct ext4_item){ .node = n, .parent = (uint32_t)parent, .n_links = 1 };
	inode->number = items->n;
	return 0;
}

/* A directory is linked from its parent, from itself and from its subdirectories. */
static int add_children(struct ext4_items *items, size_t dir, struct err *e)
{
	struct tree_node *n = items->v[dir].node, *child;
	uint32_t n_links = 2;

	tree_for_each_child (n, child) {
		int r = add_item(items, child, dir, e);
		if (r < 0)
			return fs_fail_at(child, e);
		n_links += tree_is_dir(child);
	}
	items->v[dir].n_links = n_links <= EXT4_LINKS_MAX ? n_links : 1;
	return 0;
}

static int size_content(struct ext4_item *it, const struct fs_params *p, struct err *e)
{
	const struct tree_inode *inode = it->node->inode;
	bool indexed;

	switch (inode->mode & S_IFMT) {
	case S_IFDIR:
		return ext4_dir_blocks(it->node, p, &it->n_blocks, &indexed, e);
	case S_IFREG:
		it->n_blocks = div_round_up(inode->blob->len, EXT4_BLOCK_BYTES);
		if (it->n_blocks > UINT32_MAX - 1)
			return err_set(e, -EINVAL, "too large for ext4");
		return 0;
	case S_IFLNK:
		if (strlen(inode->target) > EXT4_SYMLINK_MAX)
			return err_set(e, -EINVAL, "symlink longer than %d bytes",
				       EXT4_SYMLINK_MAX);
		it->n_blocks = strlen(inode->target) > EXT4_FAST_SYMLINK_MAX;
		return 0;
	default:
		return 0;
	}
}

static int size_xattrs(struct ext4_items *items, struct ext4_item *it, struct err *e)
{
	const struct tree_inode *inode = it->node->inode;
	_Alignas(8) uint8_t area[EXT4_XATTR_INODE_BYTES] = { 0 };
	bool is_new;

	if (!inode->n_xattrs)
		return 0;
	if (ext4_xattr_in_inode(inode))
		return ext4_xattr_encode(inode, area, sizeof(area), 0, e);
	int r = ext4_xattrs_add(&items->xattrs, inode, &it->xattr_block, &is_new, e);
	if (r == 0)
		items->n_blocks += is_new;
	return r;
}

static int size_item(struct ext4_items *items, size_t i, const struct fs_params *p, struct err *e)
{
	struct ext4_item *it = &items->v[i];
	int64_t mtime = it->node->inode->mtime;

	/* 32 bits and two bits of epoch */
	if (mtime < INT32_MIN || mtime >= INT32_MIN + (INT64_C(4) << 32))
		return err_set(e, -EINVAL, "ext4 cannot hold the time %lld", (long long)mtime);
	int r = size_content(it, p, e);
	if (r == 0)
		r = size_xattrs(items, it, e);
	items->n_blocks += it->n_blocks;
	return r;
}

int ext4_items_init(struct ext4_items *items, const struct tree *t, const struct fs_params *p,
		    struct err *e)
{
	*items = (struct ext4_items){ 0 };
	int r = fs_forget_numbers(tree_root(t), e);
	if (r < 0)
		return r;
	r = add_item(items, tree_root(t), 0, e);
	for (size_t i = 0; r == 0 && i < items->n; i++) {
		if (tree_is_dir(items->v[i].node))
			r = add_children(items, i, e);
	}
	for (size_t i = 0; r == 0 && i < items->n; i++) {
		r = size_item(items, i, p, e);
		if (r < 0)
			r = fs_fail_at(items->v[i].node, e);
	}
	return r;
}

void ext4_items_done(struct ext4_items *items)
{
	ext4_xattrs_done(&items->xattrs);
	free(items->v);
	*items = (struct ext4_items){ 0 };
}
