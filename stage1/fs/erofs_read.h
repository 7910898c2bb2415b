/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the EROFS reader, for images that may be damaged: nothing of them is believed unchecked. It
 * reads what our writer and mkfs.erofs make: all layouts, LZ4 and zstd, inline and interlaced clusters, those
 * that files share, fragments, long prefixes of attributes; no further devices, no LZMA, no DEFLATE.
 */
#include "stage1/fs/erofs_format.h"
#include "stage1/fs/reader.h"

/* What a compressed cluster may become, as in Linux: it bounds what is allocated. */
#define EROFS_EXTENT_MAX_BYTES (12 * MiB)

/* What attributes' names begin with, so that each need not say it: a namespace and more. */
struct erofs_prefix {
	uint8_t index; /* the namespace */
	char rest[UINT8_MAX + 1];
};

struct erofs_span {
	uint64_t at, len; /* in the image */
};

struct erofs_reader {
	struct fs_reader base;
	const struct source *src;
	struct erofs_super super;
	uint8_t *extent;     /* what was decompressed last … */
	uint64_t extent_ino; /* … of which inode, and where in it */
	uint64_t extent_from, extent_len;
	struct erofs_prefix *prefixes;
	unsigned int n_prefixes;
	struct erofs_span
		prefix_span; /* where the image itself has them; empty: the packed inode */
};

/* An inode as both forms have it. */
struct erofs_inode {
	uint64_t nid, at; /* at: in the image */
	enum erofs_layout layout;
	uint32_t mode, uid, gid, n_links, u;
	uint64_t size_bytes;
	int64_t mtime;
	uint32_t inode_bytes, xattr_bytes;
};

/* Where a compressed extent is. */
struct erofs_mapped {
	uint64_t from, len; /* in the file */
	uint64_t at, bytes; /* in the image */
	uint8_t algorithm;
	bool plain;
	bool interlaced; /* plain: each byte has its place in a block as it has in the file */
	bool partial;	 /* the cluster holds more than this */
	bool fragment;	 /* at: in the packed inode's content instead */
};

/* Where what lies behind an inode and its attributes begins: an index, the rest of a content. */
static inline uint64_t erofs_inode_end(const struct erofs_inode *inode)
{
	return inode->at + inode->inode_bytes + inode->xattr_bytes;
}

/* Of a flat content. */
static inline uint64_t erofs_inline_bytes(const struct erofs_inode *inode)
{
	return inode->layout == EROFS_FLAT_INLINE ? inode->size_bytes % EROFS_BLOCK_BYTES : 0;
}

int erofs_bad(uint64_t nid, const char *what, struct err *e);

/** erofs_read_at() - bytes of the image; -EINVAL outside of it */
int erofs_read_at(struct erofs_reader *r, uint64_t at, void *data, uint64_t len,
		  struct err *e) must_check;

/** erofs_read_inode() - Return: 0; -EINVAL no such inode, or damaged; -EIO */
int erofs_read_inode(struct erofs_reader *r, uint64_t nid, struct erofs_inode *ret,
		     struct err *e) must_check;

/** erofs_read_content() - of a file, directory or symlink; all of @len must lie within its size */
int erofs_read_content(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
		       void *data, size_t len, struct err *e) must_check;

#define EROFS_IN_HOLE UINT64_MAX

/** erofs_chunk_index() - where the index of a chunked file is */
struct erofs_span erofs_chunk_index(const struct erofs_inode *inode);

/**
 * erofs_map_chunk() - where a byte of a chunked file is
 * @ret_at:  in the image, or EROFS_IN_HOLE
 * @ret_len: how much of the chunk there is from there on
 */
int erofs_map_chunk(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
		    uint64_t *ret_at, uint64_t *ret_len, struct err *e) must_check;

/** erofs_cluster_index() - where the index of a compressed file is, with its head */
int erofs_cluster_index(struct erofs_reader *r, const struct erofs_inode *inode,
			struct erofs_span *ret, struct err *e) must_check;

/** erofs_map() - the extent that a byte of a compressed file is in */
int erofs_map(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
	      struct erofs_mapped *ret, struct err *e) must_check;

/** erofs_unpack() - one cluster; @out: m->len bytes; Return: 0; -EINVAL it is not what it should be */
int erofs_unpack(const struct erofs_mapped *m, const uint8_t *in, uint8_t *out) must_check;

int erofs_readdir(struct fs_reader *base, uint64_t ino,
		  int (*fn)(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e),
		  void *ctx, struct err *e);
int erofs_read_xattrs(struct fs_reader *base, uint64_t ino,
		      int (*fn)(void *ctx, const char *name, const void *value, size_t len,
				struct err *e),
		      void *ctx, struct err *e);

/** erofs_shared_xattrs() - where the attributes are that an inode shares with others */
int erofs_shared_xattrs(struct erofs_reader *r, const struct erofs_inode *inode,
			int (*fn)(void *ctx, uint64_t at, uint64_t len, struct err *e), void *ctx,
			struct err *e) must_check;

/** erofs_load_prefixes() - the long prefixes of attributes, if there are any, into r->prefixes */
int erofs_load_prefixes(struct erofs_reader *r, struct err *e) must_check;

/* erofs_inspect.c: operations of struct fs_reader_ops */
int erofs_raw(struct fs_reader *base, uint64_t ino, void *data, size_t size, size_t *ret_len,
	      struct err *e);
int erofs_extents(struct fs_reader *base, uint64_t ino,
		  int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		  struct err *e);
void erofs_describe(struct fs_reader *base, uint64_t off, char *out, size_t size);
