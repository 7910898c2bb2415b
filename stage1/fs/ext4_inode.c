/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inode tables, and the blocks of extents of files in more pieces than an inode holds. */
#include "stage1/fs/ext4.h"

#define INODES_PER_BLOCK (EXT4_BLOCK_BYTES / EXT4_INODE_BYTES)
#define EXTENT_MAGIC	 0xf30a

struct inode_writer {
	struct ext4_layout *l;
	const struct ext4_items *items;
	const struct fs_params *p;
	struct sink *s;
};

static void put_header(uint8_t *at, size_t n, size_t max, unsigned int depth)
{
	put_le16(at, EXTENT_MAGIC);
	put_le16(at + 2, (uint16_t)n);
	put_le16(at + 4, (uint16_t)max);
	put_le16(at + 6, (uint16_t)depth);
}

static void put_extents(uint8_t *at, const struct ext4_run *runs, size_t n, size_t max)
{
	put_header(at, n, max, 0);
	for (size_t i = 0; i < n; i++) {
		at += 12;
		put_le32(at, runs[i].logical);
		put_le16(at + 4, (uint16_t)runs[i].n_blocks);
		put_le16(at + 6, (uint16_t)(runs[i].block >> 32));
		put_le32(at + 8, (uint32_t)runs[i].block);
	}
}

static int write_leaf(const struct inode_writer *w, size_t i, const struct ext4_run *runs, size_t n,
		      uint64_t block, struct err *e)
{
	_Alignas(8) uint8_t data[EXT4_BLOCK_BYTES] = { 0 };

	put_extents(data, runs, n, EXT4_LEAF_EXTENTS);
	errcode_t c = ext2fs_extent_block_csum_set(w->l->fs, ext4_ino(i),
						   (struct ext3_extent_header *)data);
	if (c)
		return ext4_err(e, c, "checksum of extents");
	return sink_pwrite(w->s, block * EXT4_BLOCK_BYTES, data, sizeof(data), e);
}

/* Extents in the inode, or in up to four leaves below it. */
static int fill_extents(const struct inode_writer *w, size_t i, uint8_t *at, struct err *e)
{
	const struct ext4_item *it = &w->items->v[i];
	const struct ext4_run *runs = w->l->runs + it->first_run;
	int r = 0;

	if (!it->n_leaves) {
		put_extents(at, runs, it->n_runs, EXT4_INODE_EXTENTS);
		return 0;
	}
	put_header(at, it->n_leaves, EXT4_INODE_EXTENTS, 1);
	for (uint32_t k = 0; r == 0 && k < it->n_leaves; k++) {
		const struct ext4_run *part = runs + k * EXT4_LEAF_EXTENTS;
		uint64_t block = runs[it->n_runs + k].block;
		at += 12;
		put_le32(at, part->logical);
		put_le32(at + 4, (uint32_t)block);
		put_le16(at + 8, (uint16_t)(block >> 32));
		r = write_leaf(w, i, part,
			       MIN(EXT4_LEAF_EXTENTS, it->n_runs - k * EXT4_LEAF_EXTENTS), block,
			       e);
	}
	return r;
}

/* The kernel's old form for small numbers, else the new one in the next word. */
static void fill_device(const struct tree_inode *t, struct ext2_inode_large *inode)
{
	if (t->rdev_major < 256 && t->rdev_minor < 256)
		inode->i_block[0] = t->rdev_major << 8 | t->rdev_minor;
	else
		inode->i_block[1] = (t->rdev_minor & 0xff) | t->rdev_major << 8 |
				    (t->rdev_minor & ~0xffu) << 12;
}

static int fill_content(const struct inode_writer *w, size_t i, struct ext2_inode_large *inode,
			struct err *e)
{
	const struct ext4_item *it = &w->items->v[i];
	const struct tree_inode *t = it->node->inode;
	uint64_t size = 0;

	if (S_ISREG(t->mode))
		size = t->blob->len;
	else if (S_ISDIR(t->mode))
		size = it->n_blocks * EXT4_BLOCK_BYTES;
	else if (S_ISLNK(t->mode))
		size = strlen(t->target);
	inode->i_size = (uint32_t)size;
	inode->i_size_high = (uint32_t)(size >> 32);
	if (S_ISCHR(t->mode) || S_ISBLK(t->mode))
		fill_device(t, inode);
	if (S_ISLNK(t->mode) && !it->n_blocks)
		memcpy(inode->i_block, t->target, (size_t)size);
	if (!S_ISREG(t->mode) && !it->n_blocks)
		return 0;
	inode->i_flags = EXT4_EXTENTS_FL;
	if (S_ISDIR(t->mode) && it->n_blocks > 1)
		inode->i_flags |= EXT2_INDEX_FL;
	return fill_extents(w, i, (uint8_t *)inode->i_block, e);
}

