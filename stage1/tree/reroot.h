/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A directory of a tree becomes its root. */
#include "stage1/tree/tree.h"

/**
 * tree_reroot() - make the directory at @path the tree's root
 *
 * The root takes the directory's mode, owner, times, xattrs and origin, and its children, which keep
 * their inodes. @path must be the only thing that its parents hold: nothing is lost silently.
 * Return: 0; -ENOENT; -ENOTDIR; -ENOTEMPTY something lies beside it, by its path; -ENOMEM
 */
int tree_reroot(struct tree *t, const char *path, struct err *e) must_check;
