/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes of a possibly damaged image: in the inode, then in a block. */
#include "stage1/fs/ext4_read.h"

typedef int xattr_fn(void *ctx, const char *name, const void *value, size_t len, struct err *e);

/* Where entries and values are. */
struct area {
	const uint8_t *data; /* value offsets count from here */
	size_t len;
	size_t start; /* of the entries */
	uint64_t ino;
};

static int bad(uint64_t ino, struct err *e)
{
	return err_set(e, -EINVAL, "ext4: inode %llu: bad extended attributes",
		       (unsigned long long)ino);
}

static const char *prefix_of(uint8_t index)
{
	static const char *const prefixes[] = { NULL,
						"user.",
						"system.posix_acl_access",
						"system.posix_acl_default",
						"trusted.",
						NULL,
						"security.",
						"system." };

	return index < ARRAY_SIZE(prefixes) ? prefixes[index] : NULL;
}

static int parse_one(const struct area *a, size_t at, xattr_fn *fn, void *ctx, struct err *e)
{
	const uint8_t *entry = a->data + at;
	const char *prefix = prefix_of(entry[1]);
	uint16_t offset = get_le16(entry + 2);
	uint32_t size = get_le32(entry + 8);
	char name[512];

	if (!prefix || get_le32(entry + 4))
		return bad(a->ino, e);
	if (size && (offset > a->len || size > a->len - offset))
		return bad(a->ino, e);
	if (memchr(entry + sizeof(struct ext2_ext_attr_entry), 0, entry[0]))
		return bad(a->ino, e);
	snprintf(name, sizeof(name), "%s%.*s", prefix, entry[0],
		 (const char *)entry + sizeof(struct ext2_ext_attr_entry));
	return fn(ctx, name, a->data + (size ? offset : 0), size, e);
}

static int parse_area(const struct area *a, xattr_fn *fn, void *ctx, struct err *e)
{
	size_t at = a->start;

	while (a->len - at >= 4 && get_le32(a->data + at)) {
		if (a->len - at < sizeof(struct ext2_ext_attr_entry) ||
		    a->len - at < EXT2_EXT_ATTR_LEN(a->data[at]))
			return bad(a->ino, e);
		int r = parse_one(a, at, fn, ctx, e);
		if (r)
			return r;
		at += EXT2_EXT_ATTR_LEN(a->data[at]);
	}
	return 0;
}

static int read_in_inode(struct ext4_reader *r, const struct ext4_inode_buf *buf, uint64_t ino,
			 xattr_fn *fn, void *ctx, struct err *e)
{
	size_t bytes = EXT2_INODE_SIZE(r->fs->super);
	size_t start = bytes > EXT2_GOOD_OLD_INODE_SIZE
			       ? EXT2_GOOD_OLD_INODE_SIZE + ext4_inode(buf)->i_extra_isize
			       : bytes;

	if (start % 4 || start + 8 > bytes || get_le32(buf->data + start) != EXT2_EXT_ATTR_MAGIC)
		return 0;
	struct area a = { .data = buf->data + start + 4, .len = bytes - start - 4, .ino = ino };
	return parse_area(&a, fn, ctx, e);
}

static int read_in_block(struct ext4_reader *r, uint64_t block, uint64_t ino, xattr_fn *fn,
			 void *ctx, struct err *e)
{
	_cleanup_free_ uint8_t *data = malloc(r->fs->blocksize);

	if (!data)
		return err_oom(e);
	int n = ext4_read_block(r, block, data, e);
	if (n < 0)
		return n;
	struct ext2_ext_attr_header *h = (struct ext2_ext_attr_header *)data;
	if (h->h_magic != EXT2_EXT_ATTR_MAGIC || h->h_blocks != 1 ||
	    !ext2fs_ext_attr_block_csum_verify(r->fs, (ext2_ino_t)ino, block, h))
		return bad(ino, e);
	struct area a = { .data = data, .len = r->fs->blocksize, .start = sizeof(*h), .ino = ino };
	return parse_area(&a, fn, ctx, e);
}

int ext4_read_xattrs(struct fs_reader *base, uint64_t ino, xattr_fn *fn, void *ctx, struct err *e)
{
	struct ext4_reader *r = (struct ext4_reader *)base;
	struct ext4_inode_buf buf;

	int n = ext4_read_inode(r, ino, &buf, e);
	if (n < 0)
		return n;
	const struct ext2_inode_large *inode = ext4_inode(&buf);
	n = read_in_inode(r, &buf, ino, fn, ctx, e);
	uint64_t block = inode->i_file_acl | (uint64_t)inode->osd2.linux2.l_i_file_acl_high << 32;
	return n || !block ? n : read_in_block(r, block, ino, fn, ctx, e);
}
