/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A directory for one run, which holds plain files only. Whoever uses it holds a lock on it, so that one
 * without a lock was left by a process that was killed: it goes when the next one is made.
 */
#include "base/err.h"

struct private_dir {
	char *path;
	int fd;
};

#define PRIVATE_DIR_INIT \
	{                \
		NULL, -1 \
	}

/**
 * private_dir_make() - <parent>/<prefix>XXXXXX, for its owner only
 * @d: PRIVATE_DIR_INIT before; to be given to private_dir_remove()
 * Return: 0; negative errno
 */
int private_dir_make(struct private_dir *d, const char *parent, const char *prefix,
		     struct err *e) must_check;

/** private_dir_remove() - with all that is in it */
void private_dir_remove(struct private_dir *d);
