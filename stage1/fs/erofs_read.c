/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ext2fs/ext2fs.h>

#include "stage1/fs/erofs_read.h"

#define KNOWN_INCOMPAT                                                                           \
	(EROFS_INCOMPAT_LZ4_0PADDING | EROFS_INCOMPAT_COMPR_CFGS | EROFS_INCOMPAT_CHUNKED_FILE | \
	 EROFS_INCOMPAT_DEVICES | EROFS_INCOMPAT_ZTAILPACKING | EROFS_INCOMPAT_FRAGMENTS |       \
	 EROFS_INCOMPAT_XATTR_PREFIXES)
#define SIZE_MAX_BYTES (UINT64_C(1) << 44) /* of a file: 32-bit block numbers */

int erofs_bad(uint64_t nid, const char *what, struct err *e)
{
	return err_set(e, -EINVAL, "erofs: inode %llu: %s", (unsigned long long)nid, what);
}

int erofs_read_at(struct erofs_reader *r, uint64_t at, void *data, uint64_t len, struct err *e)
{
	if (at > r->base.size_bytes || len > r->base.size_bytes - at)
		return err_set(e, -EINVAL, "erofs: %llu bytes at %llu are not in the image",
			       (unsigned long long)len, (unsigned long long)at);
	return len ? source_pread(r->src, at, data, (size_t)len, e) : 0;
}

static void from_compact(const struct erofs_reader *r, const struct erofs_inode_compact *c,
			 struct erofs_inode *ret)
{
	ret->mode = c->mode;
	ret->uid = c->uid;
	ret->gid = c->gid;
	ret->n_links = c->n_links;
	ret->u = c->u;
	ret->size_bytes = c->size;
	ret->mtime = (int64_t)r->super.epoch;
	ret->inode_bytes = sizeof(*c);
}

static void from_extended(const struct erofs_inode_extended *x, struct erofs_inode *ret)
{
	ret->mode = x->mode;
	ret->uid = x->uid;
	ret->gid = x->gid;
	ret->n_links = x->n_links;
	ret->u = x->u;
	ret->size_bytes = x->size;
	ret->mtime = (int64_t)x->mtime;
	ret->inode_bytes = sizeof(*x);
}

static bool known_type(uint32_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) ||
	       S_ISFIFO(mode) || S_ISSOCK(mode);
}

int erofs_read_inode(struct erofs_reader *r, uint64_t nid, struct erofs_inode *ret, struct err *e)
{
	struct erofs_inode_extended x = { 0 };
	struct erofs_inode_compact c;
	uint64_t start = (uint64_t)r->super.meta_block * EROFS_BLOCK_BYTES;

	if (nid > r->base.size_bytes / EROFS_SLOT_BYTES)
		return erofs_bad(nid, "is not in the image", e);
	*ret = (struct erofs_inode){ .nid = nid, .at = start + nid * EROFS_SLOT_BYTES };
	int n = erofs_read_at(r, ret->at, &c, sizeof(c), e);
	if (n == 0 && c.format & 1)
		n = erofs_read_at(r, ret->at, &x, sizeof(x), e);
	if (n < 0)
		return n;
	if (c.format & 1)
		from_extended(&x, ret);
	else
		from_compact(r, &c, ret);
	ret->layout = c.format >> 1 & 7;
	if (c.xattr_count)
		ret->xattr_bytes =
			(uint32_t)(sizeof(struct erofs_xattr_head) + 4 * (c.xattr_count - 1u));
	if (c.format >> 4 || ret->layout > EROFS_CHUNKED || !known_type(ret->mode))
		return erofs_bad(nid, "is damaged", e);
	if (ret->size_bytes > SIZE_MAX_BYTES)
		return erofs_bad(nid, "is larger than EROFS allows", e);
	return 0;
}

static int read_flat(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
		     uint8_t *data, size_t len, struct err *e)
{
	uint64_t own = inode->size_bytes - erofs_inline_bytes(inode);
	int n = 0;

	if (off < own) {
		size_t part = (size_t)MIN(len, own - off);
		n = erofs_read_at(r, (uint64_t)inode->u * EROFS_BLOCK_BYTES + off, data, part, e);
		off += part;
		data += part;
		len -= part;
	}
	return n < 0 || !len ? n
			     : erofs_read_at(r, erofs_inode_end(inode) + off - own, data, len, e);
}

static unsigned int chunk_bits(const struct erofs_inode *inode)
{
	return EROFS_BLOCK_BITS + (inode->u & EROFS_CHUNK_BITS_MASK);
}

static uint64_t chunk_entry_bytes(const struct erofs_inode *inode)
{
	return inode->u & EROFS_CHUNK_INDEXES ? 8 : 4;
}

struct erofs_span erofs_chunk_index(const struct erofs_inode *inode)
{
	uint64_t bytes = chunk_entry_bytes(inode);

