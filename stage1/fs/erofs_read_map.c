/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files: from an offset to the cluster that holds it, through either kind of index. */
#include "stage1/fs/erofs_read.h"

#define PACK_BITS \
	12 /* of an entry in the compact index that are its value; two more are its type */

/* An entry of the index, of whichever kind. */
struct lcluster {
	uint8_t type;
	uint32_t offset;	 /* where an extent begins */
	uint64_t back;		 /* NONHEAD: distance to the head, or nearer to it */
	uint32_t cluster_blocks; /* NONHEAD behind a head: the cluster's; 0: not told here */
	bool partial;		 /* the cluster holds more than the extent */
	uint64_t block;
};

struct index {
	struct erofs_reader *r;
	const struct erofs_inode *inode;
	struct erofs_map_head head;
	uint64_t at; /* of the first entry */
	uint64_t n;  /* entries */
	bool whole_fragment;
	uint64_t fragment; /* where in the packed inode the file or its end is */
};

static int bad(const struct index *x, struct err *e)
{
	return erofs_bad(x->inode->nid, "bad index of a compressed file", e);
}

static int load_full(const struct index *x, uint64_t i, struct lcluster *ret, struct err *e)
{
	struct erofs_lcluster entry;

	int n = erofs_read_at(x->r, x->at + i * sizeof(entry), &entry, sizeof(entry), e);
	if (n < 0)
		return n;
	*ret = (struct lcluster){ .type = entry.advise & 3,
				  .offset = entry.offset,
				  .partial = entry.advise & EROFS_LCLUSTER_PARTIAL };
	if (ret->type != EROFS_LCLUSTER_NONHEAD)
		ret->block = entry.block;
	else if (entry.delta[0] & EROFS_LCLUSTER_CBLKCNT)
		ret->cluster_blocks = entry.delta[0] & ~EROFS_LCLUSTER_CBLKCNT;
	else
		ret->back = entry.delta[0];
	if (ret->cluster_blocks)
		ret->back = 1;
	return 0;
}

/* A pack of the compact index: entries in a row of bits, then the block of the first head in it. */
struct pack {
	uint8_t data[32 + 4]; /* four bytes more, so that the last entry can be loaded in one */
	unsigned int n, entry_bits;
};

static uint32_t pack_entry(const struct pack *p, unsigned int i, uint8_t *ret_type)
{
	unsigned int bit = p->entry_bits * i;
	uint32_t v = get_le32(p->data + bit / 8) >> bit % 8;

	*ret_type = v >> PACK_BITS & 3;
	return v & ((1u << PACK_BITS) - 1);
}

struct pack_place {
	uint64_t at;	       /* in the image */
	unsigned int bytes, n; /* n: entries */
	unsigned int i;	       /* the one in question */
};

/* Of entry @i: packs of 32 bytes lie at multiples of that, packs of 8 before and behind them. */
static struct pack_place place_of_pack(const struct index *x, uint64_t i)
{
	uint64_t first = (32 - x->at % 32) / 4 % 8, at = x->at;
	uint64_t n_small = 0;
	unsigned int bytes = 4; /* an entry's share of its pack */

	if (x->head.advise & EROFS_ADVISE_COMPACT_2B && first < x->n)
		n_small = (x->n - first) / 16 * 16;
	if (i >= first && i - first < n_small) {
		at += 4 * first + 2 * (i - first);
		bytes = 2;
	} else {
		at += 4 * i - (i >= first ? 2 * n_small : 0);
	}
	unsigned int n = bytes == 4 ? 2 : 16, in_pack = (unsigned int)(at % (n * bytes));
	return (struct pack_place){
		.at = at - in_pack, .bytes = n * bytes, .n = n, .i = in_pack / bytes
	};
}

static int load_pack(const struct index *x, uint64_t i, struct pack *ret, unsigned int *ret_in_pack,
		     struct err *e)
{
	const struct pack_place p = place_of_pack(x, i);

	*ret = (struct pack){ .n = p.n, .entry_bits = (p.bytes - 4) * 8 / p.n };
	*ret_in_pack = p.i;
	return erofs_read_at(x->r, p.at, ret->data, p.bytes, e);
}

/* How many blocks of the pack's heads lie before entry @i's. */
static int count_blocks(const struct pack *p, unsigned int i, bool big, uint64_t *ret)
{
	uint64_t n = big ? 0 : 1;
	int at = (int)i;
	uint8_t type;

	while (at > 0) {
		uint32_t v = pack_entry(p, (unsigned int)--at, &type);
		if (type != EROFS_LCLUSTER_NONHEAD) {
			n++;
		} else if (!big) {
			at -= (int)v;
			n += at >= 0;
		} else if (v & EROFS_LCLUSTER_CBLKCNT) {
			at--;
			n += v & ~(uint32_t)EROFS_LCLUSTER_CBLKCNT;
		} else if (v <= 1) {
			return -EINVAL;
		} else {
			at -= (int)v - 2;
		}
	}
	*ret = n;
	return 0;
}

