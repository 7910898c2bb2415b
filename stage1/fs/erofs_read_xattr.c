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
	char name[UINT8_MAX + 32];

	int n = erofs_read_at(r, at, &entry, sizeof(entry), e);
	if (n < 0)
		return n;
	size_t len = (size_t)entry.name_len + entry.value_len;
	const char *prefix = prefix_of(entry.name_index);
	at += sizeof(entry);
	if (!prefix || at > end || len > end - at)
		return bad(nid, e);
	n = erofs_read_at(r, at, data, len, e);
	if (n < 0)
		return n;
	if (memchr(data, 0, entry.name_len))
		return bad(nid, e);
	snprintf(name, sizeof(name), "%s%.*s", prefix, entry.name_len, (const char *)data);
	*ret_next = align_up(at + len, 4);
	return fn(ctx, name, data + entry.name_len, entry.value_len, e);
}

static int read_shared(struct erofs_reader *r, const struct erofs_inode *inode, uint8_t n_shared,
		       uint64_t at, xattr_fn *fn, void *ctx, struct err *e)
{
	uint64_t area = (uint64_t)r->super.xattr_block * EROFS_BLOCK_BYTES, next;
	uint8_t id[4];
	int n = 0;

	for (unsigned int i = 0; n == 0 && i < n_shared; i++) {
		n = erofs_read_at(r, at + 4 * (uint64_t)i, id, sizeof(id), e);
		if (n == 0)
			n = read_one(r, inode->nid, area + 4 * (uint64_t)get_le32(id), r->bytes,
				     &next, fn, ctx, e);
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
	n = erofs_read_at(r, at, &head, sizeof(head), e);
	if (n < 0)
		return n;
	at += sizeof(head);
	if (4u * head.n_shared > end - at)
		return bad(ino, e);
	n = read_shared(r, &inode, head.n_shared, at, fn, ctx, e);
	at += 4u * head.n_shared;
	while (n == 0 && end - at >= sizeof(struct erofs_xattr_entry))
		n = read_one(r, ino, at, end, &at, fn, ctx, e);
	return n;
}
