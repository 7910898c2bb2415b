/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where EROFS keeps contents. Compressed ones take less in the image than in the file. */
#include "stage1/fs/erofs_read.h"

struct walk {
	struct erofs_reader *r;
	const struct erofs_inode *inode;
	int (*fn)(void *ctx, const struct fs_extent *x, struct err *e);
	void *ctx;
};

static int tell(const struct walk *w, uint64_t logical, uint64_t offset, uint64_t len,
		struct err *e)
{
	const struct fs_extent x = { .logical = logical, .offset = offset, .len = len };

	return len ? w->fn(w->ctx, &x, e) : 0;
}

/* Whole blocks, and behind the inode what is left. */
static int walk_flat(const struct walk *w, struct err *e)
{
	const struct erofs_inode *i = w->inode;
	bool is_inline = i->layout == EROFS_FLAT_INLINE;
	uint64_t rest = is_inline ? i->size_bytes % EROFS_BLOCK_BYTES : 0;
	uint64_t own = i->size_bytes - rest;
	int n = tell(w, 0, (uint64_t)i->u * EROFS_BLOCK_BYTES, align_up(own, EROFS_BLOCK_BYTES), e);

	return n ? n : tell(w, own, i->at + i->inode_bytes + i->xattr_bytes, rest, e);
}

static int walk_chunks(const struct walk *w, struct err *e)
{
	uint64_t chunk_bytes = UINT64_C(1)
			       << (EROFS_BLOCK_BITS + (w->inode->u & EROFS_CHUNK_BITS_MASK));
	int n = 0;

	for (uint64_t at = 0; n == 0 && at < w->inode->size_bytes; at += chunk_bytes) {
		uint64_t len = MIN(chunk_bytes, w->inode->size_bytes - at);
		uint32_t block;
		n = erofs_chunk(w->r, w->inode, at / chunk_bytes, &block, e);
		if (n == 0 && block != EROFS_HOLE)
			n = tell(w, at, (uint64_t)block * EROFS_BLOCK_BYTES,
				 align_up(len, EROFS_BLOCK_BYTES), e);
	}
	return n;
}

static int walk_compressed(const struct walk *w, struct err *e)
{
	struct erofs_mapped m;
	int n = 0;

	for (uint64_t at = 0; n == 0 && at < w->inode->size_bytes; at = m.from + m.len) {
		n = erofs_map(w->r, w->inode, at, &m, e);
		if (n < 0)
			return n;
		if (m.from + m.len <= at)
			return erofs_bad(w->inode->nid, "an extent of nothing", e);
		n = tell(w, m.from, m.at, m.bytes, e);
	}
	return n;
}

int erofs_extents(struct fs_reader *base, uint64_t ino,
		  int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		  struct err *e)
{
	struct erofs_reader *r = (struct erofs_reader *)base;
	struct erofs_inode inode;
	const struct walk w = { r, &inode, fn, ctx };
	int n = erofs_read_inode(r, ino, &inode, e);

	if (n < 0 || !(S_ISREG(inode.mode) || S_ISDIR(inode.mode) || S_ISLNK(inode.mode)))
		return n;
	switch (inode.layout) {
	case EROFS_FLAT_PLAIN:
	case EROFS_FLAT_INLINE:
		return walk_flat(&w, e);
	case EROFS_CHUNKED:
		return walk_chunks(&w, e);
	default:
		return walk_compressed(&w, e);
	}
}
