/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What lies in a tree, name by name: regular files and symlinks, each with its digests and where it
 * comes from. Directories are not listed: they hold nothing but what is.
 */
#include "base/pool.h"
#include "stage1/fs/fs.h"
#include "stage1/tree/tree.h"

struct inventory_file {
	char *path; /* "usr/bin/env" */
	const struct tree_node *node;
	uint8_t sha1[SHA1_BYTES], sha256[SHA256_BYTES]; /* of a symlink: of its target */
};

struct inventory {
	struct inventory_file *v; /* sorted by path */
	size_t n, cap;
};

#define INVENTORY_INIT     \
	{                  \
		NULL, 0, 0 \
	}

void inventory_done(struct inventory *v);

/**
 * inventory_make() - list and hash what is in a tree
 * @t:      must not lose what is listed while @v lives
 * @prefix: stands before every path: "usr/", or ""
 * @v:      empty
 * Return: 0; -EINVAL neither file, symlink nor directory, a name that is not UTF-8, which no SBOM can
 *         hold, or a file that nobody brought; -ENOMEM; -ECANCELED
 */
int inventory_make(const struct tree *t, const char *prefix, struct pool *pool, struct inventory *v,
		   struct err *e) must_check;

/** inventory_add() - a file that was put into the tree since; Return: as inventory_make() */
int inventory_add(struct inventory *v, const char *prefix, const struct tree_node *n,
		  struct err *e) must_check;

/** inventory_find() - by path; NULL if it is not listed */
const struct inventory_file *inventory_find(const struct inventory *v, const char *path);

/**
 * inventory_check() - does a filesystem hold what is listed, and nothing else?
 * @prefix: as in inventory_make()
 *
 * Names, types, lengths and symlinks' targets are read back, as whoever mounts it would see them.
 * Return: 0; -EBADMSG, with the path; what reading returns
 */
int inventory_check(const struct inventory *v, const char *prefix, struct fs_reader *r,
		    struct err *e) must_check;
