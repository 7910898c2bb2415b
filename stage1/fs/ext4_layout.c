/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies. libext2fs makes the empty filesystem; what it leaves free is given out from
 * the first block to the last: directories, then attributes and contents in order of the inodes.
 */
#include "stage1/fs/ext4.h"

#define EXT4_BLOCKS_MAX ((UINT64_C(1) << 32) - 1) /* without the 64bit feature */

static void set_features(struct ext2_super_block *sb)
{
	ext2fs_set_feature_xattr(sb);
	ext2fs_set_feature_dir_index(sb);
	ext2fs_set_feature_filetype(sb);
	ext2fs_set_feature_extents(sb);
	ext2fs_set_feature_sparse_super(sb);
	ext2fs_set_feature_large_file(sb);
	ext2fs_set_feature_dir_nlink(sb);
	ext2fs_set_feature_extra_isize(sb);
	ext2fs_set_feature_metadata_csum(sb);
}

/* Nothing of the clock, of the environment or of this machine. */
static void set_identity(ext2_filsys fs, const struct fs_params *p)
{
	struct ext2_super_block *sb = fs->super;

	/* libext2fs takes 0 for "ask the clock". */
	fs->now = p->time > 0 ? (time_t)p->time : 1;
	sb->s_mkfs_time = sb->s_lastcheck = sb->s_wtime = (uint32_t)fs->now;
	sb->s_mtime = 0;
	sb->s_mkfs_time_hi = sb->s_lastcheck_hi = sb->s_wtime_hi = (uint8_t)(fs->now >> 32);
	sb->s_creator_os = EXT2_OS_LINUX;
	sb->s_max_mnt_count = (uint16_t)-1;
	sb->s_flags = EXT2_FLAGS_UNSIGNED_HASH;
	sb->s_def_hash_version = EXT2_HASH_HALF_MD4;
	sb->s_checksum_type = EXT2_CRC32C_CHKSUM;
	memcpy(sb->s_uuid, p->uuid, sizeof(sb->s_uuid));
	memcpy(sb->s_hash_seed, p->hash_seed, sizeof(sb->s_hash_seed));
	if (p->label)
		memcpy(sb->s_volume_name, p->label, strlen(p->label));
	ext2fs_init_csum_seed(fs);
	for (dgrp_t g = 0; g < fs->group_desc_count; g++)
		ext2fs_bg_flags_set(fs, g, EXT2_BG_INODE_ZEROED);
}

/* Directories, extents and attributes only want to know that a new inode's generation is 0. */
static errcode_t read_no_inode(ext2_filsys fs unused_, ext2_ino_t ino unused_,
			       struct ext2_inode *inode)
{
	memset(inode, 0, sizeof(*inode));
	return 0;
}

static int make_empty(struct ext4_layout *l, const struct ext4_items *items,
		      const struct fs_params *p, uint64_t n_blocks, struct ext4_io *io,
		      struct err *e)
{
	struct ext2_super_block sb = { 0 };

	if (n_blocks > EXT4_BLOCKS_MAX)
		return err_set(e, -EINVAL, "ext4: 16 TiB and more are not supported");
	if (p->label && strlen(p->label) > sizeof(sb.s_volume_name))
		return err_set(e, -EINVAL, "ext4: label longer than %zu bytes: %s",
			       sizeof(sb.s_volume_name), p->label);
	ext2fs_blocks_count_set(&sb, n_blocks);
	sb.s_log_block_size = 2;
	sb.s_rev_level = EXT2_DYNAMIC_REV;
	sb.s_inode_size = EXT4_INODE_BYTES;
	sb.s_inodes_count = (uint32_t)items->n + EXT2_GOOD_OLD_FIRST_INO;
	sb.s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
	set_features(&sb);
	errcode_t c = ext2fs_initialize(io->name, EXT2_FLAG_64BITS, &sb, &ext4_io_manager, &l->fs);
	if (c == EXT2_ET_TOOSMALL || c == EXT2_ET_TOO_MANY_INODES)
		return err_set(e, -ENOSPC, "ext4: %zu inodes do not fit into %llu blocks", items->n,
			       (unsigned long long)n_blocks);
	if (c)
		return ext4_err(e, c, "new filesystem");
	set_identity(l->fs, p);
	l->fs->read_inode = read_no_inode;
	c = ext2fs_allocate_tables(l->fs);
	return c ? ext4_err(e, c, "inode tables") : 0;
}

