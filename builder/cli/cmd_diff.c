/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway diff */
#include "builder/audit/diff.h"
#include "builder/cli/changes.h"
#include "builder/cli/cli.h"
#include "builder/cli/json.h"

#define SHOWN_OF_A_KIND 10
#define LINE_CHARS	60

static struct json_object *item(const struct diff_item *i)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "where", i->where);
	json_put_str(o, "field", i->field);
	json_put_str(o, "kind", diff_kind_name(i->kind));
	json_put_str(o, "a", i->a);
	json_put_str(o, "b", i->b);
	return o;
}

static struct json_object *items(const struct diff_report *d, bool causes)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < d->n; i++)
		if (diff_kind_is_cause(d->v[i].kind) == causes)
			json_object_array_add(list, item(&d->v[i]));
	return list;
}

static struct json_object *kinds(const struct diff_report *d)
{
	struct json_object *list = json_object_new_array();

	for (enum diff_kind k = 0; list && k < DIFF_N_KINDS; k++) {
		struct json_object *o = d->counts[k] ? json_object_new_object() : NULL;
		if (!o)
			continue;
		json_put_str(o, "kind", diff_kind_name(k));
		json_put_u64(o, "count", d->counts[k]);
		json_put_str(o, "why", diff_kind_why(k));
		json_object_array_add(list, o);
	}
	return list;
}

static int print_json(struct cli *c, const struct diff_report *d, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "equal", json_object_new_boolean(diff_report_total(d) == 0));
	json_put(o, "causes", items(d, true));
	json_put(o, "consequences", items(d, false));
	json_put(o, "kinds", kinds(d));
	return cli_json_print(c, o, e);
}

static void print_item(const struct diff_item *i)
{
	const char *colon = *i->where ? ": " : "";

	if (!i->a || !i->b)
		printf("  %s%s%s: only in %s%s%s\n", i->where, colon, i->field, i->a ? "A" : "B",
		       *(i->a ? i->a : i->b) ? ": " : "", i->a ? i->a : i->b);
	else if (strlen(i->a) + strlen(i->b) < LINE_CHARS)
		printf("  %s%s%s: %s in A, %s in B\n", i->where, colon, i->field, i->a, i->b);
	else
		printf("  %s%s%s\n      A: %s\n      B: %s\n", i->where, colon, i->field, i->a,
		       i->b);
}

/* All that was kept of a kind, and why such things differ. */
static void print_kind(const struct diff_report *d, enum diff_kind k)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].kind != k)
			continue;
		print_item(&d->v[i]);
		n++;
	}
	if (n < d->counts[k])
		printf("  and %zu more like these; --all lists them\n", d->counts[k] - n);
	printf("    why: %s\n", diff_kind_why(k));
}

static void print_group(const struct diff_report *d, const char *title, bool causes)
{
	size_t n = diff_report_count(d, causes);

	if (n)
		printf("%s: %zu\n", title, n);
	else if (causes && diff_report_total(d))
		printf("Causes: none here; they lie in what these were made of\n");
	for (enum diff_kind k = 0; k < DIFF_N_KINDS; k++)
		if (d->counts[k] && diff_kind_is_cause(k) == causes)
			print_kind(d, k);
}

static int report(struct cli *c, const struct diff_report *d, struct err *e)
{
	int r = 0;

	cli_progress_end(c->progress);
	if (c->json) {
		r = print_json(c, d, e);
	} else if (!c->quiet) {
		print_group(d, "Causes", true);
		print_group(d, "Consequences", false);
	}
	return r < 0 ? r : diff_report_total(d) ? EXIT_FAILED : EXIT_OK;
}

struct diff_options {
	bool all, bytes, markdown;
};

static int diff_bytes(struct cli *c, char **args, const struct diff_options *o, struct err *e)
{
	const struct diff_params p = { .pool = c->pool, .limit = o->all ? 0 : SHOWN_OF_A_KIND };
	struct diff_report d = { 0 };

	int r = diff_paths(args[0], args[1], &p, &d, e);
	if (r == 0)
		r = report(c, &d, e);
	diff_report_done(&d);
	return r;
}

/* Return: -ENODATA there are no two versions of an image */
static int diff_changes(struct cli *c, char **args, const struct diff_options *o, struct err *e)
{
	_cleanup_(changes_free) struct changes *changes = NULL;

	int r = changes_read((const char *const[]){ args[0], args[1] }, c->pool, &changes, e);
	if (r < 0)
		return r;
	cli_progress_end(c->progress);
	if (o->markdown)
		r = changes_print_markdown(changes, o->all, e);
	else if (c->json)
		r = changes_print_json(c, changes, e);
	else if (!c->quiet)
		r = changes_print(changes, o->all, e);
	return r < 0 ? r : changes->equal ? EXIT_OK : EXIT_FAILED;
}

static int run_diff(struct cli *c, int argc, char **argv, struct err *e)
{
	struct diff_options o = { 0 };
	const struct cli_option options[] = {
		{ .name = "bytes",
		  .flag = &o.bytes,
		  .help = "which field or byte differs, and why: for builds that should be equal" },
		{ .name = "all",
		  .flag = &o.all,
		  .help = "list every difference, not some of each kind" },
		{ .name = "json", .flag = &c->json, .help = "print the differences as JSON" },
		{ .name = "markdown",
		  .flag = &o.markdown,
		  .help = "print them as Markdown, for a pull request" },
		{ 0 },
	};
	char **args;
	size_t n;

	int r = cli_parse(&cmd_diff, options, argc, argv, &args, &n);
	if (r)
		return r;
	if (o.markdown && (o.bytes || c->json))
		return cli_usage(&cmd_diff, "one of these at a time: --markdown and ",
				 o.bytes ? "--bytes" : "--json");
	r = o.bytes ? -ENODATA : diff_changes(c, args, &o, e);
	if (r == -ENODATA)
		r = o.markdown ? err_wrap(e, -EINVAL, "nothing for --markdown")
			       : diff_bytes(c, args, &o, e);
	return cli_apart_from_failed(r);
}

const struct cli_command cmd_diff = {
	.name = "diff",
	.args = "A B",
	.summary = "Say what changed between two images, or which bytes differ, and why",
	.text = "A and B are images in any form that inspect takes: packages, command line, kernel\n"
		"configuration, units, set-id files and capabilities, and files of /usr are compared.\n"
		"With --bytes, and where there is no /usr to compare, every byte is accounted for: causes\n"
		"come first; what only follows from them comes after. Exits with 0 if all bytes are equal,\n"
		"with 1 if they differ.",
	.min_args = 2,
	.max_args = 2,
	.run = run_diff,
};
