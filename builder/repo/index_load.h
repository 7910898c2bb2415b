/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All indices of a recipe: downloaded, verified, and taken apart. */
#include "base/pool.h"
#include "base/progress.h"
#include "builder/recipe/recipe.h"
#include "builder/repo/index.h"
#include "builder/repo/mirror.h"

struct index_load_params {
	const struct recipe *recipe;
	const struct mirror_set *mirrors;
	const char *cache_dir; /* existing directory, whose index/ keeps them; or NULL */
	uint64_t now;	       /* seconds since 1970 */
	uint64_t at;	       /* judge as of then, expired keys included; 0: as of now */
	struct progress *progress;
	const struct pool *cancel;
};

struct index_set {
	struct release **releases; /* one a suite */
	size_t n_releases;
	struct index **indices; /* one a suite and component; they borrow the releases */
	size_t n_indices;
};

#define INDEX_SET_INIT           \
	{                        \
		NULL, 0, NULL, 0 \
	}
void index_set_done(struct index_set *s);
#define _cleanup_index_set_ __attribute__((cleanup(index_set_done)))

/** index_arch() - Debian's word for a recipe's architecture: amd64, arm64; NULL: there is none */
const char *index_arch(const char *recipe_arch);

/**
 * index_load_all() - every suite and component that the recipe names
 * Return: 0; -ENOENT; -EBADMSG; -EINVAL the same suite twice; other negative errno; the message
 *         starts with the suite
 */
int index_load_all(const struct index_load_params *p, struct index_set *ret,
		   struct err *e) must_check;
