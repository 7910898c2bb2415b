/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of a possibly damaged image. */
#include "stage1/fs/ext4_read.h"

static int bad(uint64_t ino, const char *what, struct err *e)
{
	return err_set(e, -EINVAL, "ext4: inode %llu: %s", (unsigned long long)ino, what);
}

/* One entry; Return: its length; negative errno. Nodes of a hash tree look like unused entries. */
static int parse_entry(const uint8_t *at, size_t left, uint64_t dir, const char **ret_name,
		       size_t *ret_len, uint32_t *ret_ino, struct err *e)
{
	uint16_t bytes = left >= 8 ? get_le16(at + 4) : 0;

	if (bytes < 8 || bytes % 4 || bytes > left || 8u + at[6] > bytes)
		return bad(dir, "bad directory entry", e);
	*ret_name = (const char *)at + 8;
	*ret_len = at[6];
	*ret_ino = get_le32(at);
	return bytes;
}

static int read_entries(struct ext4_reader *r, uint64_t dir, const uint8_t *block,
			int (*fn)(void *ctx, const char *name, size_t len, uint64_t ino,
				  struct err *e),
			void *ctx, struct err *e)
{
	size_t at = 0, len = 0;
	const char *name = NULL;
	uint32_t ino = 0;

	while (at < r->fs->blocksize) {
		int n = parse_entry(block + at, r->fs->blocksize - at, dir, &name, &len, &ino, e);
		if (n < 0)
			return n;
		at += (size_t)n;
		if (!ino || (len == 1 && name[0] == '.') ||
		    (len == 2 && memcmp(name, "..", 2) == 0))
			continue;
		if (!len || memchr(name, '/', len) || memchr(name, 0, len))
			return bad(dir, "bad name in a directory", e);
		n = fn(ctx, name, len, ino, e);
		if (n)
			return n;
	}
	return 0;
}

static int load_block(struct ext4_reader *r, uint64_t ino, const struct ext2_inode_large *inode,
		      uint64_t logical, uint8_t *data, struct err *e)
{
	uint64_t block, n_blocks;

	int n = ext4_map(r, ino, inode, logical, &block, &n_blocks, e);
	if (n < 0)
		return n;
	if (!block)
		return bad(ino, "a hole in a directory", e);
	n = ext4_read_block(r, block, data, e);
	if (n < 0)
		return n;
	return ext2fs_dir_block_csum_verify(r->fs, (ext2_ino_t)ino, (struct ext2_dir_entry *)data)
		       ? 0
		       : bad(ino, "checksum of a directory", e);
}

int ext4_readdir(struct fs_reader *base, uint64_t ino,
		 int (*fn)(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e),
		 void *ctx, struct err *e)
{
	struct ext4_reader *r = (struct ext4_reader *)base;
	struct ext4_inode_buf buf;

	int n = ext4_read_inode(r, ino, &buf, e);
	if (n < 0)
		return n;
	const struct ext2_inode_large *inode = ext4_inode(&buf);
	uint64_t size = ext4_inode_size(inode);
	if (!S_ISDIR(inode->i_mode))
		return err_set(e, -ENOTDIR, "ext4: inode %llu is no directory",
			       (unsigned long long)ino);
	if (size % r->fs->blocksize || size / r->fs->blocksize > ext2fs_blocks_count(r->fs->super))
		return bad(ino, "bad size of a directory", e);
	_cleanup_free_ uint8_t *data = malloc(r->fs->blocksize); /* @fn may use the reader */
	if (!data)
		return err_oom(e);
	for (uint64_t i = 0; n == 0 && i < size / r->fs->blocksize; i++) {
		n = load_block(r, ino, inode, i, data, e);
		if (n == 0)
			n = read_entries(r, ino, data, fn, ctx, e);
	}
	return n;
}
