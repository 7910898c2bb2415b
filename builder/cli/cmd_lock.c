/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway lock */
#include "base/utc.h"
#include "builder/cli/common.h"
#include "builder/cli/json.h"
#include "builder/stages/build.h"

/* @any_builder: one that was made by another builder will do too */
static int load(const struct recipe *r, const char *path, bool any_builder, struct lock **ret,
		struct err *e)
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
	rc = any_builder ? lock_check(l, r, l->builder, l->codecs, l->n_codecs, e)
			 : lock_check(l, r, SLIPWAY_VERSION, codecs, n, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", own_path);
	*ret = TAKE_PTR(l);
	return 0;
}

int cli_load_lock(const struct recipe *r, const char *path, struct lock **ret, struct err *e)
{
	return load(r, path, false, ret, e);
}

int cli_load_any_lock(const struct recipe *r, const char *path, struct lock **ret, struct err *e)
{
	return load(r, path, true, ret, e);
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
	cli_progress_end(c->progress);
	cli_note(c, "%s: %zu packages, %.1f MiB", path, l->n_packages, (double)bytes / (double)MiB);
	return 0;
}

/*
 * The lock whose ids are carried on: what is there under the new one's name, or else the recipe's own.
 * *ret is NULL if there is none. One that cannot be read is no reason to give users other ids.
 */
static int load_previous(const struct cli_lock_params *p, const char *path, struct lock **ret,
			 struct strv *notices, struct err *e)
{
	_cleanup_free_ char *own = recipe_lock_path(p->recipe);

	if (!own)
		return err_oom(e);
	int rc = lock_load(path, ret, e);
	if (rc == -ENOENT)
		rc = lock_load(own, ret, e);
	if (rc == -ENOENT)
		return 0;
	if (rc == -ESTALE && !p->keep_packages)
		return strv_add(notices,
				"the lock before was of an older format, without ids of users: "
				"they are allotted") < 0
			       ? err_oom(e)
			       : 0;
	return rc == -EINVAL
		       ? err_wrap(e, rc,
				  "the ids of users are carried on from the lock that is there")
		       : rc;
}

/* What the lock names, from the index; or from the lock that is there. */
static int choose_packages(struct cli *c, const struct cli_lock_params *cp, struct lock *previous,
			   struct lock **ret, struct strv *notices, struct err *e)
{
	struct lock_params p = {
		.mirror = cp->mirror,
		.cache_dir = c->cache_dir,
		.now = (uint64_t)c->now,
		.at = cp->at,
		.builder = SLIPWAY_VERSION,
		.progress = c->progress,
		.cancel = c->pool,
		.notices = notices,
	};

	p.codecs = cli_codecs(&p.n_codecs);
	if (!cp->keep_packages)
		return lock_make(cp->recipe, &p, ret, e);
	if (!previous)
		return err_set(e, -ENOENT, "there is no lock yet whose packages could be kept");
	int rc = lock_renew(previous, cp->recipe, &p, e);
	*ret = rc < 0 ? NULL : previous;
	return rc;
}

/* Which users there are is known from the packages' files only. */
static int allot_ids(struct cli *c, const struct cli_lock_params *cp, struct cache *cache,
		     struct lock *l, struct err *e)
{
	struct ids ids = IDS_INIT;
	uint64_t bytes;
	size_t missing;

	int rc = cli_fetch(c, cp->recipe, l, cp->mirror, &missing, &bytes, e);
	if (rc < 0)
		return rc;
	const struct build_params p = {
		.recipe = cp->recipe,
		.lock = l,
		.cache = cache,
		.source_date_epoch = c->source_date_epoch,
		.pool = c->pool,
		.progress = c->progress,
	};
	rc = build_user_ids(&p, &ids, e);
	if (rc < 0)
		return rc;
	ids_done(&l->ids);
	l->ids = ids;
	return 0;
}

int cli_make_lock(struct cli *c, const struct cli_lock_params *p, struct err *e)
{
	_cleanup_(lock_free) struct lock *l = NULL, *previous = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;
	_cleanup_strv_ struct strv notices = STRV_INIT;
	_cleanup_free_ char *path = p->path ? strdup(p->path) : recipe_lock_path(p->recipe);

	if (!path)
		return err_oom(e);
	int rc = load_previous(p, path, &previous, &notices, e);
	if (rc == 0)
		rc = cache_open(c->cache_dir, &cache, e);
	if (rc == 0)
		rc = choose_packages(c, p, previous, &l, &notices, e);
	if (rc < 0)
		return rc;
	if (l == previous) {
		previous = NULL;
	} else if (previous) {
		l->ids = previous->ids;
		previous->ids = (struct ids)IDS_INIT;
	}
	rc = allot_ids(c, p, cache, l, e);
	if (rc == 0)
		rc = lock_write(l, path, e);
	if (rc < 0)
		return rc;
	print_notices(c, &notices);
	return report(c, l, path, p->report_json, e);
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
		{ .name = "keep-packages",
		  .flag = &p.keep_packages,
		  .help = "keep the packages that the lock names now; take new users up only" },
		{ .name = "json", .flag = &c->json, .help = "print what the lock holds as JSON" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *r = NULL;
	char **args;
	size_t n;

	int rc = cli_parse(&cmd_lock, options, argc, argv, &args, &n);
	if (rc)
		return rc;
	rc = parse_at(c, at, &p.at, e);
	if (rc == 0)
		rc = recipe_load(args[0], &r, e);
	if (rc < 0)
		return rc;
	p.recipe = r;
	p.report_json = c->json;
	return cli_make_lock(c, &p, e);
}

const struct cli_command cmd_lock = {
	.name = "lock",
	.args = "RECIPE",
	.summary = "Resolve a recipe's packages against the signed index and write recipe.lock",
	.text = "RECIPE is a recipe file, or a directory that holds recipe.yaml. The lock names every\n"
		"package by version and SHA-256; builds use nothing else. It keeps the ids of users and\n"
		"groups, which are known from the packages: what the cache lacks of them is fetched.\n"
		"Keep it with the recipe: the next one carries its ids on.",
	.min_args = 1,
	.max_args = 1,
	.run = run_lock,
};
