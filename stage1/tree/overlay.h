/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A recipe's overlay directory, put over what the packages brought. */
#include "stage1/tree/tree.h"

struct tree_overlay_params {
	const char *dir;  /* path on this machine */
	const char *name; /* in the origin: as the recipe calls it */
	int64_t time;	  /* mtime of all that comes from the overlay, seconds since 1970 */
};

/**
 * tree_overlay() - merge a directory into the tree
 *
 * Files are 0755 if their owner may execute them, else 0644; all belongs to root; so umask and user
 * never matter. A file or symlink replaces a file or symlink of the tree; a directory that is in the
 * tree already is left as it is. Paths are usr-merged.
 * Return: 0; -EINVAL with the path: other file types, names that are too deep, a directory in one and
 *         none in the other, a file or symlink in the place of a top-level name of the merged /usr; errors
 *         of reading; -ENOMEM
 */
int tree_overlay(struct tree *t, const struct tree_overlay_params *p, struct err *e) must_check;
