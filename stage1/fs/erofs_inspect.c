/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How things are stored, of a possibly damaged image. */
#include "stage1/fs/erofs_read.h"

typedef int extent_fn(void *ctx, const struct fs_extent *x, struct err *e);

/* Whom to tell of an inode's stretches. */
struct teller {
	struct erofs_reader *r;
	const struct erofs_inode *inode;
	extent_fn *fn;
	void *ctx;
};

int erofs_raw(struct fs_reader *base, uint64_t ino, void *data, size_t size, size_t *ret_len,
	      struct err *e)
{
	struct erofs_reader *r = (struct erofs_reader *)base;
	struct erofs_inode inode;

	int n = erofs_read_inode(r, ino, &inode, e);
	if (n < 0)
		return n;
	size_t len = MIN(size, (size_t)inode.inode_bytes);
	n = erofs_read_at(r, inode.at, data, len, e);
	if (n == 0)
		*ret_len = len;
	return n;
}

static int tell(const struct teller *t, const struct fs_extent *x, struct err *e)
{
	if (!x->len)
		return 0;
	if (x->offset > t->r->base.size_bytes || x->len > t->r->base.size_bytes - x->offset)
		return erofs_bad(t->inode->nid, "lies outside of the image", e);
	return t->fn(t->ctx, x, e);
}

static int tell_own(const struct teller *t, const char *what, uint64_t at, uint64_t len,
		    struct err *e)
{
	return tell(t, &(struct fs_extent){ .own = what, .offset = at, .len = len }, e);
}

static int tell_flat(const struct teller *t, struct err *e)
{
	const struct erofs_inode *inode = t->inode;
	uint64_t rest = erofs_inline_bytes(inode), whole = inode->size_bytes - rest;

	int n = tell(t,
		     &(struct fs_extent){ .offset = (uint64_t)inode->u * EROFS_BLOCK_BYTES,
					  .len = align_up(whole, EROFS_BLOCK_BYTES),
					  .content_len = whole },
		     e);
	return n ? n
		 : tell(t,
			&(struct fs_extent){ .logical = whole,
					     .offset = erofs_inode_end(inode),
					     .len = rest,
					     .content_len = rest },
			e);
}

static int tell_chunks(const struct teller *t, struct err *e)
{
	const struct erofs_inode *inode = t->inode;
	int n = 0;

	for (uint64_t off = 0, part = 0; n == 0 && off < inode->size_bytes; off += part) {
		struct fs_extent x = { .logical = off };
		n = erofs_map_chunk(t->r, inode, off, &x.offset, &part, e);
		if (n < 0 || x.offset == EROFS_IN_HOLE)
			continue;
		x.content_len = MIN(part, inode->size_bytes - off);
		x.len = align_up(x.content_len, EROFS_BLOCK_BYTES);
		n = tell(t, &x, e);
	}
	return n;
}

static int tell_clusters(const struct teller *t, struct err *e)
{
	const struct erofs_inode *inode = t->inode;
	struct erofs_mapped m;
	int n = 0;

	for (uint64_t off = 0; n == 0 && off < inode->size_bytes; off = m.from + m.len) {
		n = erofs_map(t->r, inode, off, &m, e);
		if (n == 0 && !m.fragment) /* that lies in the packed inode */
			n = tell(t,
				 &(struct fs_extent){ .logical = m.from,
						      .content_len = m.len,
						      .offset = m.at,
						      .len = m.bytes,
						      .compressed = !m.plain },
				 e);
	}
	return n;
}

static int tell_content(const struct teller *t, struct err *e)
{
	switch (t->inode->layout) {
	case EROFS_FLAT_PLAIN:
	case EROFS_FLAT_INLINE:
		return tell_flat(t, e);
	case EROFS_CHUNKED:
		return tell_chunks(t, e);
	default:
		return tell_clusters(t, e);
	}
}

/* Where the content is: behind the attributes, at a multiple of an entry. */
static int tell_index(const struct teller *t, struct err *e)
{
	const struct erofs_inode *inode = t->inode;
	struct erofs_span span;

	if (inode->layout == EROFS_CHUNKED) {
		span = erofs_chunk_index(inode);
		return tell_own(t, "index of chunks", span.at, span.len, e);
	}
	if (inode->layout != EROFS_COMPRESSED_FULL && inode->layout != EROFS_COMPRESSED_COMPACT)
		return 0;
	int n = erofs_cluster_index(t->r, inode, &span, e);
	return n < 0 ? n : tell_own(t, "index of clusters", span.at, span.len, e);
}

static int tell_shared_xattr(void *ctx, uint64_t at, uint64_t len, struct err *e)
{
	return tell_own(ctx, "shared attributes", at, len, e);
}

int erofs_extents(struct fs_reader *base, uint64_t ino, extent_fn *fn, void *ctx, struct err *e)
{
	struct erofs_inode inode;
	struct teller t = { (struct erofs_reader *)base, &inode, fn, ctx };

	int n = erofs_read_inode(t.r, ino, &inode, e);
	if (n < 0)
		return n;
	bool has_content = S_ISREG(inode.mode) || S_ISDIR(inode.mode) || S_ISLNK(inode.mode);
	n = tell_own(&t, "inode", inode.at, inode.inode_bytes, e);
	if (n == 0)
		n = tell_own(&t, "attributes", inode.at + inode.inode_bytes, inode.xattr_bytes, e);
	if (n == 0)
		n = erofs_shared_xattrs(t.r, &inode, tell_shared_xattr, &t, e);
	if (n == 0 && has_content)
		n = tell_index(&t, e);
	return n || !has_content ? n : tell_content(&t, e);
}

/* Not 0 ends the telling. */
static int has_byte(void *ctx, const struct fs_extent *x, struct err *e unused_)
{
	const uint64_t *off = ctx;

	return x->offset <= *off && *off - x->offset < x->len;
}

/* The inode that no name leads to, which holds ends of files and prefixes of attributes. */
static bool is_packed(struct fs_reader *base, uint64_t off)
{
	const struct erofs_reader *r = (struct erofs_reader *)base;
	struct err e;

	return r->super.packed_nid &&
	       erofs_extents(base, r->super.packed_nid, has_byte, &off, &e) > 0;
}

/* For each algorithm there is, its configuration, with its length in front. */
static bool is_config(struct erofs_reader *r, uint64_t at, uint64_t off)
{
	uint8_t len[2];
	struct err e;

	if (!(r->super.feature_incompat & EROFS_INCOMPAT_COMPR_CFGS) || off < at)
		return false;
	for (unsigned int i = r->super.algorithms; i && off >= at; i &= i - 1) {
		if (erofs_read_at(r, at, len, sizeof(len), &e) < 0)
			return false;
		at += sizeof(len) + get_le16(len);
	}
	return off < at;
}

void erofs_describe(struct fs_reader *base, uint64_t off, char *out, size_t size)
{
	struct erofs_reader *r = (struct erofs_reader *)base;
	uint64_t super_end = EROFS_SUPER_OFFSET + sizeof(r->super) + 16u * r->super.ext_slots;
	const char *what = "";

	if (off < EROFS_SUPER_OFFSET)
		what = "boot area";
	else if (off < super_end)
		what = "superblock";
	else if (is_config(r, super_end, off))
		what = "configuration of compression";
	else if (off >= r->prefix_span.at && off - r->prefix_span.at < r->prefix_span.len)
		what = "prefixes of attributes";
	else if (is_packed(base, off))
		what = "packed inode";
	snprintf(out, size, "%s", what);
}
