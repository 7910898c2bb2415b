/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway lock */
#include "builder/cli/common.h"
#include "builder/cli/json.h"

int cli_load_lock(const struct recipe *r, const char *path, struct lock **ret, struct err *e)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_free_ char *own_path = path ? strdup(path) : recipe_lock_path(r);
	size_t n;
	const struct lock_codec *codecs = cli_codecs(&n);

	if (!own_path)
		return err_oom(e);
	int rc = lock_load(own_path, &l, e);
	if (rc < 0)
		return rc;
	rc = lock_check(l, r, SLIPWAY_VERSION, codecs, n, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", own_path);
	*ret = TAKE_PTR(l);
	return 0;
}

static void print_notices(const struct cli *c, const struct strv *notices)
{
	for (size_t i = 0; i < notices->n; i++)
		cli_warn(c, "%s", notices->v[i]);
}

/* @print_json: the lock is all that the command makes */
static int report(struct cli *c, const struct lock *l, const char *path, bool print_json,
		  struct err *e)
{
	uint64_t bytes = 0;

	if (print_json)
		return cli_json_print(c, json_of_lock(l, path), e);
	for (size_t i = 0; i < l->n_packages; i++)
		bytes += l->packages[i].size_bytes;
	cli_note(c, "%s: %zu packages, %.1f MiB", path, l->n_packages, (double)bytes / (double)MiB);
	return 0;
}

int cli_make_lock(struct cli *c, const struct recipe *r, const char *mirror, const char *path,
		  bool report_json, struct err *e)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;
	_cleanup_strv_ struct strv notices = STRV_INIT;
	_cleanup_free_ char *own_path = path ? strdup(path) : recipe_lock_path(r);
	struct lock_params p = {
		.mirror = mirror,
		.cache_dir = c->cache_dir,
		.now = (uint64_t)c->now,
		.builder = SLIPWAY_VERSION,
		.progress = c->progress,
		.cancel = c->pool,
		.notices = &notices,
	};

	if (!own_path)
		return err_oom(e);
	int rc = cache_open(c->cache_dir, &cache, e);
	if (rc < 0)
		return rc;
	p.codecs = cli_codecs(&p.n_codecs);
	rc = lock_make(r, &p, &l, e);
	if (rc == 0)
		rc = lock_write(l, own_path, e);
	if (rc < 0)
		return rc;
	print_notices(c, &notices);
	return report(c, l, own_path, report_json, e);
}

static int run_lock(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *mirror = c->mirror, *output = NULL;
	const struct cli_option options[] = {
		{ .name = "mirror",
		  .letter = 'm',
		  .arg = "URL",
		  .value = &mirror,
		  .help = "take packages from here, not from where the recipe says" },
		{ .name = "output",
		  .letter = 'o',
		  .arg = "FILE",
		  .value = &output,
		  .help = "write the lock here (default: recipe.lock beside the recipe)" },
		{ .name = "json", .flag = &c->json, .help = "print what the lock holds as JSON" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *r = NULL;
	char **args;
	size_t n;

	int rc = cli_parse(&cmd_lock, options, argc, argv, &args, &n);
	if (rc)
		return rc;
	rc = recipe_load(args[0], &r, e);
	return rc < 0 ? rc : cli_make_lock(c, r, mirror, output, c->json, e);
}

const struct cli_command cmd_lock = {
	.name = "lock",
	.args = "RECIPE",
	.summary = "Resolve a recipe's packages against the signed index and write recipe.lock",
	.text = "RECIPE is a recipe file, or a directory that holds recipe.yaml. The lock names every\n"
		"package by version and SHA-256; builds use nothing else. Keep it with the recipe.",
	.min_args = 1,
	.max_args = 1,
	.run = run_lock,
};
