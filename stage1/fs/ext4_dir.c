/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories: one block as a list, more as a hash tree: the root (block 0), the leaves, then the
 * nodes between them where one root does not hold all leaves. Names are hashed by half-MD4 of
 * unsigned characters, the same on every architecture.
 *
 * Spec: Documentation/filesystems/ext4/directory.rst of Linux.
 */
#include "stage1/fs/ext4.h"

#define LEAF_BYTES   (EXT4_BLOCK_BYTES - sizeof(struct ext2_dir_entry_tail))
#define DOT_BYTES    12
#define ROOT_START   (2 * DOT_BYTES + sizeof(struct ext2_dx_root_info))
#define NODE_START   8
#define ROOT_ENTRIES ((EXT4_BLOCK_BYTES - ROOT_START - sizeof(struct ext2_dx_tail)) / 8)
#define NODE_ENTRIES ((EXT4_BLOCK_BYTES - NODE_START - sizeof(struct ext2_dx_tail)) / 8)

struct dir_entry {
	uint32_t hash, minor;
	const struct tree_node *node;
};

/* One directory being laid out. */
struct dir {
	struct dir_entry *entries;
	size_t n;
	uint32_t *
		leaf_hash; /* of each leaf's first entry; bit 0: its hash began in the leaf before */
	size_t n_leaves;
	uint8_t *data; /* NULL: only count */
	const struct ext4_items *items;
};

static size_t entry_bytes(const struct tree_node *n)
{
	return align_up(8 + strlen(n->name), 4);
}

static size_t list_bytes(const struct tree_node *dir)
{
	size_t n = 2 * DOT_BYTES;

	for (size_t i = 0; i < dir->n_children && n <= LEAF_BYTES; i++)
		n += entry_bytes(dir->children[i]);
	return n;
}

static int cmp_entries(const void *pa, const void *pb)
{
	const struct dir_entry *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return strcmp(a->node->name, b->node->name);
}

static int hash_entries(struct dir *d, const struct tree_node *dir, const struct fs_params *p,
			struct err *e)
{
	uint32_t seed[4];

	memcpy(seed, p->hash_seed, sizeof(seed));
	d->n = dir->n_children;
	d->entries = calloc(d->n, sizeof(*d->entries));
	d->leaf_hash = calloc(d->n, sizeof(*d->leaf_hash));
	if (!d->entries || !d->leaf_hash)
		return err_oom(e);
	for (size_t i = 0; i < d->n; i++) {
		struct dir_entry *de = &d->entries[i];
		de->node = dir->children[i];
		errcode_t c = ext2fs_dirhash2(EXT2_HASH_HALF_MD4_UNSIGNED, de->node->name,
					      (int)strlen(de->node->name), NULL, 0, seed, &de->hash,
					      &de->minor);
		if (c)
			return ext4_err(e, c, "hash of a name");
	}
	qsort(d->entries, d->n, sizeof(*d->entries), cmp_entries);
	return 0;
}

static void dir_done(struct dir *d)
{
	free(d->entries);
	free(d->leaf_hash);
}
#define _cleanup_dir_ __attribute__((cleanup(dir_done)))

static void put_entry(uint8_t *at, uint32_t ino, size_t bytes, const char *name, uint8_t type)
{
	put_le32(at, ino);
	put_le16(at + 4, (uint16_t)bytes);
	at[6] = (uint8_t)strlen(name);
	at[7] = type;
	memcpy(at + 8, name, strlen(name));
}

static uint8_t file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_FT_REG_FILE;
	case S_IFDIR:
		return EXT2_FT_DIR;
	case S_IFCHR:
		return EXT2_FT_CHRDEV;
	case S_IFBLK:
		return EXT2_FT_BLKDEV;
	case S_IFIFO:
		return EXT2_FT_FIFO;
	case S_IFSOCK:
		return EXT2_FT_SOCK;
	default:
		return EXT2_FT_SYMLINK;
	}
}

static void put_node(uint8_t *at, const struct tree_node *n)
{
	put_entry(at, ext4_ino(n->inode->number - 1), entry_bytes(n), n->name,
		  file_type(n->inode->mode));
}

/* The last entry of a list takes all that is left; then comes the place of the checksum. */
static void end_list(uint8_t *block, size_t last, size_t end)
{
	put_le16(block + last + 4, (uint16_t)(get_le16(block + last + 4) + LEAF_BYTES - end));
	put_le16(block + LEAF_BYTES + 4, sizeof(struct ext2_dir_entry_tail));
	put_le16(block + LEAF_BYTES + 6, EXT2_DIR_NAME_LEN_CSUM);
}

static void put_dots(const struct ext4_items *items, size_t i, uint8_t *block)
{
	put_entry(block, ext4_ino(i), DOT_BYTES, ".", EXT2_FT_DIR);
	put_entry(block + DOT_BYTES, ext4_ino(items->v[i].parent), DOT_BYTES, "..", EXT2_FT_DIR);
}

