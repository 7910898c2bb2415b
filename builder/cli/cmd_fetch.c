/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway fetch */
#include "builder/cli/common.h"
#include "builder/cli/json.h"
#include "builder/repo/fetch.h"

int cli_fetch(struct cli *c, const struct recipe *r, const struct lock *l, const char *mirror,
	      size_t *ret_missing, uint64_t *ret_bytes, struct err *e)
{
	_cleanup_(mirror_set_free) struct mirror_set *mirrors = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;

	int rc = cache_open(c->cache_dir, &cache, e);
	if (rc < 0)
		return rc;
	*ret_missing = fetch_missing(l, cache, ret_bytes);
	if (*ret_missing == 0)
		return 0;
	rc = mirror_set_new(r, mirror, NULL, &mirrors, e);
	if (rc < 0)
		return rc;
	cli_note(c, "fetching %zu packages, %.1f MiB", *ret_missing,
		 (double)*ret_bytes / (double)MiB);
	const struct fetch_params p = {
		.mirrors = mirrors, .cache = cache, .progress = c->progress, .cancel = c->pool
	};
	return fetch_packages(l, &p, e);
}

static int report_json(struct cli *c, const struct lock *l, size_t n, uint64_t bytes, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_put_u64(o, "packages", l->n_packages);
	json_put_u64(o, "fetched", n);
	json_put_u64(o, "fetched_bytes", bytes);
	json_put_str(o, "cache", c->cache_dir);
	return cli_json_print(c, o, e);
}

static int run_fetch(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *mirror = c->mirror, *lock_path = NULL;
	const struct cli_option options[] = {
		{ .name = "mirror",
		  .letter = 'm',
		  .arg = "URL",
		  .value = &mirror,
		  .help = "take packages from here, not from where the recipe says" },
		{ .name = "lock",
		  .arg = "FILE",
		  .value = &lock_path,
		  .help = "the lock (default: recipe.lock beside the recipe)" },
		{ .name = "json", .flag = &c->json, .help = "print what was fetched as JSON" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *r = NULL;
	_cleanup_(lock_free) struct lock *l = NULL;
	size_t n, fetched;
	uint64_t bytes;
	char **args;

	int rc = cli_parse(&cmd_fetch, options, argc, argv, &args, &n);
	if (rc)
		return rc;
	rc = recipe_load(args[0], &r, e);
	if (rc == 0)
		rc = cli_load_lock(r, lock_path, &l, e);
	if (rc == 0)
		rc = cli_fetch(c, r, l, mirror, &fetched, &bytes, e);
	if (rc == 0 && fetched == 0)
		cli_note(c, "all %zu packages are in the cache", l->n_packages);
	return rc == 0 && c->json ? report_json(c, l, fetched, bytes, e) : rc;
}

const struct cli_command cmd_fetch = {
	.name = "fetch",
	.args = "RECIPE",
	.summary = "Bring the packages that the lock names into the cache, each checked",
	.min_args = 1,
	.max_args = 1,
	.run = run_fetch,
};
