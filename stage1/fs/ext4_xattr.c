/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes as ext4 stores them: all of an inode's within the inode where they fit, else
 * all in a block, which inodes with the same attributes share.
 */
#include "stage1/fs/ext4.h"

/* Namespaces are numbers on disk (fs/ext4/xattr.h). ACLs have another form there: not supported. */
static const struct {
	const char *prefix;
	uint8_t index;
} namespaces[] = { { "user.", 1 }, { "trusted.", 4 }, { "security.", 6 } };

/* Return: the index, *ret is the rest of the name; 0: unknown */
static uint8_t split_name(const char *name, const char **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		if (!str_has_prefix(name, namespaces[i].prefix))
			continue;
		*ret = name + strlen(namespaces[i].prefix);
		return **ret ? namespaces[i].index : 0;
	}
	return 0;
}

static size_t entry_bytes(const struct tree_xattr *x)
{
	const char *rest = x->name;

	(void)split_name(x->name, &rest);
	return EXT2_EXT_ATTR_LEN(strlen(rest));
}

/* Entries, a terminator and values. */
static size_t encoded_bytes(const struct tree_inode *inode)
{
	size_t n = 4;

	for (size_t i = 0; i < inode->n_xattrs; i++)
		n += entry_bytes(&inode->xattrs[i]) + align_up(inode->xattrs[i].len, 4);
	return n;
}

bool ext4_xattr_in_inode(const struct tree_inode *inode)
{
	return encoded_bytes(inode) <= EXT4_XATTR_INODE_BYTES;
}

/* The order that the kernel's search relies on. */
static int xattr_cmp(const void *pa, const void *pb)
{
	const struct tree_xattr *a = *(const struct tree_xattr *const *)pa;
	const struct tree_xattr *b = *(const struct tree_xattr *const *)pb;
	const char *na = a->name, *nb = b->name;
	int d = (int)split_name(a->name, &na) - (int)split_name(b->name, &nb);

	if (d)
		return d;
	if (strlen(na) != strlen(nb))
		return strlen(na) < strlen(nb) ? -1 : 1;
	return strcmp(na, nb);
}

static int encode_one(const struct tree_xattr *x, uint8_t *area, size_t *at, size_t *end,
		      struct err *e)
{
	struct ext2_ext_attr_entry *entry = (struct ext2_ext_attr_entry *)(area + *at);
	const char *rest;
	uint8_t index = split_name(x->name, &rest);

	if (!index || strlen(rest) > 255)
		return err_set(e, -EINVAL, "ext4 cannot hold the attribute %s", x->name);
	*end -= align_up(x->len, 4);
	if (x->len)
		memcpy(area + *end, x->value, x->len);
	entry->e_name_len = (uint8_t)strlen(rest);
	entry->e_name_index = index;
	entry->e_value_offs = (uint16_t)(x->len ? *end : 0);
	entry->e_value_size = (uint32_t)x->len;
	memcpy(EXT2_EXT_ATTR_NAME(entry), rest, strlen(rest));
	entry->e_hash = ext2fs_ext_attr_hash_entry(entry, area + *end);
	*at += EXT2_EXT_ATTR_LEN(strlen(rest));
	return 0;
}

int ext4_xattr_encode(const struct tree_inode *inode, uint8_t *area, size_t len, size_t start,
		      struct err *e)
{
	_cleanup_free_ const struct tree_xattr **sorted =
		calloc(inode->n_xattrs + 1, sizeof(*sorted));
	size_t at = start, end = len;
	int r = 0;

	if (!sorted)
		return err_oom(e);
	if (encoded_bytes(inode) > len - start)
		return err_set(e, -EINVAL, "%zu bytes of attributes, ext4 holds %zu",
			       encoded_bytes(inode), len - start);
	for (size_t i = 0; i < inode->n_xattrs; i++)
		sorted[i] = &inode->xattrs[i];
	qsort(sorted, inode->n_xattrs, sizeof(*sorted), xattr_cmp);
	for (size_t i = 0; r == 0 && i < inode->n_xattrs; i++)
		r = encode_one(sorted[i], area, &at, &end, e);
	return r;
}

static uint32_t key_of(const uint8_t *data)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < EXT4_BLOCK_BYTES; i++)
		h = (h ^ data[i]) * 16777619u;
	return h;
}

static int encode_block(const struct tree_inode *inode, uint8_t *data, struct err *e)
{
	struct ext2_ext_attr_header *h = (struct ext2_ext_attr_header *)data;

	int r = ext4_xattr_encode(inode, data, EXT4_BLOCK_BYTES, sizeof(*h), e);
	if (r < 0)
		return r;
	h->h_magic = EXT2_EXT_ATTR_MAGIC;
	h->h_blocks = 1;
	ext2fs_ext_attr_block_rehash(h, (struct ext2_ext_attr_entry *)(data + EXT4_BLOCK_BYTES));
	return 0;
}

int ext4_xattrs_add(struct ext4_xattrs *x, const struct tree_inode *inode, size_t *ret,
		    bool *ret_new, struct err *e)
{
	_cleanup_free_ uint8_t *data = calloc(1, EXT4_BLOCK_BYTES);

	if (!data)
		return err_oom(e);
	int r = encode_block(inode, data, e);
	if (r < 0)
		return r;
	uint32_t key = key_of(data);
	size_t *bucket = &x->bucket[key % EXT4_XATTR_BUCKETS];
	for (size_t i = *bucket; i; i = x->v[i - 1].next) {
		struct ext4_xattr_block *b = &x->v[i - 1];
		if (b->key != key || b->refs == EXT2_EXT_ATTR_REFCOUNT_MAX ||
		    memcmp(b->data, data, EXT4_BLOCK_BYTES) != 0)
			continue;
		b->refs++;
		*ret = i;
		*ret_new = false;
		return 0;
	}
	if (x->n == x->cap) {
		size_t cap = x->cap ? 2 * x->cap : 16;
		struct ext4_xattr_block *v = reallocarray(x->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		x->v = v;
		x->cap = cap;
	}
	x->v[x->n] = (struct ext4_xattr_block){
		.data = TAKE_PTR(data), .refs = 1, .key = key, .next = *bucket
	};
	*ret = *bucket = ++x->n;
	*ret_new = true;
	return 0;
}

void ext4_xattrs_done(struct ext4_xattrs *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->v[i].data);
	free(x->v);
}
