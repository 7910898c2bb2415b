/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A directory as a store of packages: <dir>/<sha256>, and <dir>/partial/<sha256> on the way. */
#include "builder/repo/fetch.h"

struct store_dir {
	struct fetch_store store; /* first: what fetch_packages() is given */
	char *path;
};

/**
 * store_dir_init() - use a directory, which is made if it is not there
 * Return: 0; -ENOMEM; negative errno of mkdir
 */
int store_dir_init(struct store_dir *s, const char *path, struct err *e) must_check;
void store_dir_done(struct store_dir *s);
