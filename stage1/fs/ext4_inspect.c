/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How things are stored, of a possibly damaged image. */
#include "stage1/fs/ext4_read.h"

#define INDEX_BYTES 12

int ext4_raw(struct fs_reader *base, uint64_t ino, void *data, size_t size, size_t *ret_len,
	     struct err *e)
{
	struct ext4_reader *r = (struct ext4_reader *)base;
	struct ext4_inode_buf buf;

	int n = ext4_read_inode(r, ino, &buf, e);
	if (n < 0)
		return n;
	*ret_len = MIN(size, (size_t)EXT2_INODE_SIZE(r->fs->super));
	memcpy(data, buf.data, *ret_len);
	return 0;
}

/* The block of attributes, and of extents those that the inode itself points to. */
static int own_extents(struct ext4_reader *r, const struct ext2_inode_large *inode,
		       int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		       struct err *e)
{
	const uint8_t *node = (const uint8_t *)inode->i_block;
	struct fs_extent x = { .own = "block of attributes", .len = r->fs->blocksize };
	int n = 0;

	x.offset = (inode->i_file_acl | (uint64_t)inode->osd2.linux2.l_i_file_acl_high << 32) *
		   r->fs->blocksize;
	if (x.offset)
		n = fn(ctx, &x, e);
	if (!(inode->i_flags & EXT4_EXTENTS_FL) || get_le16(node + 6) == 0)
		return n;
	x.own = "block of extents";
	for (unsigned int i = 1; n == 0 && i <= MIN(get_le16(node + 2), EXT4_INODE_EXTENTS); i++) {
		const uint8_t *entry = node + (size_t)i * INDEX_BYTES;
		x.offset = (get_le32(entry + 4) | (uint64_t)get_le16(entry + 8) << 32) *
			   r->fs->blocksize;
		n = fn(ctx, &x, e);
	}
	return n;
}

int ext4_extents(struct fs_reader *base, uint64_t ino,
		 int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		 struct err *e)
{
	struct ext4_reader *r = (struct ext4_reader *)base;
	struct ext4_inode_buf buf;

	int n = ext4_read_inode(r, ino, &buf, e);
	if (n < 0)
		return n;
	const struct ext2_inode_large *inode = ext4_inode(&buf);
	uint64_t size = ext4_inode_size(inode), part = 0, block;
	uint64_t n_blocks = div_round_up(size, r->fs->blocksize);
	if (!(inode->i_flags & EXT4_EXTENTS_FL))
		n_blocks = 0;
	for (uint64_t at = 0; n == 0 && at < n_blocks; at += part) {
		n = ext4_map(r, ino, inode, at, &block, &part, e);
		if (n < 0 || !block)
			continue;
		struct fs_extent x = { .logical = at * r->fs->blocksize,
				       .offset = block * r->fs->blocksize,
				       .len = MIN(part, n_blocks - at) * r->fs->blocksize };
		x.content_len = MIN(x.len, size - x.logical);
		n = fn(ctx, &x, e);
	}
	return n ? n : own_extents(r, inode, fn, ctx, e);
}

static bool within(uint64_t block, uint64_t first, uint64_t n)
{
	return first && block >= first && block - first < n;
}

/* Tables may lie in another group than their own: all groups are asked. */
static bool describe_tables(ext2_filsys fs, uint64_t off, char *out, size_t size)
{
	uint64_t block = off / fs->blocksize;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		uint64_t table = ext2fs_inode_table_loc(fs, g);
		if (block == ext2fs_block_bitmap_loc(fs, g)) {
			snprintf(out, size, "block bitmap of group %u", g);
		} else if (block == ext2fs_inode_bitmap_loc(fs, g)) {
			snprintf(out, size, "inode bitmap of group %u", g);
		} else if (within(block, table, fs->inode_blocks_per_group)) {
			uint64_t i = (off - table * fs->blocksize) / EXT2_INODE_SIZE(fs->super);
			snprintf(out, size, "inode %llu",
				 (unsigned long long)g * fs->super->s_inodes_per_group + i + 1);
		} else {
			continue;
		}
		return true;
	}
	return false;
}

static bool describe_supers(ext2_filsys fs, uint64_t off, char *out, size_t size)
{
	uint64_t block = off / fs->blocksize;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		blk64_t super, old_desc, new_desc;
		blk_t n;
		ext2fs_super_and_bgd_loc2(fs, g, &super, &old_desc, &new_desc, &n);
		if (g && within(block, super, 1))
			snprintf(out, size, "copy of the superblock in group %u", g);
		else if (within(block, old_desc, fs->desc_blocks) || within(block, new_desc, 1))
			snprintf(out, size, "group descriptors in group %u", g);
		else
			continue;
		return true;
	}
	return false;
}

void ext4_describe(struct fs_reader *base, uint64_t off, char *out, size_t size)
{
	ext2_filsys fs = ((struct ext4_reader *)base)->fs;

	out[0] = '\0';
	if (off < SUPERBLOCK_OFFSET)
		snprintf(out, size, "boot area");
	else if (off < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE)
		snprintf(out, size, "superblock");
	else if (!describe_supers(fs, off, out, size))
		describe_tables(fs, off, out, size);
}
