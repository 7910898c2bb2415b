/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Paths to be left out, as patterns: absolute; "*" and "?" match within one component. "**" as a whole
 * component matches any number of them, none too; as the last one at least one, so that the directory
 * before it stays. What lies below a matched path is matched as well. Everything else is literal.
 *
 *     /usr/share/doc      /usr/share/locale/de*      /usr/lib/python3/ ** / *.pyc   (without the spaces)
 */
#include "stage1/tree/tree.h"

struct tree_exclude;

/**
 * tree_exclude_new() - check and keep patterns
 * Return: 0; -EINVAL not a pattern (relative, empty or "." or ".." components, "**" beside other
 *         characters, all of the tree); -ENOMEM
 */
int tree_exclude_new(const char *const *patterns, size_t n, struct tree_exclude **ret,
		     struct err *e) must_check;
void tree_exclude_free(struct tree_exclude *x);
DEFINE_CLEANUP(struct tree_exclude *, tree_exclude_free)

/** tree_exclude_match() - is a path (relative or absolute) to be left out? Counts nothing. */
bool tree_exclude_match(const struct tree_exclude *x, const char *path);

/** tree_exclude_test() - tree_exclude_match() that counts for the pattern that matched, the first */
bool tree_exclude_test(struct tree_exclude *x, const char *path);

/** tree_exclude_apply() - remove what matches from a tree, counting each node */
int tree_exclude_apply(struct tree_exclude *x, struct tree *t, struct err *e) must_check;

/** tree_exclude_count() - how many entries the pattern with this index has left out: 0, it is unused */
size_t tree_exclude_count(const struct tree_exclude *x, size_t index);
