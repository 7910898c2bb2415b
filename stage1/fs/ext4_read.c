/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/sysmacros.h>

#include "stage1/fs/ext4_read.h"

#define SUPER_AT	 1024
#define MAGIC_AT	 (SUPER_AT + 56)
#define BLOCK_LOG_MAX	 2 /* 4096 bytes: a directory entry's length is then what it says */
#define GROUP_BLOCKS_MIN 256

static bool ext4_probe(const struct source *src)
{
	uint8_t magic[2];
	struct err e;

	return src->size_bytes >= 2 * SUPER_AT &&
	       source_pread(src, MAGIC_AT, magic, sizeof(magic), &e) == 0 &&
	       get_le16(magic) == EXT2_SUPER_MAGIC;
}

/* What bounds all memory that libext2fs takes: the filesystem is not larger than the source. */
static int check_super(const struct source *src, struct err *e)
{
	static const uint32_t known = EXT2_FEATURE_INCOMPAT_FILETYPE |
				      EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |
				      EXT4_FEATURE_INCOMPAT_FLEX_BG |
				      EXT4_FEATURE_INCOMPAT_CSUM_SEED;
	struct ext2_super_block sb;

	int r = source_pread(src, SUPER_AT, &sb, sizeof(sb), e);
	if (r < 0)
		return r;
	if (sb.s_feature_incompat & ~known || !ext2fs_has_feature_extents(&sb))
		return err_set(e, -EINVAL, "features 0x%x are not what the reader knows",
			       sb.s_feature_incompat);
	if (sb.s_log_block_size > BLOCK_LOG_MAX || sb.s_blocks_per_group < GROUP_BLOCKS_MIN)
		return err_set(e, -EINVAL, "bad geometry");
	uint64_t n = ext2fs_blocks_count(&sb);
	if (n > src->size_bytes >> (10 + sb.s_log_block_size))
		return err_set(e, -EINVAL, "%llu blocks do not fit into %llu bytes",
			       (unsigned long long)n, (unsigned long long)src->size_bytes);
	return 0;
}

int ext4_read_inode(struct ext4_reader *r, uint64_t ino, struct ext4_inode_buf *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	if (ino == 0 || ino > r->fs->super->s_inodes_count)
		return err_set(e, -EINVAL, "ext4: no inode %llu", (unsigned long long)ino);
	errcode_t c = ext2fs_read_inode_full(r->fs, (ext2_ino_t)ino, (struct ext2_inode *)ret->data,
					     EXT2_INODE_SIZE(r->fs->super));
	if (c)
		return ext4_err(e, c, "inode");
	const struct ext2_inode_large *inode = ext4_inode(ret);
	if (!inode->i_links_count || !inode->i_mode)
		return err_set(e, -EINVAL, "ext4: inode %llu is not in use",
			       (unsigned long long)ino);
	return 0;
}

uint64_t ext4_inode_size(const struct ext2_inode_large *inode)
{
	return inode->i_size | (uint64_t)inode->i_size_high << 32;
}

int ext4_read_block(struct ext4_reader *r, uint64_t block, uint8_t *data, struct err *e)
{
	if (!block || block >= ext2fs_blocks_count(r->fs->super))
		return err_set(e, -EINVAL, "ext4: no block %llu", (unsigned long long)block);
	return source_pread(r->src, block * r->fs->blocksize, data, r->fs->blocksize, e);
}

static int64_t decode_mtime(const struct ext2_inode_large *inode, uint32_t inode_bytes)
{
	int64_t t = (int32_t)inode->i_mtime;
	size_t need =
		offsetof(struct ext2_inode_large, i_mtime_extra) + 4 - EXT2_GOOD_OLD_INODE_SIZE;

	if (inode_bytes > EXT2_GOOD_OLD_INODE_SIZE && inode->i_extra_isize >= need)
		t += (int64_t)(inode->i_mtime_extra & 3) << 32;
	return t;
}

static void decode_device(const struct ext2_inode_large *inode, struct fs_stat *st)
{
	uint32_t old = inode->i_block[0], new = inode->i_block[1];

	st->rdev_major = old ? old >> 8 & 0xff : new >> 8 & 0xfff;
	st->rdev_minor = old ? old & 0xff : (new & 0xff) | (new >> 12 & 0xfff00);
}

