/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes of a possibly damaged image: behind the inode, and shared ones. */
#include "stage1/fs/erofs_read.h"

typedef int xattr_fn(void *ctx, const char *name, const void *value, size_t len, struct err *e);

static const char *prefix_of(uint8_t index)
{
	static const char *const prefixes[] = {
		NULL, "user.",	  "system.posix_acl_access", "system.posix_acl_default", "trusted.",
		NULL, "security."
	};

	return index < ARRAY_SIZE(prefixes) ? prefixes[index] : NULL;
}

/* What a name begins with: a namespace, and what a long prefix adds; false: unknown. */
static bool find_prefix(const struct erofs_reader *r, uint8_t index, const char **ret_namespace,
			const char **ret_rest)
{
	unsigned int i = index & ~(unsigned int)EROFS_XATTR_LONG_PREFIX;

	*ret_rest = "";
	if (index & EROFS_XATTR_LONG_PREFIX) {
		if (i >= r->n_prefixes)
			return false;
		index = r->prefixes[i].index;
		*ret_rest = r->prefixes[i].rest;
	}
	*ret_namespace = prefix_of(index);
	return *ret_namespace;
}

static int bad(uint64_t nid, struct err *e)
{
	return erofs_bad(nid, "bad extended attributes", e);
}

/* One attribute in the image; *ret_next: where the one behind it begins. */
static int read_one(struct erofs_reader *r, uint64_t nid, uint64_t at, uint64_t end,
		    uint64_t *ret_next, xattr_fn *fn, void *ctx, struct err *e)
{
	struct erofs_xattr_entry entry;
	uint8_t data[UINT8_MAX + UINT16_MAX];
	char name[2 * UINT8_MAX + 32];
	const char *prefix, *rest;

	int n = erofs_read_at(r, at, &entry, sizeof(entry), e);
	if (n < 0)
		return n;
	size_t len = (size_t)entry.name_len + entry.value_len;
	at += sizeof(entry);
	if (!find_prefix(r, entry.name_index, &prefix, &rest) || at > end || len > end - at)
		return bad(nid, e);
	n = erofs_read_at(r, at, data, len, e);
	if (n < 0)
		return n;
	if (memchr(data, 0, entry.name_len))
		return bad(nid, e);
	snprintf(name, sizeof(name), "%s%s%.*s", prefix, rest, entry.name_len, (const char *)data);
	*ret_next = align_up(at + len, 4);
	return fn(ctx, name, data + entry.name_len, entry.value_len, e);
}

/* Where the attribute is that the id at @id_at stands for. */
static int find_shared(struct erofs_reader *r, uint64_t id_at, uint64_t *ret, struct err *e)
{
	uint8_t id[4];

	int n = erofs_read_at(r, id_at, id, sizeof(id), e);
	if (n == 0)
		*ret = (uint64_t)r->super.xattr_block * EROFS_BLOCK_BYTES +
		       4 * (uint64_t)get_le32(id);
	return n;
}

static int read_shared(struct erofs_reader *r, const struct erofs_inode *inode, uint8_t n_shared,
		       uint64_t at, xattr_fn *fn, void *ctx, struct err *e)
{
	uint64_t shared, next;
	int n = 0;

	for (unsigned int i = 0; n == 0 && i < n_shared; i++) {
		n = find_shared(r, at + 4 * (uint64_t)i, &shared, e);
		if (n == 0)
			n = read_one(r, inode->nid, shared, r->base.size_bytes, &next, fn, ctx, e);
	}
	return n;
}

/* The head of an inode's attributes: @inode has some. */
static int read_head(struct erofs_reader *r, const struct erofs_inode *inode,
		     struct erofs_xattr_head *ret, struct err *e)
{
	int n = erofs_read_at(r, inode->at + inode->inode_bytes, ret, sizeof(*ret), e);

	if (n == 0 && 4u * ret->n_shared > inode->xattr_bytes - sizeof(*ret))
		n = bad(inode->nid, e);
	return n;
}