static int add_run(struct ext4_run **v, size_t *n, size_t *cap, struct ext4_run run, struct err *e)
{
	if (*n == *cap) {
		size_t more = *cap ? 2 * *cap : 64;
		struct ext4_run *grown = reallocarray(*v, more, sizeof(**v));
		if (!grown)
			return err_oom(e);
		*v = grown;
		*cap = more;
	}
	(*v)[(*n)++] = run;
	return 0;
}

/* Runs do not cross groups, so that none is longer than an extent may be. */
static int find_free(struct ext4_layout *l, struct err *e)
{
	blk64_t at = l->fs->super->s_first_data_block, end = ext2fs_blocks_count(l->fs->super);
	blk64_t from, to;

	while (at < end) {
		if (ext2fs_find_first_zero_block_bitmap2(l->fs->block_map, at, end - 1, &from) != 0)
			break;
		blk64_t group_end =
			ext2fs_group_last_block2(l->fs, ext2fs_group_of_blk2(l->fs, from)) + 1;
		if (ext2fs_find_first_set_block_bitmap2(l->fs->block_map, from, group_end - 1,
							&to) != 0)
			to = group_end;
		struct ext4_run run = { .block = from, .n_blocks = (uint32_t)(to - from) };
		int r = add_run(&l->free, &l->n_free, &l->cap_free, run, e);
		if (r < 0)
			return r;
		at = to;
	}
	return 0;
}

/* The next free blocks, as many as are in one piece; none: n_blocks is 0. */
static struct ext4_run take_blocks(struct ext4_layout *l, uint64_t want)
{
	while (l->at < l->n_free && l->at_blocks == l->free[l->at].n_blocks) {
		l->at++;
		l->at_blocks = 0;
	}
	if (l->at == l->n_free)
		return (struct ext4_run){ 0 };
	uint32_t left = l->free[l->at].n_blocks - l->at_blocks;
	struct ext4_run run = { .block = l->free[l->at].block + l->at_blocks,
				.n_blocks =
					(uint32_t)MIN(want, MIN(left, EXT4_EXTENT_BLOCKS_MAX)) };
	l->at_blocks += run.n_blocks;
	return run;
}

static int place_leaves(struct ext4_layout *l, struct ext4_item *it, struct err *e)
{
	it->n_leaves = it->n_runs <= EXT4_INODE_EXTENTS
			       ? 0
			       : (uint32_t)div_round_up(it->n_runs, EXT4_LEAF_EXTENTS);
	if (it->n_leaves > EXT4_INODE_EXTENTS)
		return err_set(e, -EINVAL, "ext4: a file in %u pieces", it->n_runs);
	for (uint32_t i = 0; i < it->n_leaves; i++) {
		struct ext4_run run = take_blocks(l, 1);
		l->n_missing += !run.n_blocks;
		int r = add_run(&l->runs, &l->n_runs, &l->cap_runs, run, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int place_item(struct ext4_layout *l, struct ext4_item *it, struct err *e)
{
	uint64_t done = 0;

	it->first_run = l->n_runs;
	it->n_runs = 0;
	while (done < it->n_blocks) {
		struct ext4_run run = take_blocks(l, it->n_blocks - done);
		if (!run.n_blocks) {
			l->n_missing += it->n_blocks - done;
			break;
		}
		run.logical = (uint32_t)done;
		done += run.n_blocks;
		int r = add_run(&l->runs, &l->n_runs, &l->cap_runs, run, e);
		if (r < 0)
			return r;
		it->n_runs++;
	}
	return place_leaves(l, it, e);
}

static int place_all(struct ext4_layout *l, struct ext4_items *items, struct err *e)
{
	int r = 0;

	for (int dirs = 1; dirs >= 0; dirs--) {
		for (size_t i = 0; r == 0 && i < items->n; i++) {
			if (tree_is_dir(items->v[i].node) == dirs)
				r = place_item(l, &items->v[i], e);
		}
		for (size_t i = 0; dirs && i < items->xattrs.n; i++) {
			struct ext4_run run = take_blocks(l, 1);
			l->n_missing += !run.n_blocks;
			items->xattrs.v[i].block = run.block;
		}
	}
	return r;
}

int ext4_layout_init(struct ext4_layout *l, struct ext4_items *items, const struct fs_params *p,
		     uint64_t n_blocks, struct ext4_io *io, struct err *e)
{
	*l = (struct ext4_layout){ 0 };
	int r = make_empty(l, items, p, n_blocks, io, e);
	if (r == 0)
		r = find_free(l, e);
	return r < 0 ? r : place_all(l, items, e);
}

void ext4_layout_done(struct ext4_layout *l)
{
	if (l->fs)
		ext2fs_free(l->fs);
	free(l->free);
	free(l->runs);
	*l = (struct ext4_layout){ 0 };
}
