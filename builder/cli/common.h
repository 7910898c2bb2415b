/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What several commands do the same way. */
#include "builder/cache/cache.h"
#include "builder/cli/cli.h"
#include "builder/recipe/recipe.h"
#include "builder/repo/fetch.h"
#include "builder/repo/lock.h"
#include "builder/stages/build.h"

/** cli_codecs() - the libraries whose version shapes an image, sorted by name; *ret_n of them */
const struct lock_codec *cli_codecs(size_t *ret_n);

/** cli_load_lock() - the recipe's lock, checked to be for this recipe and this builder */
int cli_load_lock(const struct recipe *r, const char *path, struct lock **ret,
		  struct err *e) must_check;

/** cli_load_any_lock() - the recipe's lock, whatever builder made it */
int cli_load_any_lock(const struct recipe *r, const char *path, struct lock **ret,
		      struct err *e) must_check;

struct cli_lock_params {
	const struct recipe *recipe;
	const char *mirror; /* over the recipe's; or NULL */
	const char *path;   /* of the lock; NULL: beside the recipe */
	uint64_t at;	    /* as in struct lock_params */
	bool keep_packages; /* those of the lock that is there */
	bool report_json;   /* say as JSON what it holds */
};

/**
 * cli_make_lock() - resolve, fetch, allot ids of users and write the recipe's lock, and say what it
 * holds
 */
int cli_make_lock(struct cli *c, const struct cli_lock_params *p, struct err *e) must_check;

/** cli_fetch() - bring what the lock names and the cache lacks; *ret_missing and *ret_bytes of it */
int cli_fetch(struct cli *c, const struct recipe *r, const struct lock *l, const char *mirror,
	      size_t *ret_missing, uint64_t *ret_bytes, struct err *e) must_check;

/* What a recipe is built from. */
struct cli_inputs {
	struct recipe *recipe;
	struct lock *lock;
	struct cache *cache;
};

/**
 * cli_inputs_open() - read a recipe and its lock, open the cache
 * @lock_path: NULL: beside the recipe
 * @relock: make the lock anew first
 * @in: zeros; to be given to cli_inputs_done() whatever follows
 */
int cli_inputs_open(struct cli *c, const char *recipe, const char *lock_path, bool relock,
		    struct cli_inputs *in, struct err *e) must_check;
void cli_inputs_done(struct cli_inputs *in);
#define _cleanup_cli_inputs_ __attribute__((cleanup(cli_inputs_done)))

/** cli_build_params() - of inputs, which are borrowed, and of what the command line says to all commands */
struct build_params cli_build_params(const struct cli *c, const struct cli_inputs *in);