	return (struct erofs_span){
		.at = align_up(erofs_inode_end(inode), bytes),
		.len = bytes * div_round_up(inode->size_bytes, UINT64_C(1) << chunk_bits(inode)),
	};
}

int erofs_map_chunk(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
		    uint64_t *ret_at, uint64_t *ret_len, struct err *e)
{
	unsigned int bits = chunk_bits(inode);
	uint64_t bytes = chunk_entry_bytes(inode), in_chunk = off & ((UINT64_C(1) << bits) - 1);
	uint8_t entry[8];

	if (inode->u & ~(uint32_t)(EROFS_CHUNK_BITS_MASK | EROFS_CHUNK_INDEXES))
		return erofs_bad(inode->nid, "chunks of an unknown kind", e);
	int n = erofs_read_at(r, erofs_chunk_index(inode).at + (off >> bits) * bytes, entry, bytes,
			      e);
	if (n < 0)
		return n;
	if (bytes == 8 && get_le16(entry + 2))
		return erofs_bad(inode->nid, "chunks on another device", e);
	uint32_t block = get_le32(entry + bytes - 4);
	*ret_at = block == EROFS_HOLE ? EROFS_IN_HOLE
				      : (uint64_t)block * EROFS_BLOCK_BYTES + in_chunk;
	*ret_len = (UINT64_C(1) << bits) - in_chunk;
	return 0;
}

static int read_chunked(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
			uint8_t *data, size_t len, struct err *e)
{
	uint64_t at, there;

	while (len) {
		int n = erofs_map_chunk(r, inode, off, &at, &there, e);
		size_t part = n < 0 ? 0 : (size_t)MIN(len, there);
		if (n == 0 && at == EROFS_IN_HOLE)
			memset(data, 0, part);
		else if (n == 0)
			n = erofs_read_at(r, at, data, part, e);
		if (n < 0)
			return n;
		off += part;
		data += part;
		len -= part;
	}
	return 0;
}

static bool is_loaded(const struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off)
{
	return r->extent && r->extent_ino == inode->nid && off >= r->extent_from &&
	       off - r->extent_from < r->extent_len;
}

/* Into r->extent. */
static int load_extent(struct erofs_reader *r, const struct erofs_inode *inode,
		       const struct erofs_mapped *m, struct err *e)
{
	_cleanup_free_ uint8_t *in = malloc((size_t)m->bytes + 1);
	uint8_t *out = malloc((size_t)m->len);
	free(r->extent);
	r->extent = out;
	r->extent_len = 0;
	if (!in || !out)
		return err_oom(e);
	int n = erofs_read_at(r, m->at, in, m->bytes, e);
	if (n < 0)
		return n;
	n = erofs_unpack(m, in, out);
	if (n == -ENOMEM)
		return err_oom(e);
	if (n < 0)
		return erofs_bad(inode->nid, "a compressed cluster is damaged", e);
	r->extent_ino = inode->nid;
	r->extent_from = m->from;
	r->extent_len = m->len;
	return 0;
}

/* Of a file or its end that lies in the packed inode, whose own cannot. */
static int read_fragment(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
			 uint8_t *data, size_t len, struct err *e)
{
	struct erofs_inode packed;

	if (!r->super.packed_nid || inode->nid == r->super.packed_nid)
		return erofs_bad(inode->nid, "lies in a packed inode that there is not", e);
	int n = erofs_read_inode(r, r->super.packed_nid, &packed, e);
	if (n < 0)
		return n;
	if (off > packed.size_bytes || len > packed.size_bytes - off)
		return erofs_bad(inode->nid, "lies behind the end of the packed inode", e);
	return erofs_read_content(r, &packed, off, data, len, e);
}

static int read_compressed(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
			   uint8_t *data, size_t len, struct err *e)
{
	while (len) {
		struct erofs_mapped m = { .from = r->extent_from, .len = r->extent_len };
		int n = 0;
		if (!is_loaded(r, inode, off)) {
			n = erofs_map(r, inode, off, &m, e);
			if (n == 0 && !m.fragment)
				n = load_extent(r, inode, &m, e);
		}
		if (n < 0)
			return n;
		uint64_t in_extent = off - m.from;
		size_t part = (size_t)MIN(len, m.len - in_extent);
		if (m.fragment)
			n = read_fragment(r, inode, m.at + in_extent, data, part, e);
		else
			memcpy(data, r->extent + in_extent, part);
		if (n < 0)
			return n;
		off += part;
		data += part;
		len -= part;
	}
	return 0;
}

int erofs_read_content(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
		       void *data, size_t len, struct err *e)
{
	switch (inode->layout) {
	case EROFS_FLAT_PLAIN:
	case EROFS_FLAT_INLINE:
		return read_flat(r, inode, off, data, len, e);
	case EROFS_CHUNKED:
		return read_chunked(r, inode, off, data, len, e);
	default:
		return read_compressed(r, inode, off, data, len, e);
	}
}

