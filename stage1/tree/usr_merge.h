/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The top-level directories that live below usr/, with symlinks in their old places. */
#include "stage1/tree/tree.h"

/** usr_merge_name() - is the first name of a relative path one of them? Return: its length, or 0 */
size_t usr_merge_name(const char *path);

/**
 * usr_merge_link() - the symlink in the old place, made if it is not there
 * @path: its first name is one of them
 * Return: 0; -EEXIST something else is there; -ENOMEM
 */
int usr_merge_link(struct tree *t, const char *path, int64_t mtime, struct err *e) must_check;

/** usr_merge_is_link() - is it the target that a symlink of this name must have? */
bool usr_merge_is_link(const char *name, const char *target);