static void fill_times(const struct tree_inode *t, struct ext2_inode_large *inode)
{
	uint32_t low = (uint32_t)t->mtime;
	uint32_t epoch = (uint32_t)((t->mtime - (int32_t)low) >> 32) & 3;

	inode->i_mtime = inode->i_atime = inode->i_ctime = inode->i_crtime = low;
	inode->i_mtime_extra = inode->i_atime_extra = epoch;
	inode->i_ctime_extra = inode->i_crtime_extra = epoch;
}

static int fill_xattrs(const struct inode_writer *w, const struct ext4_item *it,
		       struct ext2_inode_large *inode, uint8_t *area, struct err *e)
{
	if (it->xattr_block) {
		uint64_t block = w->items->xattrs.v[it->xattr_block - 1].block;
		inode->i_file_acl = (uint32_t)block;
		inode->osd2.linux2.l_i_file_acl_high = (uint16_t)(block >> 32);
		return 0;
	}
	if (!it->node->inode->n_xattrs)
		return 0;
	put_le32(area, EXT2_EXT_ATTR_MAGIC);
	return ext4_xattr_encode(it->node->inode, area + 4, EXT4_XATTR_INODE_BYTES, 0, e);
}

static int fill_inode(const struct inode_writer *w, size_t i, uint8_t *at, struct err *e)
{
	struct ext2_inode_large *inode = (struct ext2_inode_large *)at;
	const struct ext4_item *it = &w->items->v[i];
	const struct tree_inode *t = it->node->inode;
	uint64_t sectors =
		(it->n_blocks + it->n_leaves + !!it->xattr_block) * (EXT4_BLOCK_BYTES / 512);

	inode->i_mode = (uint16_t)t->mode;
	inode->i_uid = (uint16_t)t->uid;
	inode->i_gid = (uint16_t)t->gid;
	inode->osd2.linux2.l_i_uid_high = (uint16_t)(t->uid >> 16);
	inode->osd2.linux2.l_i_gid_high = (uint16_t)(t->gid >> 16);
	inode->i_links_count = (uint16_t)it->n_links;
	inode->i_blocks = (uint32_t)sectors;
	inode->i_extra_isize = EXT4_EXTRA_ISIZE;
	fill_times(t, inode);
	int r = fill_content(w, i, inode, e);
	if (r == 0)
		r = fill_xattrs(w, it, inode, at + EXT2_GOOD_OLD_INODE_SIZE + EXT4_EXTRA_ISIZE, e);
	if (r < 0)
		return r;
	errcode_t c = ext2fs_inode_csum_set(w->l->fs, ext4_ino(i), inode);
	return c ? ext4_err(e, c, "checksum of an inode") : 0;
}

/* The reserved inodes are in use and zero, but for the root. */
static void mark_inodes(const struct inode_writer *w)
{
	for (uint32_t ino = 1; ino < EXT2_GOOD_OLD_FIRST_INO; ino++)
		ext2fs_inode_alloc_stats2(w->l->fs, ino, 1, ino == EXT2_ROOT_INO);
	for (size_t i = 1; i < w->items->n; i++)
		ext2fs_inode_alloc_stats2(w->l->fs, ext4_ino(i), 1,
					  tree_is_dir(w->items->v[i].node));
}

/* One group's table, as far as it is used: inodes @first to @last. */
static int write_table(const struct inode_writer *w, dgrp_t group, uint32_t first, uint32_t last,
		       struct err *e)
{
	size_t n_blocks = div_round_up(last - first + 1, INODES_PER_BLOCK);
	_cleanup_free_ uint8_t *data = calloc(n_blocks, EXT4_BLOCK_BYTES);
	int r = 0;

	if (!data)
		return err_oom(e);
	for (uint32_t ino = first; r == 0 && ino <= last; ino++) {
		uint8_t *at = data + (size_t)(ino - first) * EXT4_INODE_BYTES;
		if (ino == EXT2_ROOT_INO)
			r = fill_inode(w, 0, at, e);
		else if (ino >= EXT2_GOOD_OLD_FIRST_INO)
			r = fill_inode(w, ino - (EXT2_GOOD_OLD_FIRST_INO - 1), at, e);
	}
	if (r < 0)
		return r;
	return sink_pwrite(w->s, ext2fs_inode_table_loc(w->l->fs, group) * EXT4_BLOCK_BYTES, data,
			   n_blocks * EXT4_BLOCK_BYTES, e);
}

int ext4_write_inodes(struct ext4_layout *l, const struct ext4_items *items,
		      const struct fs_params *p, struct sink *s, struct err *e)
{
	struct inode_writer w = { .l = l, .items = items, .p = p, .s = s };
	uint32_t per_group = l->fs->super->s_inodes_per_group;
	uint32_t end = items->n > 1 ? ext4_ino(items->n - 1) : EXT2_GOOD_OLD_FIRST_INO - 1;
	int r = 0;

	mark_inodes(&w);
	for (dgrp_t g = 0; r == 0 && (uint64_t)g * per_group < end; g++) {
		uint32_t first = g * per_group + 1;
		uint32_t last = (uint32_t)MIN((uint64_t)first + per_group - 1, end);
		r = write_table(&w, g, first, last, e);
	}
	return r;
}
