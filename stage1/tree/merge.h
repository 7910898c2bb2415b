/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Packages become one tree, as dpkg would have unpacked them into an empty root with merged /usr: what
 * they have under bin, sbin, lib, lib32, lib64, libo32 and libx32 goes below usr/, and the top-level
 * names are symlinks to there. (usr/sbin stays a directory of its own.)
 */
#include "base/pool.h"
#include "stage1/package/package.h"
#include "stage1/tree/exclude.h"
#include "stage1/tree/tree.h"

/* A recipe's rule: of the packages that have this path, the named one's file is taken. */
struct tree_merge_wins {
	const char *path; /* absolute */
	const char *package;
	size_t used; /* counted up for each conflict that the rule settled */
};

struct tree_merge_params {
	/* All packages that are merged into this tree: their Replaces count whatever the order is. */
	struct package *const *packages;
	size_t n_packages;
	struct tree_merge_wins *wins; /* may be NULL */
	size_t n_wins;
	struct tree_exclude *exclude; /* paths (after usr-merge) that are left out; may be NULL */
	const struct pool *cancel;    /* pool_cancelled() of it ends the work; or NULL */
};

/**
 * tree_merge_package() - add all entries of a package, with their origin
 *
 * Two packages with the same path: directories are shared, with the mode, owner and time of the first
 * that has them. Files and symlinks that are equal in all but their times are kept once. Otherwise a
 * rule of @p->wins decides, else the package whose Replaces covers the other one. A directory that is a
 * symlink of another package is followed, inside of the tree.
 * Return: 0; -EEXIST two packages (both named) have the path with different content, and nothing says
 *         which wins; -EINVAL a path below a symlink of the package itself, or of one that leads out, in a
 *         circle or nowhere, or that is too long; a device or pipe; a rule that names a package without
 *         the path; -ENOMEM
 */
int tree_merge_package(struct tree *t, const struct package *pkg, const struct tree_merge_params *p,
		       struct err *e) must_check;

/** tree_merge_packages() - tree_merge_package() of all of @p->packages, in that order */
int tree_merge_packages(struct tree *t, const struct tree_merge_params *p,
			struct err *e) must_check;

/**
 * tree_usr_merged_path() - where a path of a package lies once /usr is merged
 * @path: relative
 * Return: on the heap, "usr/bin/x" for "bin/x", else a copy; NULL when out of memory
 */
char *tree_usr_merged_path(const char *path) must_check;