int erofs_shared_xattrs(struct erofs_reader *r, const struct erofs_inode *inode,
			int (*fn)(void *ctx, uint64_t at, uint64_t len, struct err *e), void *ctx,
			struct err *e)
{
	uint64_t at = inode->at + inode->inode_bytes + sizeof(struct erofs_xattr_head), shared;
	struct erofs_xattr_entry entry;
	struct erofs_xattr_head head = { 0 };

	int n = inode->xattr_bytes ? read_head(r, inode, &head, e) : 0;
	for (unsigned int i = 0; n == 0 && i < head.n_shared; i++) {
		n = find_shared(r, at + 4 * (uint64_t)i, &shared, e);
		if (n == 0)
			n = erofs_read_at(r, shared, &entry, sizeof(entry), e);
		if (n == 0)
			n = fn(ctx, shared,
			       sizeof(entry) + (uint64_t)entry.name_len + entry.value_len, e);
	}
	return n;
}

int erofs_read_xattrs(struct fs_reader *base, uint64_t ino, xattr_fn *fn, void *ctx, struct err *e)
{
	struct erofs_reader *r = (struct erofs_reader *)base;
	struct erofs_xattr_head head;
	struct erofs_inode inode;

	int n = erofs_read_inode(r, ino, &inode, e);
	if (n < 0 || !inode.xattr_bytes)
		return n;
	uint64_t at = inode.at + inode.inode_bytes, end = at + inode.xattr_bytes;
	n = read_head(r, &inode, &head, e);
	if (n < 0)
		return n;
	at += sizeof(head);
	n = read_shared(r, &inode, head.n_shared, at, fn, ctx, e);
	at += 4u * head.n_shared;
	while (n == 0 && end - at >= sizeof(struct erofs_xattr_entry))
		n = read_one(r, ino, at, end, &at, fn, ctx, e);
	return n;
}

/* Bytes of where prefixes are kept. */
static int read_kept(struct erofs_reader *r, const struct erofs_inode *packed, uint64_t at,
		     void *data, size_t len, struct err *e)
{
	if (!packed)
		return erofs_read_at(r, at, data, len, e);
	if (at > packed->size_bytes || len > packed->size_bytes - at)
		return erofs_bad(packed->nid, "ends within the attributes' prefixes", e);
	return erofs_read_content(r, packed, at, data, len, e);
}

static int load_prefix(struct erofs_reader *r, const struct erofs_inode *packed, uint64_t *at,
		       struct erofs_prefix *ret, struct err *e)
{
	struct erofs_xattr_prefix head;

	int n = read_kept(r, packed, *at, &head, sizeof(head), e);
	if (n < 0)
		return n;
	size_t len = head.len - 1u; /* without the index */
	if (!head.len || len >= sizeof(ret->rest))
		return err_set(e, -EINVAL, "erofs: a prefix of attributes of %u bytes", head.len);
	ret->index = head.name_index;
	n = read_kept(r, packed, *at + sizeof(head), ret->rest, len, e);
	if (n == 0 && memchr(ret->rest, 0, len))
		n = err_set(e, -EINVAL, "erofs: a zero byte in a prefix of attributes");
	*at = align_up(*at + sizeof(head) + len, 4);
	return n;
}

int erofs_load_prefixes(struct erofs_reader *r, struct err *e)
{
	uint64_t start = 4 * (uint64_t)r->super.xattr_prefix_start, at = start;
	unsigned int n_prefixes = r->super.n_xattr_prefixes;
	struct erofs_inode packed;

	if (!(r->super.feature_incompat & EROFS_INCOMPAT_XATTR_PREFIXES) || !n_prefixes)
		return 0;
	r->prefixes = calloc(n_prefixes, sizeof(*r->prefixes));
	if (!r->prefixes)
		return err_oom(e);
	int n = r->super.packed_nid ? erofs_read_inode(r, r->super.packed_nid, &packed, e) : 0;
	for (unsigned int i = 0; n == 0 && i < n_prefixes; i++)
		n = load_prefix(r, r->super.packed_nid ? &packed : NULL, &at, &r->prefixes[i], e);
	if (n < 0)
		return n;
	r->n_prefixes = n_prefixes;
	if (!r->super.packed_nid)
		r->prefix_span = (struct erofs_span){ start, at - start };
	return 0;
}
