/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of the merge: where an entry goes, and who wins where two packages meet. */
#include "stage1/tree/merge.h"

/* One package on its way into the tree. */
struct merge {
	struct tree *t;
	const struct package *pkg;
	const struct tree_merge_params *p;
	const struct tree_origin *origin;
	struct tree_node **nodes; /* of each entry; NULL: left out */
};

/**
 * merge_place() - the path in the tree: usr-merged, and where a directory on the way is a symlink of
 * another package, in the directory that it leads to, as the kernel would have unpacked it
 * @ret: on the heap
 * @ret_top: the top-level name that the merged /usr takes the place of, NULL if the path is none below
 *           one; part of the entry's path
 * Return: 0; -EEXIST a file is on the way; -EINVAL a symlink on the way is of the package itself, leads
 *         out of the root, in a circle or to no directory, or the path is too long; -ENOMEM
 */
int merge_place(const struct merge *m, const struct package_entry *n, char **ret,
		const char **ret_top, struct err *e) must_check;

enum { MERGE_OLD_WINS, MERGE_NEW_WINS };

/**
 * merge_decide() - which of two entries with the same path is taken
 * @old: what is in the tree
 * @difference: what the new one differs in, in words
 * Return: MERGE_OLD_WINS; MERGE_NEW_WINS; -EEXIST nothing says which, with what to write into the recipe;
 *         -EINVAL a rule of the recipe names a package that does not have the path
 */
int merge_decide(const struct merge *m, const char *path, const struct tree_node *old,
		 const char *difference, struct err *e) must_check;
