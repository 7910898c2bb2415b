/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the ext4 writer and reader. The writer goes in three steps:
 *
 *   ext4_items    what is to be stored: inodes in order, sizes of directories, attribute blocks
 *   ext4_layout   where: an empty filesystem made by libext2fs, and the extents of everything in it
 *   ext4_write    the bytes: inode tables, directories, attributes, contents
 *
 * plan() does the first two, write() repeats them, so that what was planned always fits.
 *
 * Spec: Documentation/filesystems/ext4/ of Linux; libext2fs makes superblocks, group descriptors and
 * bitmaps, and all checksums.
 */
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext2_ext_attr.h>

#include "stage1/fs/fs.h"

#define EXT4_BLOCK_BYTES       4096
#define EXT4_INODE_BYTES       256
#define EXT4_EXTRA_ISIZE       32
#define EXT4_XATTR_INODE_BYTES (EXT4_INODE_BYTES - EXT2_GOOD_OLD_INODE_SIZE - EXT4_EXTRA_ISIZE - 4)
#define EXT4_FAST_SYMLINK_MAX  59
#define EXT4_SYMLINK_MAX       (EXT4_BLOCK_BYTES - 1)
#define EXT4_LINKS_MAX	       65000
#define EXT4_EXTENT_BLOCKS_MAX 32768
#define EXT4_INODE_EXTENTS     4
#define EXT4_LEAF_EXTENTS      ((EXT4_BLOCK_BYTES - 12 - 4) / 12)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structures are written as they are");

/* Consecutive blocks. */
struct ext4_run {
	uint64_t block;
	uint32_t logical; /* its first block's place in the file */
	uint32_t n_blocks;
};

/* An attribute block, shared by inodes with the same attributes. */
struct ext4_xattr_block {
	uint8_t *data; /* EXT4_BLOCK_BYTES, without reference count and checksum */
	uint32_t refs;
	uint32_t key;
	uint64_t block;
	size_t next; /* 1 + index of the next with this key's bucket; 0: none */
};

#define EXT4_XATTR_BUCKETS 1024

struct ext4_xattrs {
	struct ext4_xattr_block *v;
	size_t n, cap;
	size_t bucket[EXT4_XATTR_BUCKETS]; /* 1 + index */
};

/* An inode; items[i] is the one with tree_inode.number i + 1. */
struct ext4_item {
	struct tree_node *node; /* its first name */
	uint32_t parent;	/* index of a directory's parent */
	uint32_t n_links;
	uint64_t n_blocks;  /* of content */
	size_t xattr_block; /* 1 + index; 0: none */
	size_t first_run;   /* n_runs of content, then n_leaves of extents' own blocks */
	uint32_t n_runs, n_leaves;
};

struct ext4_items {
	struct ext4_item *v;
	size_t n, cap;
	struct ext4_xattrs xattrs;
	uint64_t n_blocks; /* all content and attribute blocks */
};

struct ext4_layout {
	ext2_filsys fs;
	struct ext4_run *free; /* what is free in the empty filesystem */
	size_t n_free, cap_free;
	size_t at;	    /* the free run in use … */
	uint32_t at_blocks; /* … and how much of it is used */
	struct ext4_run *runs;
	size_t n_runs, cap_runs;
	uint64_t n_missing; /* blocks that did not fit */
};

/** ext4_err() - a libext2fs error code as ours; Return: negative errno */
int ext4_err(struct err *e, errcode_t code, const char *what);

/** ext4_ino() - inode number of items[i]: the root is 2, the first after the reserved is 11 */
static inline uint32_t ext4_ino(size_t i)
{
	return i == 0 ? EXT2_ROOT_INO : (uint32_t)(EXT2_GOOD_OLD_FIRST_INO - 1 + i);
}

/* ext4_io.c */

/* libext2fs's input and output: exactly one of the two is set. */
struct ext4_io {
	struct sink *sink;
	const struct source *source;
	struct err *e; /* the message of what failed below libext2fs */
	char name[32]; /* what libext2fs is to open */
};

void ext4_io_init(struct ext4_io *io, struct sink *sink, const struct source *source,
		  struct err *e);
extern struct struct_io_manager ext4_io_manager;

/* ext4_items.c */

/**
 * ext4_items_init() - number the inodes, size everything
 * Return: 0; -EINVAL something that ext4 cannot hold; -ENOMEM
 */
int ext4_items_init(struct ext4_items *items, const struct tree *t, const struct fs_params *p,
		    struct err *e) must_check;
void ext4_items_done(struct ext4_items *items);
#define _cleanup_ext4_items_ __attribute__((cleanup(ext4_items_done)))

/* ext4_xattr.c */

/** ext4_xattr_in_inode() - do they fit into the inode itself? */
bool ext4_xattr_in_inode(const struct tree_inode *inode);

/**
 * ext4_xattr_encode() - attributes as ext4 stores them
 * @area: zeros; receives entries from @start on and values from its end downwards
 * Return: 0; -EINVAL a name that ext4 does not know, or more than fits
 */
int ext4_xattr_encode(const struct tree_inode *inode, uint8_t *area, size_t len, size_t start,
		      struct err *e) must_check;

/**
 * ext4_xattrs_add() - the block for an inode's attributes, a known one if there is an equal one
 * @ret: 1 + its index
 * @ret_new: whether it is a new one
 */
int ext4_xattrs_add(struct ext4_xattrs *x, const struct tree_inode *inode, size_t *ret,
		    bool *ret_new, struct err *e) must_check;
void ext4_xattrs_done(struct ext4_xattrs *x);

/* ext4_dir.c */

/** ext4_dir_blocks() - how many blocks a directory takes; Return: 0; -EINVAL too large; -ENOMEM */
int ext4_dir_blocks(const struct tree_node *dir, const struct fs_params *p, uint64_t *ret,
		    bool *ret_indexed, struct err *e) must_check;

/**
 * ext4_dir_build() - a directory's blocks, with their checksums
 * @data: zeros, as many blocks as ext4_dir_blocks() said
 */
int ext4_dir_build(ext2_filsys fs, const struct ext4_items *items, size_t i,
		   const struct fs_params *p, uint8_t *data, uint64_t n_blocks,
		   struct err *e) must_check;

/* ext4_layout.c */

/**
 * ext4_layout_init() - an empty filesystem of at most this size, and everything's place in it
 * Return: 0, also if not all fits (n_missing); -ENOSPC too small for any filesystem; -EINVAL; -ENOMEM
 */
int ext4_layout_init(struct ext4_layout *l, struct ext4_items *items, const struct fs_params *p,
		     uint64_t n_blocks, struct ext4_io *io, struct err *e) must_check;
void ext4_layout_done(struct ext4_layout *l);
#define _cleanup_ext4_layout_ __attribute__((cleanup(ext4_layout_done)))

/* ext4_inode.c */

/** ext4_write_inodes() - all inode tables, and blocks of extents */
int ext4_write_inodes(struct ext4_layout *l, const struct ext4_items *items,
		      const struct fs_params *p, struct sink *s, struct err *e) must_check;

/* ext4_data.c */

/** ext4_write_data() - contents of files, and long symlinks, side by side on the pool */
int ext4_write_data(const struct ext4_layout *l, const struct ext4_items *items,
		    const struct fs_params *p, struct sink *s, struct err *e) must_check;
