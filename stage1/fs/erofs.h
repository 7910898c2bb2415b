/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the EROFS writer. Its plan goes in these steps, its write only puts the bytes down:
 *
 *   erofs_items     what is to be stored: inodes, and each different content once
 *   erofs_xattr     attributes: an inode's own, and those that several have
 *   erofs_layout    where: inodes with what lies behind them, directories, contents
 *   erofs_meta      the bytes of all but contents
 *
 * The image: superblock, metadata (inodes, attributes, indexes and short rests of contents),
 * shared attributes, directories, contents. Contents come in the order of packages and paths, so that
 * another version of one package leaves the blocks of the others as they are.
 */
#include "stage1/fs/erofs_format.h"
#include "stage1/fs/fs.h"

/* A stretch of a content that is stored as one physical cluster. */
struct erofs_extent {
	uint32_t len;	   /* of the content */
	uint16_t n_blocks; /* on the disk */
	bool plain;	   /* not compressed: one block */
};

/* What is compressed by itself: a small file, or a part of a large one. */
struct erofs_segment {
	struct erofs_extent *v;
	size_t n, cap;
	uint64_t n_blocks;
	uint64_t spool_at; /* where its blocks are kept until the write */
};

/* A content that one or more files have. */
struct erofs_content {
	const struct blob *blob;
	const struct tree_node *node; /* the first file that has it, for its place */
	uint64_t n_blocks;	      /* in the data area */
	uint64_t block;		      /* the first of them */
	bool whole; /* the last block is stored too, though it be short: some file has it not inline */
	uint32_t chunk_bits; /* chunked: log2 of a chunk's blocks */
	uint32_t *
		chunk_blocks; /* chunked: each chunk's first block, counted from block; EROFS_HOLE */
	size_t n_chunks;      /* 0: it is not chunked */
	struct erofs_segment *segments; /* compressed */
	size_t n_segments;		/* 0: it is not compressed */
};

struct erofs_contents {
	struct erofs_content *v;
	size_t n, cap;
	uint64_t n_blocks;
};

/* An inode; items[i] is the one with tree_inode.number i + 1. */
struct erofs_item {
	struct tree_node *node; /* its first name */
	size_t parent;		/* index of a directory's parent */
	uint32_t n_links;
	uint64_t size_bytes;
	bool extended;
	enum erofs_layout layout;
	size_t content;	       /* 1 + index; 0: none */
	uint32_t xattr_bytes;  /* behind the inode */
	uint32_t index_bytes;  /* behind them, aligned to its entries: chunks, clusters */
	uint32_t inline_bytes; /* behind them: the rest of its content, a symlink's target */
	uint64_t nid;
	uint64_t block; /* a directory's or symlink's own blocks */
	uint64_t n_blocks;
};

/* An attribute that several inodes have. */
struct erofs_shared_xattr {
	const struct tree_xattr *x;
	uint32_t at; /* in units of 4 bytes from the area's start */
};

struct erofs_xattrs {
	struct erofs_shared_xattr *v; /* sorted by name and value */
	size_t n;
	uint64_t bytes; /* of the area */
};

struct erofs_plan {
	struct fs_plan base;
	struct erofs_item *items;
	size_t n_items, cap_items;
	struct erofs_contents contents;
	struct erofs_xattrs xattrs;
	uint64_t epoch; /* the time that most inodes have */
	uint64_t meta_bytes;
	int spool_fd;	/* compressed contents; -1: none */
	uint8_t *spool; /* the same, mapped */
	uint64_t spool_bytes;
	uint32_t meta_block, xattr_block, dir_block, data_block; /* where each begins */
};

/* erofs_items.c */

/**
 * erofs_items_init() - number the inodes, find equal contents, choose each inode's form and layout
 * Return: 0; -EINVAL something that EROFS cannot hold, with its path; -ENOMEM
 */
int erofs_items_init(struct erofs_plan *plan, struct err *e) must_check;

static inline uint32_t erofs_inode_bytes(const struct erofs_item *it)
{
	return it->extended ? sizeof(struct erofs_inode_extended)
			    : sizeof(struct erofs_inode_compact);
}

/** erofs_meta_bytes() - of an inode with all that belongs to it, but what is inline */
static inline uint32_t erofs_meta_bytes(const struct erofs_item *it)
{
	uint32_t n = erofs_inode_bytes(it) + it->xattr_bytes;

	return it->index_bytes ? (uint32_t)align_up(n, it->layout == EROFS_CHUNKED ? 4 : 8) +
					 it->index_bytes
			       : n;
}

/* erofs_content.c */

/** erofs_contents_init() - each different content of the items once, in its order in the image */
int erofs_contents_init(struct erofs_plan *plan, struct err *e) must_check;
void erofs_contents_done(struct erofs_contents *c);

/** erofs_contents_place() - how many blocks each takes, and which */
int erofs_contents_place(struct erofs_plan *plan, struct err *e) must_check;

/** erofs_contents_write() - side by side on the pool */
int erofs_contents_write(const struct erofs_plan *plan, struct sink *s, struct err *e) must_check;

/* erofs_pack.c */

/**
 * erofs_pack() - compress the contents that become smaller by it, side by side, into the spool
 * Return: 0; -ENOSPC the spool's disk is full; -ENOMEM; -ECANCELED
 */
int erofs_pack(struct erofs_plan *plan, struct err *e) must_check;
void erofs_segments_free(struct erofs_segment *v, size_t n);

/** erofs_index_bytes() - of the map of a compressed content, its head included */
uint64_t erofs_index_bytes(const struct erofs_content *c);

/** erofs_index_put() - the map; @out: zeros, erofs_index_bytes() of them; @block: of the content's first */
void erofs_index_put(const struct erofs_plan *plan, const struct erofs_content *c, uint64_t block,
		     uint8_t *out);

/* erofs_xattr.c */

/** erofs_xattrs_init() - which are shared; then the items' xattr_bytes */
int erofs_xattrs_init(struct erofs_plan *plan, struct err *e) must_check;
void erofs_xattrs_done(struct erofs_xattrs *x);

/** erofs_xattr_encode() - an inode's, as they lie behind it; @out: zeros, item's xattr_bytes of them */
void erofs_xattr_encode(const struct erofs_plan *plan, const struct erofs_item *it, uint8_t *out);

/** erofs_xattr_encode_shared() - the area of shared ones; @out: zeros, x->bytes of them */
void erofs_xattr_encode_shared(const struct erofs_xattrs *x, uint8_t *out);

/* erofs_dir.c */

/** erofs_dir_bytes() - size of a directory's content */
int erofs_dir_bytes(const struct tree_node *dir, uint64_t *ret, struct err *e) must_check;

/** erofs_dir_build() - a directory's content; @out: zeros, erofs_dir_bytes() of them */
void erofs_dir_build(const struct erofs_plan *plan, size_t i, uint8_t *out);

/* erofs_layout.c */

/** erofs_layout_init() - a place for everything; the plan's size */
int erofs_layout_init(struct erofs_plan *plan, struct err *e) must_check;

/* erofs_meta.c */

/** erofs_meta_write() - everything but contents */
int erofs_meta_write(const struct erofs_plan *plan, struct sink *s, struct err *e) must_check;
