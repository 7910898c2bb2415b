/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway lock */
#include "base/utc.h"
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

int cli_make_lock(struct cli *c, const struct recipe *r, const struct cli_lock_params *p,
		  struct err *e)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;
	_cleanup_strv_ struct strv notices = STRV_INIT;
	_cleanup_free_ char *own_path = p->path ? strdup(p->path) : recipe_lock_path(r);
	struct lock_params lp = {
		.mirror = p->mirror,
		.cache_dir = c->cache_dir,
		.now = (uint64_t)c->now,
		.at = p->at,
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
	lp.codecs = cli_codecs(&lp.n_codecs);
	rc = lock_make(r, &lp, &l, e);
	if (rc == 0)
		rc = lock_write(l, own_path, e);
	if (rc < 0)
		return rc;
	print_notices(c, &notices);
	return report(c, l, own_path, p->report_json, e);
}

/* 0 is what struct lock_params calls now. */
static int parse_at(const struct cli *c, const char *text, uint64_t *ret, struct err *e)
{
	uint64_t at;

	if (!text)
		return 0;
	if (utc_parse(text, &at) < 0 || at == 0)
		return err_set(e, -EINVAL,
			       "--at %s: neither a day such as 2026-11-21 nor a time such as "
			       "2026-11-21T10:00:00Z",
			       text);
	if (at > (uint64_t)c->now)
		return err_set(e, -EINVAL, "--at %s is yet to come: it is for an index of the past",
			       text);
	*ret = at;
	return 0;
}

static int run_lock(struct cli *c, int argc, char **argv, struct err *e)
{
	struct cli_lock_params p = { .mirror = c->mirror };
	const char *at = NULL;
	const struct cli_option options[] = {
		{ .name = "mirror",
		  .letter = 'm',
		  .arg = "URL",
		  .value = &p.mirror,
		  .help = "take packages from here, not from where the recipe says" },
		{ .name = "output",
		  .letter = 'o',
		  .arg = "FILE",
		  .value = &p.path,
		  .help = "write the lock here (default: recipe.lock beside the recipe)" },
		{ .name = "at",
		  .arg = "TIME",
		  .value = &at,
		  .help = "take an archived index for what it was then, though expired by now" },
		{ .name = "json", .flag = &c->json, .help = "print what the lock holds as JSON" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *r = NULL;
	char **args;
	size_t n;

	int rc = cli_parse(&cmd_lock, options, argc, argv, &args, &n);
	if (rc)
		return rc;
	p.report_json = c->json;
	rc = parse_at(c, at, &p.at, e);
	if (rc == 0)
		rc = recipe_load(args[0], &r, e);
	return rc < 0 ? rc : cli_make_lock(c, r, &p, e);
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
