/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway scripts */
#include "builder/cli/common.h"
#include "builder/cli/scripts_print.h"
#include "stage1/finish/ledger_diff.h"

enum what { REPORT, TEMPLATE, FINGERPRINTS };

static int print_fingerprints(const struct scripts_report *r, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (ledger_print_lines(r->ledger, r->findings, r->n, &b) < 0)
		return err_oom(e);
	fputs(buf_str(&b), stdout);
	return 0;
}

static int print(struct cli *c, const struct scripts_report *r, enum what what, struct err *e)
{
	cli_progress_end(c->progress);
	if (what == FINGERPRINTS)
		return print_fingerprints(r, e);
	if (what == TEMPLATE)
		return scripts_print_template(r, e);
	int rc = c->json ? cli_json_print(c, json_of_scripts(r), e) : scripts_print(c, r, e);
	if (rc == 0 && r->n_unknown)
		return err_set(e, -EINVAL,
			       "scripts that nothing accounts for: %zu. For each, settle it in the "
			       "recipe, or add it to stage1/finish/scripts.ledger",
			       r->n_unknown);
	return rc;
}

static int examine(struct cli *c, const struct build_params *p, enum what what, struct err *e)
{
	struct scripts_report report = { .n = 0 };
	struct build b;

	build_init(&b, p);
	int r = build_plan_packages(&b, e);
	if (r == 0)
		r = scripts_examine(&b, &report, e);
	if (r == 0)
		r = print(c, &report, what, e);
	scripts_report_done(&report);
	build_done(&b);
	return r;
}

static int run_scripts(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *lock_path = NULL;
	bool template = false, fingerprints = false;
	const struct cli_option options[] = {
		{ .name = "lock",
		  .arg = "FILE",
		  .value = &lock_path,
		  .help = "the lock (default: recipe.lock beside the recipe)" },
		{ .name = "template",
		  .flag = &template,
		  .help = "print stanzas for scripts.ledger of what is unknown" },
		{ .name = "fingerprints",
		  .flag = &fingerprints,
		  .help = "print scripts.lines anew, with these packages' scripts" },
		{ .name = "json", .flag = &c->json, .help = "print the report as JSON" },
		{ 0 },
	};
	_cleanup_cli_inputs_ struct cli_inputs in = { 0 };
	char **args;
	size_t n;

	int r = cli_parse(&cmd_scripts, options, argc, argv, &args, &n);
	if (r)
		return r;
	r = cli_inputs_open(c, args[0], lock_path, false, &in, e);
	if (r < 0)
		return r;
	const struct build_params p = cli_build_params(c, &in);
	return examine(c, &p, template ? TEMPLATE : fingerprints ? FINGERPRINTS : REPORT, e);
}

const struct cli_command cmd_scripts = {
	.name = "scripts",
	.args = "RECIPE",
	.summary = "Say of every maintainer script what it does and what accounts for it",
	.text = "No script is ever run. One that neither the ledger nor the recipe accounts for is shown\n"
		"in full, or as the difference to the version that is known, and is an error here as it\n"
		"is in a build.",
	.min_args = 1,
	.max_args = 1,
	.run = run_scripts,
};
