/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For the fuzz targets of this module: all that a reader gives, taken. */
#include "stage1/fs/fs.h"

/* Holes without end may be claimed: what is read of them bounds a run. */
#define READ_MAX    (4 * MiB)
#define EXTENTS_MAX 10000
#define LOOKUP_MAX  100 /* each reads whole directories */

struct use {
	struct fs_reader *r;
	uint64_t n_bytes;
	unsigned int n_lookups, n_extents;
	unsigned int sum; /* of all that was given: a sanitizer sees what is none of it */
};

static void take(struct use *u, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		u->sum = 31 * u->sum + ((const uint8_t *)data)[i];
}

static int take_xattr(void *ctx, const char *name, const void *value, size_t len,
		      struct err *e unused_)
{
	take(ctx, name, strlen(name));
	take(ctx, value, len);
	return 0;
}

static int take_extent(void *ctx, const struct fs_extent *x, struct err *e unused_)
{
	struct use *u = ctx;
	char text[128];

	take(u, &x->len, sizeof(x->len));
	u->r->ops->describe(u->r, x->offset, text, sizeof(text));
	take(u, text, strlen(text));
	return u->n_extents++ >= EXTENTS_MAX;
}

/* From the start to the end or READ_MAX; then the end, as the index of a long file has one, too. */
static void read_content(struct use *u, const struct fs_stat *st)
{
	uint8_t block[10007];
	size_t n = 1;
	struct err e;

	for (uint64_t at = 0; n && u->n_bytes < READ_MAX; at += n, u->n_bytes += n) {
		if (u->r->ops->read(u->r, st->ino, at, block, sizeof(block), &n, &e) < 0)
			break;
		take(u, block, n);
	}
	if (st->size_bytes &&
	    u->r->ops->read(u->r, st->ino, st->size_bytes - 1, block, sizeof(block), &n, &e) == 0)
		take(u, block, n);
}

/* What is damaged in one place may be read in others: errors end nothing. */
static int use_one(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct use *u = ctx;
	const struct fs_reader_ops *ops = u->r->ops;
	uint8_t raw[256];
	uint64_t ino;
	size_t n;

	(void)ops->xattrs(u->r, st->ino, take_xattr, u, e);
	if (ops->raw && ops->raw(u->r, st->ino, raw, sizeof(raw), &n, e) == 0)
		take(u, raw, n);
	if (ops->extents)
		(void)ops->extents(u->r, st->ino, take_extent, u, e);
	if (S_ISREG(st->mode) || S_ISLNK(st->mode))
		read_content(u, st);
	if (u->n_lookups++ < LOOKUP_MAX && fs_reader_lookup(u->r, path, &ino, e) == 0 &&
	    ino != st->ino)
		abort(); /* two ways to a name */
	return 0;
}

static int use_all(const struct source *image)
{
	struct use u = { 0 };
	struct err e;

	if (fs_reader_open(image, &u.r, &e) == 0)
		(void)!fs_reader_walk(u.r, use_one, &u, &e);
	fs_reader_free(u.r);
	return u.sum == 0x5eed ? -1 : 0;
}
