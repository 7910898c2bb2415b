/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extents: from a block of a file to its place, down at most five levels. */
#include "stage1/fs/ext4_read.h"

#define EXTENT_MAGIC	0xf30a
#define DEPTH_MAX	5
#define ROOT_BYTES	60
#define ENTRY_BYTES	12
#define INITIALIZED_MAX 32768

static int bad(uint64_t ino, const char *what, struct err *e)
{
	return err_set(e, -EINVAL, "ext4: inode %llu: %s", (unsigned long long)ino, what);
}

static int check_header(uint64_t ino, const uint8_t *node, size_t bytes, struct err *e)
{
	uint16_t n = get_le16(node + 2), max = get_le16(node + 4);

	if (get_le16(node) != EXTENT_MAGIC)
		return bad(ino, "no extents", e);
	if (n > max || (size_t)(max + 1) * ENTRY_BYTES > bytes)
		return bad(ino, "bad count of extents", e);
	return 0;
}

static int load_node(struct ext4_reader *r, uint64_t ino, uint64_t block, unsigned int depth,
		     struct err *e)
{
	if (r->node_at != block || r->node_ino != ino) {
		r->node_at = 0;
		int n = ext4_read_block(r, block, r->node, e);
		if (n == 0) /* the checksum follows the last place for an extent */
			n = check_header(ino, r->node, r->fs->blocksize - 4, e);
		if (n < 0)
			return n;
		if (!ext2fs_extent_block_csum_verify(r->fs, (ext2_ino_t)ino,
						     (struct ext3_extent_header *)r->node))
			return bad(ino, "checksum of extents", e);
		r->node_at = block;
		r->node_ino = ino;
	}
	return get_le16(r->node + 6) == depth ? 0 : bad(ino, "bad depth of extents", e);
}

/* The last entry that starts at or before @logical, or NULL; *limit: where the next one starts. */
static const uint8_t *find_entry(const uint8_t *node, uint64_t logical, uint64_t *limit)
{
	const uint8_t *found = NULL;
	uint16_t n = get_le16(node + 2);

	for (uint16_t i = 1; i <= n; i++) {
		const uint8_t *entry = node + i * ENTRY_BYTES;
		if (get_le32(entry) > logical) {
			*limit = MIN(*limit, get_le32(entry));
			break;
		}
		found = entry;
	}
	return found;
}

static int map_leaf(const struct ext4_reader *r, uint64_t ino, const uint8_t *x, uint64_t logical,
		    uint64_t limit, uint64_t *ret_block, uint64_t *ret_n, struct err *e)
{
	uint64_t first = x ? get_le32(x) : 0, len = x ? get_le16(x + 4) : 0;
	bool unwritten = len > INITIALIZED_MAX;

	if (unwritten)
		len -= INITIALIZED_MAX;
	*ret_block = 0;
	*ret_n = limit - logical;
	if (!x || logical >= first + len)
		return 0;
	*ret_n = MIN(*ret_n, first + len - logical);
	if (unwritten)
		return 0;
	uint64_t block = get_le32(x + 8) | (uint64_t)get_le16(x + 6) << 32;
	if (!block || block + len > ext2fs_blocks_count(r->fs->super))
		return bad(ino, "an extent outside of the filesystem", e);
	*ret_block = block + (logical - first);
	return 0;
}

int ext4_map(struct ext4_reader *r, uint64_t ino, const struct ext2_inode_large *inode,
	     uint64_t logical, uint64_t *ret_block, uint64_t *ret_n, struct err *e)
{
	const uint8_t *node = (const uint8_t *)inode->i_block;
	uint64_t limit = UINT64_C(1) << 32;

	if (!(inode->i_flags & EXT4_EXTENTS_FL) || logical >= limit)
		return bad(ino, "its blocks are not in extents", e);
	int n = check_header(ino, node, ROOT_BYTES, e);
	if (n < 0)
		return n;
	unsigned int depth = get_le16(node + 6);
	if (depth > DEPTH_MAX)
		return bad(ino, "extents are too deep", e);
	for (; depth; depth--) {
		const uint8_t *entry = find_entry(node, logical, &limit);
		if (!entry)
			return map_leaf(r, ino, NULL, logical, limit, ret_block, ret_n, e);
		uint64_t block = get_le32(entry + 4) | (uint64_t)get_le16(entry + 8) << 32;
		n = load_node(r, ino, block, depth - 1, e);
		if (n < 0)
			return n;
		node = r->node;
	}
	const uint8_t *extent = find_entry(node, logical, &limit);
	return map_leaf(r, ino, extent, logical, limit, ret_block, ret_n, e);
}