static int ext4_stat(struct fs_reader *base, uint64_t ino, struct fs_stat *ret, struct err *e)
{
	struct ext4_reader *r = (struct ext4_reader *)base;
	struct ext4_inode_buf buf;

	int n = ext4_read_inode(r, ino, &buf, e);
	if (n < 0)
		return n;
	const struct ext2_inode_large *inode = ext4_inode(&buf);
	*ret = (struct fs_stat){ .ino = ino,
				 .mode = inode->i_mode,
				 .uid = inode->i_uid | (uint32_t)inode->osd2.linux2.l_i_uid_high
							       << 16,
				 .gid = inode->i_gid | (uint32_t)inode->osd2.linux2.l_i_gid_high
							       << 16,
				 .nlink = inode->i_links_count,
				 .size_bytes = ext4_inode_size(inode),
				 .mtime = decode_mtime(inode, EXT2_INODE_SIZE(r->fs->super)) };
	if (S_ISCHR(ret->mode) || S_ISBLK(ret->mode))
		decode_device(inode, ret);
	/* Holes aside, which no image of ours has, this bounds whoever reads all of it. */
	if (ret->size_bytes > ext2fs_blocks_count(r->fs->super) * r->fs->blocksize)
		return err_set(e, -EINVAL, "ext4: inode %llu is larger than the filesystem",
			       (unsigned long long)ino);
	return 0;
}

static int read_extents(struct ext4_reader *r, uint64_t ino, const struct ext2_inode_large *inode,
			uint64_t off, uint8_t *data, size_t len, struct err *e)
{
	while (len) {
		uint64_t block, n_blocks, in_block = off % r->fs->blocksize;
		int n = ext4_map(r, ino, inode, off / r->fs->blocksize, &block, &n_blocks, e);
		if (n < 0)
			return n;
		size_t part = (size_t)MIN(len, n_blocks * r->fs->blocksize - in_block);
		if (block)
			n = source_pread(r->src, block * r->fs->blocksize + in_block, data, part,
					 e);
		else
			memset(data, 0, part);
		if (n < 0)
			return n;
		off += part;
		data += part;
		len -= part;
	}
	return 0;
}

static int ext4_read(struct fs_reader *base, uint64_t ino, uint64_t off, void *data, size_t len,
		     size_t *ret_len, struct err *e)
{
	struct ext4_reader *r = (struct ext4_reader *)base;
	struct ext4_inode_buf buf;

	int n = ext4_read_inode(r, ino, &buf, e);
	if (n < 0)
		return n;
	const struct ext2_inode_large *inode = ext4_inode(&buf);
	if (!S_ISREG(inode->i_mode) && !S_ISLNK(inode->i_mode))
		return err_set(e, -EINVAL, "ext4: inode %llu has no content",
			       (unsigned long long)ino);
	uint64_t size = ext4_inode_size(inode);
	len = off < size ? (size_t)MIN(len, size - off) : 0;
	if (S_ISLNK(inode->i_mode) && !(inode->i_flags & EXT4_EXTENTS_FL)) {
		if (size > EXT4_FAST_SYMLINK_MAX)
			return err_set(e, -EINVAL, "ext4: bad symlink");
		if (len)
			memcpy(data, (const uint8_t *)inode->i_block + off, len);
	} else {
		n = read_extents(r, ino, inode, off, data, len, e);
	}
	if (n == 0)
		*ret_len = len;
	return n;
}

static void ext4_done(struct fs_reader *base)
{
	struct ext4_reader *r = (struct ext4_reader *)base;

	if (r->fs)
		ext2fs_free(r->fs);
	free(r->node);
	free(r);
}

static const struct fs_reader_ops ops = { .name = "ext4",
					  .stat = ext4_stat,
					  .readdir = ext4_readdir,
					  .read = ext4_read,
					  .xattrs = ext4_read_xattrs,
					  .done = ext4_done,
					  .raw = ext4_raw,
					  .extents = ext4_extents,
					  .describe = ext4_describe };

static int ext4_open(const struct source *src, struct fs_reader **ret, struct err *e)
{
	int n = check_super(src, e);
	if (n < 0)
		return n;
	struct ext4_reader *r = calloc(1, sizeof(*r));
	if (!r)
		return err_oom(e);
	_cleanup_(fs_reader_free) struct fs_reader *base = &r->base;
	r->base = (struct fs_reader){ .ops = &ops, .root_ino = EXT2_ROOT_INO };
	r->src = src;
	ext4_io_init(&r->io, NULL, src, &r->io_err);
	errcode_t c =
		ext2fs_open2(r->io.name, NULL, EXT2_FLAG_64BITS, 0, 0, &ext4_io_manager, &r->fs);
	if (c) {
		r->fs = NULL;
		return ext4_err(e, c, "open");
	}
	r->node = calloc(1, r->fs->blocksize);
	if (!r->node)
		return err_oom(e);
	r->base.size_bytes = ext2fs_blocks_count(r->fs->super) * r->fs->blocksize;
	*ret = TAKE_PTR(base);
	return 0;
}

const struct fs_reader_type fs_reader_type_ext4 = { .name = "ext4",
						    .probe = ext4_probe,
						    .open = ext4_open };