static int load_compact(const struct index *x, uint64_t i, struct lcluster *ret, struct err *e)
{
	bool big = x->head.advise & EROFS_ADVISE_BIG_PCLUSTER_1;
	struct pack p;
	unsigned int k;
	uint64_t blocks;
	uint8_t type;

	int n = load_pack(x, i, &p, &k, e);
	if (n < 0)
		return n;
	uint32_t v = pack_entry(&p, k, &type);
	*ret = (struct lcluster){ .type = type, .offset = v };
	if (type != EROFS_LCLUSTER_NONHEAD) {
		if (count_blocks(&p, k, big, &blocks) < 0)
			return bad(x, e);
		ret->block = get_le32(p.data + (p.n * p.entry_bits + 32) / 8 - 4) + blocks;
	} else if (v & EROFS_LCLUSTER_CBLKCNT) {
		ret->cluster_blocks = v & ~(uint32_t)EROFS_LCLUSTER_CBLKCNT;
		ret->back = 1;
	} else if (k + 1 < p.n) {
		ret->back = v;
	} else {
		/* The last of a pack tells the distance to the next head: the one before it knows. */
		v = pack_entry(&p, k - 1, &type);
		ret->back = type != EROFS_LCLUSTER_NONHEAD ? 1
			    : v & EROFS_LCLUSTER_CBLKCNT   ? 2
							   : (uint64_t)v + 1;
	}
	return 0;
}

static int load(const struct index *x, uint64_t i, struct lcluster *ret, struct err *e)
{
	int n = x->inode->layout == EROFS_COMPRESSED_FULL ? load_full(x, i, ret, e)
							  : load_compact(x, i, ret, e);

	if (n < 0)
		return n;
	if (ret->type != EROFS_LCLUSTER_NONHEAD && ret->offset >= EROFS_BLOCK_BYTES)
		return bad(x, e);
	return 0;
}

static int open_index(struct erofs_reader *r, const struct erofs_inode *inode, struct index *ret,
		      struct err *e)
{
	uint64_t at = align_up(erofs_inode_end(inode), sizeof(ret->head));
	static const uint16_t known = EROFS_ADVISE_COMPACT_2B | EROFS_ADVISE_BIG_PCLUSTER_1 |
				      EROFS_ADVISE_BIG_PCLUSTER_2 | EROFS_ADVISE_INLINE_PCLUSTER |
				      EROFS_ADVISE_INTERLACED | EROFS_ADVISE_FRAGMENT;

	*ret = (struct index){ .r = r,
			       .inode = inode,
			       .n = div_round_up(inode->size_bytes, EROFS_BLOCK_BYTES) };
	int n = erofs_read_at(r, at, &ret->head, sizeof(ret->head), e);
	if (n < 0)
		return n;
	ret->at = at + sizeof(ret->head) * (inode->layout == EROFS_COMPRESSED_FULL ? 2 : 1);
	memcpy(&ret->fragment, &ret->head, sizeof(ret->fragment));
	ret->whole_fragment = ret->head.cluster_bits & EROFS_WHOLE_FRAGMENT;
	if (ret->whole_fragment) {
		ret->fragment &= ~(UINT64_C(1) << 63);
		ret->n = 0;
		return 0;
	}
	ret->fragment &= UINT32_MAX;
	if (ret->head.advise & ~known)
		return erofs_bad(inode->nid, "compressed in a way that is not known", e);
	if (ret->head.cluster_bits)
		return erofs_bad(inode->nid, "logical clusters of more than a block", e);
	if (ret->head.advise & EROFS_ADVISE_INLINE_PCLUSTER &&
	    ret->head.advise & EROFS_ADVISE_FRAGMENT)
		return bad(ret, e);
	return 0;
}

static uint64_t index_end(const struct index *x)
{
	if (x->inode->layout == EROFS_COMPRESSED_FULL || !x->n)
		return x->at + sizeof(struct erofs_lcluster) * x->n;
	const struct pack_place last = place_of_pack(x, x->n - 1);
	return last.at + last.bytes;
}

int erofs_cluster_index(struct erofs_reader *r, const struct erofs_inode *inode,
			struct erofs_span *ret, struct err *e)
{
	struct index x;

