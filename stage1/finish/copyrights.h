/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where the packages' copyright files are. */
#include "stage1/package/package.h"
#include "stage1/tree/tree.h"

/**
 * copyrights_collect() - what packages have below usr/share/doc, whatever a recipe leaves out of it
 * @ret: a tree, in which symlinks lead where they would on a system
 * Return: 0; -ENOMEM
 */
int copyrights_collect(struct package *const *packages, size_t n, struct tree **ret,
		       struct err *e) must_check;

/** copyrights_find() - a package's copyright file, borrowed; NULL if it has none or out of memory */
const struct blob *copyrights_find(const struct tree *docs, const struct package *k);
