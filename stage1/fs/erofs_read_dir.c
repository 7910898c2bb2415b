/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of a possibly damaged image. */
#include "stage1/fs/erofs_read.h"

typedef int dir_fn(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e);

/* The name of entry @i of @n: up to where the next one's begins, or the block's first zero or end. */
static int entry_name(const uint8_t *block, size_t len, size_t i, size_t n, const char **ret,
		      size_t *ret_len)
{
	const struct erofs_dirent *d = (const struct erofs_dirent *)block;
	size_t from = d[i].name_offset, to = i + 1 < n ? d[i + 1].name_offset : len;

	if (from < n * sizeof(*d) || from >= to || to > len)
		return -EINVAL;
	*ret = (const char *)block + from;
	*ret_len = i + 1 < n ? to - from : strnlen(*ret, to - from);
	if (*ret_len == 0 || *ret_len > EROFS_NAME_MAX || memchr(*ret, 0, *ret_len) ||
	    memchr(*ret, '/', *ret_len))
		return -EINVAL;
	return 0;
}

static bool is_dot(const char *name, size_t len)
{
	return (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0);
}

static int read_block(uint64_t nid, const uint8_t *block, size_t len, dir_fn *fn, void *ctx,
		      struct err *e)
{
	const struct erofs_dirent *d = (const struct erofs_dirent *)block;

	if (len < sizeof(*d))
		return erofs_bad(nid, "bad size of a directory", e);
	size_t n = d[0].name_offset / sizeof(*d);
	if (n == 0 || d[0].name_offset % sizeof(*d) || d[0].name_offset > len)
		return erofs_bad(nid, "bad directory entry", e);
	for (size_t i = 0; i < n; i++) {
		const char *name;
		size_t name_len;
		if (entry_name(block, len, i, n, &name, &name_len) < 0)
			return erofs_bad(nid, "bad name in a directory", e);
		if (is_dot(name, name_len))
			continue;
		int r = fn(ctx, name, name_len, d[i].nid, e);
		if (r)
			return r;
	}
	return 0;
}

int erofs_readdir(struct fs_reader *base, uint64_t ino, dir_fn *fn, void *ctx, struct err *e)
{
	struct erofs_reader *r = (struct erofs_reader *)base;
	_Alignas(8) uint8_t block[EROFS_BLOCK_BYTES]; /* @fn may use the reader */
	struct erofs_inode inode;

	int n = erofs_read_inode(r, ino, &inode, e);
	if (n < 0)
		return n;
	if (!S_ISDIR(inode.mode))
		return err_set(e, -ENOTDIR, "erofs: inode %llu is no directory",
			       (unsigned long long)ino);
	if (inode.layout != EROFS_FLAT_PLAIN && inode.layout != EROFS_FLAT_INLINE)
		return erofs_bad(ino, "a directory that is not stored flat", e);
	for (uint64_t at = 0; n == 0 && at < inode.size_bytes; at += EROFS_BLOCK_BYTES) {
		size_t len = (size_t)MIN(EROFS_BLOCK_BYTES, inode.size_bytes - at);
		n = erofs_read_content(r, &inode, at, block, len, e);
		if (n == 0)
			n = read_block(ino, block, len, fn, ctx, e);
	}
	return n;
}
