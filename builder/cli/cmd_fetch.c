/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway fetch */
#include "builder/cli/common.h"
#include "builder/repo/store_dir.h"

DEFINE_CLEANUP(struct store_dir *, store_dir_done)

int cli_fetch(struct cli *c, const struct recipe *r, const struct lock *l, const char *mirror,
	      struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/packages", c->cache_dir);
	_cleanup_(mirror_set_free) struct mirror_set *mirrors = NULL;
	struct store_dir dir;
	uint64_t bytes;

	if (!path)
		return err_oom(e);
	int rc = store_dir_init(&dir, path, e);
	if (rc < 0)
		return rc;
	_cleanup_(store_dir_done) struct store_dir *own = &dir;
	size_t missing = fetch_missing(l, &own->store, &bytes);
	if (missing == 0) {
		cli_note(c, "all %zu packages are in the cache", l->n_packages);
		return 0;
	}
	rc = mirror_set_new(r, mirror, NULL, &mirrors, e);
	if (rc < 0)
		return rc;
	cli_note(c, "fetching %zu packages, %.1f MiB", missing, (double)bytes / (double)MiB);
	const struct fetch_params p = {
		.mirrors = mirrors, .store = &own->store, .progress = c->progress, .cancel = c->pool
	};
	return fetch_packages(l, &p, e);
}

static int run_fetch(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *mirror = c->mirror, *lock_path = NULL;
	const struct cli_option options[] = {
		{ .name = "mirror", .letter = 'm', .arg = "URL", .value = &mirror,
		  .help = "take packages from here, not from where the recipe says" },
		{ .name = "lock", .arg = "FILE", .value = &lock_path,
		  .help = "the lock (default: recipe.lock beside the recipe)" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *r = NULL;
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;
	char **args;
	size_t n;

	int rc = cli_parse(&cmd_fetch, options, argc, argv, &args, &n);
	if (rc)
		return rc;
	rc = recipe_load(args[0], &r, e);
	if (rc == 0)
		rc = cli_load_lock(r, lock_path, &l, e);
	if (rc == 0)
		rc = cache_open(c->cache_dir, &cache, e);
	return rc < 0 ? rc : cli_fetch(c, r, l, mirror, e);
}

const struct cli_command cmd_fetch = {
	.name = "fetch",
	.args = "RECIPE",
	.summary = "Bring the packages that the lock names into the cache, each checked",
	.min_args = 1,
	.max_args = 1,
	.run = run_fetch,
};
