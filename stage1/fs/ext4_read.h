/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the ext4 reader. libext2fs opens the filesystem and reads inodes, with their checksums;
 * extents, directories and attributes of possibly damaged images are walked here, within bounds.
 */
#include "stage1/fs/ext4.h"
#include "stage1/fs/reader.h"

struct ext4_reader {
	struct fs_reader base;
	const struct source *src;
	struct ext4_io io;
	struct err io_err;
	ext2_filsys fs;
	uint8_t *node;		    /* one block of extents … */
	uint64_t node_at, node_ino; /* … which one, of which inode; 0: none */
};

/* An inode in full: struct ext2_inode_large and what follows it. */
struct ext4_inode_buf {
	_Alignas(8) uint8_t data[4096];
};

static inline const struct ext2_inode_large *ext4_inode(const struct ext4_inode_buf *b)
{
	return (const struct ext2_inode_large *)b->data;
}

/** ext4_read_inode() - Return: 0; -EINVAL no such inode, not in use, or damaged; -EIO */
int ext4_read_inode(struct ext4_reader *r, uint64_t ino, struct ext4_inode_buf *ret,
		    struct err *e) must_check;

uint64_t ext4_inode_size(const struct ext2_inode_large *inode);

/** ext4_read_block() - one block of the image, which need not be in it */
int ext4_read_block(struct ext4_reader *r, uint64_t block, uint8_t *data, struct err *e) must_check;

/**
 * ext4_map() - where a block of a file is
 * @ret_block: 0: a hole, which reads as zeros
 * @ret_n:     for how many blocks that holds, at least 1
 */
int ext4_map(struct ext4_reader *r, uint64_t ino, const struct ext2_inode_large *inode,
	     uint64_t logical, uint64_t *ret_block, uint64_t *ret_n, struct err *e) must_check;

int ext4_readdir(struct fs_reader *base, uint64_t ino,
		 int (*fn)(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e),
		 void *ctx, struct err *e);
int ext4_read_xattrs(struct fs_reader *base, uint64_t ino,
		     int (*fn)(void *ctx, const char *name, const void *value, size_t len,
			       struct err *e),
		     void *ctx, struct err *e);

/* ext4_inspect.c: operations of struct fs_reader_ops */
int ext4_raw(struct fs_reader *base, uint64_t ino, void *data, size_t size, size_t *ret_len,
	     struct err *e);
int ext4_extents(struct fs_reader *base, uint64_t ino,
		 int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		 struct err *e);
void ext4_describe(struct fs_reader *base, uint64_t off, char *out, size_t size);
