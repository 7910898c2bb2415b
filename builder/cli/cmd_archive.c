/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway archive */
#include "builder/cli/common.h"
#include "builder/cli/json.h"
#include "builder/repo/archive.h"

static int report_json(struct cli *c, const struct archive_params *p,
		       const struct archive_result *a, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "archive", p->dir);
	json_put_str(o, "lock", a->lock_path);
	json_put_hex(o, "lock_sha256", a->lock_sha256, sizeof(a->lock_sha256));
	json_put_u64(o, "packages", p->lock->n_packages);
	json_put_u64(o, "added", a->n_added);
	json_put_u64(o, "added_bytes", a->added_bytes);
	return cli_json_print(c, o, e);
}

static int report(struct cli *c, const struct archive_params *p, const struct archive_result *a,
		  struct err *e)
{
	if (c->json)
		return report_json(c, p, a, e);
	cli_note(c, "%s/%s: %zu packages; %zu files, %.1f MiB, were new", p->dir, a->lock_path,
		 p->lock->n_packages, a->n_added, (double)a->added_bytes / (double)MiB);
	return 0;
}

static int run_archive(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *mirror = c->mirror, *lock_path = NULL;
	bool no_indices = false;
	const struct cli_option options[] = {
		{ .name = "mirror",
		  .letter = 'm',
		  .arg = "URL",
		  .value = &mirror,
		  .help = "take what the cache lacks from here, not from where the recipe says" },
		{ .name = "lock",
		  .arg = "FILE",
		  .value = &lock_path,
		  .help = "the lock (default: recipe.lock beside the recipe)" },
		{ .name = "no-indices",
		  .flag = &no_indices,
		  .help = "keep packages and lock only: what builds need" },
		{ .name = "json", .flag = &c->json, .help = "print what was archived as JSON" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *r = NULL;
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;
	struct archive_result result = { 0 };
	char **args;
	size_t n;

	int rc = cli_parse(&cmd_archive, options, argc, argv, &args, &n);
	if (rc)
		return rc;
	rc = recipe_load(args[0], &r, e);
	if (rc == 0)
		rc = cli_load_any_lock(r, lock_path, &l, e);
	if (rc == 0)
		rc = cache_open(c->cache_dir, &cache, e);
	if (rc < 0)
		return rc;
	const struct archive_params p = {
		.recipe = r,
		.lock = l,
		.dir = args[1],
		.cache = cache,
		.cache_dir = c->cache_dir,
		.mirror = mirror,
		.no_indices = no_indices,
		.pool = c->pool,
		.progress = c->progress,
	};
	rc = archive_lock(&p, &result, e);
	if (rc == 0)
		rc = report(c, &p, &result, e);
	free(result.lock_path);
	return rc;
}

const struct cli_command cmd_archive = {
	.name = "archive",
	.args = "RECIPE DIR",
	.summary = "Keep all that the lock needs in a directory, to build it in years",
	.text = "DIR gets the packages, the signed indices, the keyrings and the lock; it may hold many\n"
		"locks, and is a mirror. slipway build --packages DIR builds from it without a network.",
	.min_args = 2,
	.max_args = 2,
	.run = run_archive,
};
