/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/test/support.h"

struct compare {
	const struct tree *t;
	struct fs_reader *r;
	bool posix;
	size_t n;
	const char *path;
	const struct tree_node *node;
	size_t n_xattrs;
};

static int compare_xattr(void *ctx, const char *name, const void *value, size_t len,
			 struct err *e unused_)
{
	struct compare *c = ctx;
	const struct tree_xattr *x = tree_get_xattr(c->node, name);

	ck_assert_msg(x != NULL, "%s: %s is only in the image", c->path, name);
	ck_assert_uint_eq(x->len, len);
	ck_assert(len == 0 || memcmp(x->value, value, len) == 0);
	c->n_xattrs++;
	return 0;
}

/* In pieces of an odd size, and once across the end. */
static void compare_content(struct compare *c, const struct fs_stat *st, const uint8_t *want,
			    uint64_t len)
{
	struct err e = { 0 };
	uint8_t data[70001];
	size_t n;

	ck_assert_uint_eq(st->size_bytes, len);
	for (uint64_t at = 0; at < len; at += n) {
		ck_ok(c->r->ops->read(c->r, st->ino, at, data, sizeof(data), &n, &e));
		ck_assert_uint_eq(n, MIN(sizeof(data), len - at));
		ck_assert_msg(memcmp(data, want + at, n) == 0, "%s differs at %llu", c->path,
			      (unsigned long long)at);
	}
	ck_ok(c->r->ops->read(c->r, st->ino, len, data, 1, &n, &e));
	ck_assert_uint_eq(n, 0);
}

static void compare_posix(struct compare *c, const struct fs_stat *st)
{
	struct err e = { 0 };
	const struct tree_inode *inode = c->node->inode;

	ck_assert_msg(st->mode == inode->mode, "%s: mode %o", c->path, st->mode);
	ck_assert_uint_eq(st->uid, inode->uid);
	ck_assert_uint_eq(st->gid, inode->gid);
	ck_assert_msg(st->mtime == inode->mtime, "%s: time %lld", c->path, (long long)st->mtime);
	if (!S_ISDIR(st->mode))
		ck_assert_uint_eq(st->nlink, inode->nlink);
	if (S_ISCHR(st->mode) || S_ISBLK(st->mode)) {
		ck_assert_uint_eq(st->rdev_major, inode->rdev_major);
		ck_assert_uint_eq(st->rdev_minor, inode->rdev_minor);
	}
	c->n_xattrs = 0;
	ck_ok(c->r->ops->xattrs(c->r, st->ino, compare_xattr, c, &e));
	ck_assert_uint_eq(c->n_xattrs, inode->n_xattrs);
}

static int compare_one(void *ctx, const char *path, const struct fs_stat *st, struct err *e unused_)
{
	struct compare *c = ctx;

	c->n++;
	c->path = path;
	c->node = *path ? tree_lookup(c->t, path) : tree_root(c->t);
	ck_assert_msg(c->node != NULL, "%s is only in the image", path);
	ck_assert_uint_eq(st->mode & S_IFMT, c->node->inode->mode & S_IFMT);
	if (c->posix)
		compare_posix(c, st);
	if (S_ISREG(st->mode))
		compare_content(c, st, c->node->inode->blob->data, c->node->inode->blob->len);
	else if (S_ISLNK(st->mode))
		compare_content(c, st, (const uint8_t *)c->node->inode->target,
				strlen(c->node->inode->target));
	return 0;
}

void fs_test_compare(const struct tree *t, struct fs_reader *r, bool posix)
{
	struct compare c = { .t = t, .r = r, .posix = posix };
	struct err e = { 0 };

	ck_ok(fs_reader_walk(r, compare_one, &c, &e));
	ck_assert_uint_eq(c.n, tree_count(t));
}

void fs_test_compare_image(const struct tree *t, const char *path, bool posix)
{
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct err e = { 0 };

	ck_ok(source_open(&src, path, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	fs_test_compare(t, r, posix);
}

#define USE_MAX (256 * MiB)

struct use {
	struct fs_reader *r;
	uint64_t n_bytes;
};

static int use_xattr(void *ctx, const char *name, const void *value, size_t len,
		     struct err *e unused_)
{
	unsigned int *sum = ctx;

	*sum += (unsigned int)strlen(name);
	for (size_t i = 0; i < len; i++)
		*sum += ((const uint8_t *)value)[i];
	return 0;
}

static int use_one(void *ctx, const char *path unused_, const struct fs_stat *st, struct err *e)
{
	struct use *u = ctx;
	struct fs_reader *r = u->r;
	unsigned int sum = 0;
	uint8_t data[8192];
	size_t n = 1;

	/* What is damaged in one place may be read in others. */
	(void)r->ops->xattrs(r, st->ino, use_xattr, &sum, e);
	for (uint64_t at = 0; n && (S_ISREG(st->mode) || S_ISLNK(st->mode)); at += n) {
		/* Holes without end may be claimed: what is read of them bounds the test. */
		if (u->n_bytes > USE_MAX ||
		    r->ops->read(r, st->ino, at, data, sizeof(data), &n, e) < 0)
			break;
		u->n_bytes += n;
	}
	return 0;
}

int fs_test_use_all(const struct source *src, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;

	int n = fs_reader_open(src, &r, e);
	struct use u = { .r = r };
	return n < 0 ? n : fs_reader_walk(r, use_one, &u, e);
}