	int n = open_index(r, inode, &x, e);
	if (n < 0)
		return n;
	ret->at = align_up(erofs_inode_end(inode), sizeof(x.head));
	ret->len = x.whole_fragment ? sizeof(x.head) : index_end(&x) - ret->at;
	return 0;
}

/* The entry of the extent that @off is in; *ret_i is its place in the index. */
static int find_head(const struct index *x, uint64_t off, uint64_t *ret_i, struct lcluster *ret,
		     struct err *e)
{
	uint64_t i = off / EROFS_BLOCK_BYTES;

	int n = load(x, i, ret, e);
	if (n == 0 && ret->type != EROFS_LCLUSTER_NONHEAD && off % EROFS_BLOCK_BYTES < ret->offset)
		n = i-- ? load(x, i, ret, e) : bad(x, e);
	while (n == 0 && ret->type == EROFS_LCLUSTER_NONHEAD) {
		if (!ret->back || ret->back > i)
			return bad(x, e);
		i -= ret->back;
		n = load(x, i, ret, e);
	}
	*ret_i = i;
	return n;
}

/* Where the extent of the head at @i ends: where the next one begins, or the file ends. */
static int find_end(const struct index *x, uint64_t i, uint64_t *ret, uint32_t *ret_blocks,
		    struct err *e)
{
	struct lcluster c;

	*ret_blocks = 1;
	for (uint64_t k = i + 1; k < x->n && k - i <= EROFS_EXTENT_MAX_BYTES / EROFS_BLOCK_BYTES;
	     k++) {
		int n = load(x, k, &c, e);
		if (n < 0)
			return n;
		if (k == i + 1 && c.cluster_blocks)
			*ret_blocks = c.cluster_blocks;
		if (c.type == EROFS_LCLUSTER_NONHEAD)
			continue;
		*ret = k * EROFS_BLOCK_BYTES + c.offset;
		return 0;
	}
	*ret = x->inode->size_bytes;
	return 0;
}

/* The last extent, where it lies behind the index or in the packed inode. */
static void map_tail(const struct index *x, uint64_t block, struct erofs_mapped *m)
{
	if (x->head.advise & EROFS_ADVISE_INLINE_PCLUSTER) {
		m->at = index_end(x);
		m->bytes = x->head.tail_bytes;
	} else if (x->head.advise & EROFS_ADVISE_FRAGMENT) {
		m->fragment = true;
		m->at = x->fragment;
		if (x->inode->layout == EROFS_COMPRESSED_FULL)
			m->at |= block << 32;
	}
}

static int check_algorithm(const struct index *x, const struct erofs_mapped *m, struct err *e)
{
	if (m->plain || m->fragment || m->algorithm == EROFS_LZ4 || m->algorithm == EROFS_ZSTD)
		return 0;
	return erofs_bad(x->inode->nid,
			 m->algorithm == EROFS_LZMA ? "compressed with LZMA, which is not known"
			 : m->algorithm == EROFS_DEFLATE
				 ? "compressed with DEFLATE, which is not known"
				 : "compressed with something unknown",
			 e);
}

int erofs_map(struct erofs_reader *r, const struct erofs_inode *inode, uint64_t off,
	      struct erofs_mapped *ret, struct err *e)
{
	struct lcluster c;
	struct index x;
	uint32_t blocks = 1;
	uint64_t i = 0, end = 0;

	int n = open_index(r, inode, &x, e);
	if (n == 0 && x.whole_fragment) {
		*ret = (struct erofs_mapped){ .len = inode->size_bytes,
					      .at = x.fragment,
					      .fragment = true };
		return 0;
	}
	if (n == 0)
		n = find_head(&x, off, &i, &c, e);
	if (n == 0)
		n = find_end(&x, i, &end, &blocks, e);
	if (n < 0)
		return n;
	uint64_t from = i * EROFS_BLOCK_BYTES + c.offset;
	end = MIN(end, inode->size_bytes);
	*ret = (struct erofs_mapped){
		.from = from,
		.len = end - from,
		.at = c.block * EROFS_BLOCK_BYTES,
		.bytes = (uint64_t)blocks * EROFS_BLOCK_BYTES,
		.plain = c.type == EROFS_LCLUSTER_PLAIN,
		.interlaced = x.head.advise & EROFS_ADVISE_INTERLACED,
		.partial = c.partial,
		.algorithm = c.type == EROFS_LCLUSTER_HEAD2 ? x.head.algorithms >> 4
							    : x.head.algorithms & 15,
	};
	if (off < from || off >= end || ret->len > EROFS_EXTENT_MAX_BYTES)
		return bad(&x, e);
	if (end == inode->size_bytes)
		map_tail(&x, c.block, ret);
	return check_algorithm(&x, ret, e);
}
