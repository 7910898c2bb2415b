/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/common.h"

int cli_inputs_open(struct cli *c, const char *recipe, const char *lock_path, bool relock,
		    struct cli_inputs *in, struct err *e)
{
	int r = recipe_load(recipe, &in->recipe, e);
	const struct cli_lock_params lp = { .recipe = in->recipe,
					    .mirror = c->mirror,
					    .path = lock_path };

	if (r == 0 && relock)
		r = cli_make_lock(c, &lp, e);
	if (r == 0)
		r = cli_load_lock(in->recipe, lock_path, &in->lock, e);
	return r < 0 ? r : cache_open(c->cache_dir, &in->cache, e);
}

void cli_inputs_done(struct cli_inputs *in)
{
	cache_close(in->cache);
	lock_free(in->lock);
	recipe_free(in->recipe);
}

struct build_params cli_build_params(const struct cli *c, const struct cli_inputs *in)
{
	return (struct build_params){
		.recipe = in->recipe,
		.lock = in->lock,
		.cache = in->cache,
		.source_date_epoch = c->source_date_epoch,
		.now = c->now,
		.pool = c->pool,
		.progress = c->progress,
	};
}
