/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway recipe */
#include "builder/cli/common.h"
#include "builder/cli/json.h"
#include "builder/stages/inputs.h"

/* One file's verdict. */
struct verdict {
	const char *path;
	struct strv problems;
	char *good; /* what is said when there are none */
};

static int problem(struct verdict *v, int r, struct err *e)
{
	if (r == -ENOMEM)
		return r;
	return r < 0 && strv_add(&v->problems, e->msg) < 0 ? err_oom(e) : 0;
}

/* The lock, if there is one yet. */
static int check_lock(struct verdict *v, const struct recipe *recipe, size_t *ret_packages,
		      struct err *e)
{
	_cleanup_(lock_free) struct lock *lock = NULL;

	int r = cli_load_lock(recipe, NULL, &lock, e);
	*ret_packages = lock ? lock->n_packages : 0;
	return r == -ENOENT ? 0 : problem(v, r, e);
}

static int check_recipe(const struct cli *c, struct verdict *v, struct err *e)
{
	_cleanup_(recipe_free) struct recipe *recipe = NULL;
	size_t n_locked = 0;

	int r = recipe_load(v->path, &recipe, e);
	if (r < 0)
		return problem(v, r, e);
	r = inputs_check(recipe, c->now, &v->problems, e);
	if (r == 0)
		r = check_lock(v, recipe, &n_locked, e);
	if (r < 0)
		return r;
	v->good = n_locked ? str_printf("%s: %s %s is good, and so is its lock of %zu packages",
					v->path, recipe->name, recipe->version, n_locked)
			   : str_printf("%s: %s %s is good, and has no lock yet: run slipway lock",
					v->path, recipe->name, recipe->version);
	return v->good ? 0 : err_oom(e);
}

static int check_layout(struct verdict *v, struct err *e)
{
	_cleanup_(layout_free) struct layout *l = NULL;

	int r = layout_load(v->path, &l, e);
	if (r < 0)
		return problem(v, r, e);
	v->good = str_printf("%s: layout %s of %zu partitions is good", v->path, l->name,
			     l->n_partitions);
	return v->good ? 0 : err_oom(e);
}

static struct json_object *json_of_verdict(const struct verdict *v)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "file", v->path);
	json_put(o, "good", json_object_new_boolean(v->problems.n == 0));
	json_put_strings(o, "problems", &v->problems);
	return o;
}

static void print_verdict(const struct cli *c, const struct verdict *v)
{
	if (v->problems.n == 0)
		cli_note(c, "%s", v->good);
	for (size_t i = 0; i < v->problems.n; i++)
		fprintf(stderr, "slipway: %s\n", v->problems.v[i]);
}

/* All files are checked, whatever the first one is like. */
static int check(struct cli *c, char **paths, size_t n, bool layouts, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *list =
		c->json ? json_object_new_array() : NULL;
	size_t n_bad = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct verdict v = { .path = paths[i] };
		r = layouts ? check_layout(&v, e) : check_recipe(c, &v, e);
		n_bad += v.problems.n > 0;
		if (r == 0 && c->json)
			json_object_array_add(list, json_of_verdict(&v));
		else if (r == 0)
			print_verdict(c, &v);
		strv_done(&v.problems);
		free(v.good);
	}
	if (r == 0 && c->json)
		r = cli_json_print(c, json_object_get(list), e);
	return r < 0 ? r : n_bad ? EXIT_BAD_INPUT : EXIT_OK;
}

static int print_schema(bool of_layouts, struct err *e)
{
	size_t len;
	const char *text = recipe_schema(of_layouts, &len);

	return fwrite(text, 1, len, stdout) == len ? 0 : err_sys(e, -errno, "standard output");
}

static int run_recipe(struct cli *c, int argc, char **argv, struct err *e)
{
	bool layouts = false;
	const struct cli_option options[] = {
		{ .name = "layout", .flag = &layouts, .help = "of layouts, not of recipes" },
		{ .name = "json", .flag = &c->json, .help = "print what check finds as JSON" },
		{ 0 },
	};
	char **args;
	size_t n;

	int r = cli_parse(&cmd_recipe, options, argc, argv, &args, &n);
	if (r)
		return r;
	if (str_eq(args[0], "schema"))
		return n == 1 ? print_schema(layouts, e)
			      : cli_usage(&cmd_recipe, "schema takes no argument: ", args[1]);
	if (str_eq(args[0], "check"))
		return n > 1 ? check(c, args + 1, n - 1, layouts, e)
			     : cli_usage(&cmd_recipe, "missing argument: check ", "RECIPE…");
	return cli_usage(&cmd_recipe, "neither check RECIPE… nor schema: ", args[0]);
}

const struct cli_command cmd_recipe = {
	.name = "recipe",
	.args = "check RECIPE… | schema",
	.summary = "Check recipes, or print their JSON Schema for editors",
	.text = "check reads each recipe, the layout, key, certificate and keyrings that it names, and its\n"
		"lock if it has one, and says all that is wrong. It needs no package and no network.\n"
		"schema prints what editors check a recipe against while it is written.",
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run_recipe,
};