static void build_list(const struct ext4_items *items, size_t i, uint8_t *block)
{
	const struct tree_node *dir = items->v[i].node, *child;
	size_t at = 2 * DOT_BYTES, last = DOT_BYTES;

	put_dots(items, i, block);
	tree_for_each_child (dir, child) {
		last = at;
		put_node(block + at, child);
		at += entry_bytes(child);
	}
	end_list(block, last, at);
}

/* Fill leaves in order of hash; also counts them when there is no data. */
static void pack_leaves(struct dir *d)
{
	size_t at = LEAF_BYTES, last = 0;
	uint8_t *block = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct dir_entry *de = &d->entries[i];
		size_t bytes = entry_bytes(de->node);
		if (at + bytes > LEAF_BYTES) {
			if (block)
				end_list(block, last, at);
			bool split = i > 0 && de[-1].hash == de->hash;
			d->leaf_hash[d->n_leaves++] = de->hash | split;
			block = d->data ? d->data + d->n_leaves * EXT4_BLOCK_BYTES : NULL;
			at = 0;
		}
		last = at;
		if (block)
			put_node(block + at, de->node);
		at += bytes;
	}
	if (block)
		end_list(block, last, at);
}

static size_t node_count(size_t n_leaves)
{
	return n_leaves <= ROOT_ENTRIES ? 0 : div_round_up(n_leaves, NODE_ENTRIES);
}

int ext4_dir_blocks(const struct tree_node *dir, const struct fs_params *p, uint64_t *ret,
		    bool *ret_indexed, struct err *e)
{
	_cleanup_dir_ struct dir d = { 0 };

	*ret_indexed = list_bytes(dir) > LEAF_BYTES;
	*ret = 1;
	if (!*ret_indexed)
		return 0;
	int r = hash_entries(&d, dir, p, e);
	if (r < 0)
		return r;
	pack_leaves(&d);
	if (node_count(d.n_leaves) > ROOT_ENTRIES)
		return err_set(e, -EINVAL, "too many names in one directory for ext4: %zu", d.n);
	*ret = 1 + d.n_leaves + node_count(d.n_leaves);
	return 0;
}

/* @n entries from @first on; entry 0's hash is where limit and count are. */
static void put_index(uint8_t *at, size_t limit, const uint32_t *hash, uint32_t first, size_t step,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_le32(at + 8 * i, hash[i * step]);
		put_le32(at + 8 * i + 4, first + (uint32_t)i);
	}
	put_le16(at, (uint16_t)limit);
	put_le16(at + 2, (uint16_t)n);
}

static void build_index(const struct dir *d, size_t i)
{
	uint8_t *root = d->data, *node = d->data + (1 + d->n_leaves) * EXT4_BLOCK_BYTES;
	size_t n_nodes = node_count(d->n_leaves);

	put_dots(d->items, i, root);
	put_le16(root + DOT_BYTES + 4, EXT4_BLOCK_BYTES - DOT_BYTES);
	root[2 * DOT_BYTES + 4] = EXT2_HASH_HALF_MD4;
	root[2 * DOT_BYTES + 5] = sizeof(struct ext2_dx_root_info);
	root[2 * DOT_BYTES + 6] = n_nodes > 0;
	if (!n_nodes) {
		put_index(root + ROOT_START, ROOT_ENTRIES, d->leaf_hash, 1, 1, d->n_leaves);
		return;
	}
	put_index(root + ROOT_START, ROOT_ENTRIES, d->leaf_hash, (uint32_t)(1 + d->n_leaves),
		  NODE_ENTRIES, n_nodes);
	for (size_t k = 0; k < n_nodes; k++, node += EXT4_BLOCK_BYTES) {
		size_t first = k * NODE_ENTRIES;
		put_le16(node + 4, EXT4_BLOCK_BYTES);
		put_index(node + NODE_START, NODE_ENTRIES, d->leaf_hash + first,
			  (uint32_t)(1 + first), 1, MIN(NODE_ENTRIES, d->n_leaves - first));
	}
}

int ext4_dir_build(ext2_filsys fs, const struct ext4_items *items, size_t i,
		   const struct fs_params *p, uint8_t *data, uint64_t n_blocks, struct err *e)
{
	_cleanup_dir_ struct dir d = { .data = data, .items = items };

	if (n_blocks == 1) {
		build_list(items, i, data);
	} else {
		int r = hash_entries(&d, items->v[i].node, p, e);
		if (r < 0)
			return r;
		pack_leaves(&d);
		build_index(&d, i);
	}
	for (uint64_t b = 0; b < n_blocks; b++) {
		errcode_t c = ext2fs_dir_block_csum_set(
			fs, ext4_ino(i), (struct ext2_dir_entry *)(data + b * EXT4_BLOCK_BYTES));
		if (c)
			return ext4_err(e, c, "checksum of a directory");
	}
	return 0;
}