static int erofs_stat(struct fs_reader *base, uint64_t ino, struct fs_stat *ret, struct err *e)
{
	struct erofs_inode inode;

	int n = erofs_read_inode((struct erofs_reader *)base, ino, &inode, e);
	if (n < 0)
		return n;
	*ret = (struct fs_stat){ .ino = ino,
				 .mode = inode.mode,
				 .uid = inode.uid,
				 .gid = inode.gid,
				 .nlink = inode.n_links,
				 .size_bytes = inode.size_bytes,
				 .mtime = inode.mtime };
	if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode)) {
		ret->rdev_major = inode.u >> 8 & 0xfff;
		ret->rdev_minor = (inode.u & 0xff) | (inode.u >> 12 & 0xfff00);
	}
	return 0;
}

static int erofs_read(struct fs_reader *base, uint64_t ino, uint64_t off, void *data, size_t len,
		      size_t *ret_len, struct err *e)
{
	struct erofs_reader *r = (struct erofs_reader *)base;
	struct erofs_inode inode;

	int n = erofs_read_inode(r, ino, &inode, e);
	if (n < 0)
		return n;
	if (!S_ISREG(inode.mode) && !S_ISLNK(inode.mode))
		return erofs_bad(ino, "has no content", e);
	len = off < inode.size_bytes ? (size_t)MIN(len, inode.size_bytes - off) : 0;
	n = erofs_read_content(r, &inode, off, data, len, e);
	if (n == 0)
		*ret_len = len;
	return n;
}

static void erofs_done(struct fs_reader *base)
{
	struct erofs_reader *r = (struct erofs_reader *)base;

	free(r->extent);
	free(r->prefixes);
	free(r);
}

static const struct fs_reader_ops ops = { .name = "erofs",
					  .stat = erofs_stat,
					  .readdir = erofs_readdir,
					  .read = erofs_read,
					  .xattrs = erofs_read_xattrs,
					  .raw = erofs_raw,
					  .extents = erofs_extents,
					  .describe = erofs_describe,
					  .done = erofs_done };

static bool erofs_probe(const struct source *src)
{
	uint8_t magic[4];
	struct err e;

	return src->size_bytes >= EROFS_BLOCK_BYTES &&
	       source_pread(src, EROFS_SUPER_OFFSET, magic, sizeof(magic), &e) == 0 &&
	       get_le32(magic) == EROFS_MAGIC;
}

static int check_super(const struct source *src, const struct erofs_super *s, struct err *e)
{
	if (s->extra_devices)
		return err_set(e, -EINVAL, "contents on %u further devices", s->extra_devices);
	if (s->feature_incompat & ~(uint32_t)KNOWN_INCOMPAT)
		return err_set(e, -EINVAL, "features 0x%x are not what the reader knows",
			       s->feature_incompat);
	if (s->block_bits != EROFS_BLOCK_BITS || s->dir_block_bits)
		return err_set(e, -EINVAL, "blocks are not of %u bytes", EROFS_BLOCK_BYTES);
	if (s->n_blocks > src->size_bytes / EROFS_BLOCK_BYTES)
		return err_set(e, -EINVAL, "%u blocks do not fit into %llu bytes", s->n_blocks,
			       (unsigned long long)src->size_bytes);
	return 0;
}

/* Of the superblock and what follows it in its block. */
static int check_checksum(const struct source *src, struct err *e)
{
	_Alignas(8) uint8_t data[EROFS_BLOCK_BYTES - EROFS_SUPER_OFFSET];
	struct erofs_super *s = (struct erofs_super *)data;

	int n = source_pread(src, EROFS_SUPER_OFFSET, data, sizeof(data), e);
	if (n < 0 || !(s->feature_compat & EROFS_COMPAT_CHECKSUM))
		return n;
	uint32_t want = s->checksum;
	s->checksum = 0;
	return ext2fs_crc32c_le(UINT32_MAX, data, sizeof(data)) == want
		       ? 0
		       : err_set(e, -EINVAL, "the superblock's checksum is wrong");
}

static int erofs_open(const struct source *src, struct fs_reader **ret, struct err *e)
{
	struct erofs_super super;

	int n = source_pread(src, EROFS_SUPER_OFFSET, &super, sizeof(super), e);
	if (n == 0)
		n = check_super(src, &super, e);
	if (n == 0)
		n = check_checksum(src, e);
	if (n < 0)
		return n;
	struct erofs_reader *r = calloc(1, sizeof(*r));
	if (!r)
		return err_oom(e);
	r->base = (struct fs_reader){ .ops = &ops,
				      .root_ino = super.root_nid,
				      .size_bytes = (uint64_t)super.n_blocks * EROFS_BLOCK_BYTES };
	r->src = src;
	r->super = super;
	n = erofs_load_prefixes(r, e);
	if (n < 0)
		erofs_done(&r->base);
	else
		*ret = &r->base;
	return n;
}

const struct fs_reader_type fs_reader_type_erofs = { .name = "erofs",
						     .probe = erofs_probe,
						     .open = erofs_open };
