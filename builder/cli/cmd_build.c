/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway build */
#include <sys/resource.h>

#include "builder/cli/common.h"
#include "builder/cli/json.h"
#include "builder/cli/memory.h"
#include "builder/cli/plan.h"

/* Anonymous memory at its peak is not to be had from the kernel afterwards; what counts mapped files
 * too is: the maximum resident set. */
static void print_timings(const struct build *b, uint64_t anonymous_bytes)
{
	struct rusage u;
	double wall = 0, cpu = 0;

	printf("%-15s %8s %8s\n", "stage", "wall s", "CPU s");
	for (size_t i = 0; i < b->n_timings; i++) {
		const struct build_timing *t = &b->timings[i];
		printf("%-10s %-4s %8.3f %8.3f\n", t->stage, t->phase, t->wall_seconds,
		       t->cpu_seconds);
		wall += t->wall_seconds;
		cpu += t->cpu_seconds;
	}
	printf("%-15s %8.3f %8.3f\n", "all", wall, cpu);
	printf("peak anonymous memory: %.1f MiB\n", (double)anonymous_bytes / (double)MiB);
	if (getrusage(RUSAGE_SELF, &u) == 0)
		printf("peak resident memory, mapped files included: %.1f MiB\n",
		       (double)u.ru_maxrss / 1024);
}

static int report(struct cli *c, const struct build *b, bool dry_run, struct err *e)
{
	char hex[2 * VERITY_ROOT_HASH_BYTES + 1];

	for (size_t i = 0; i < b->notices.n; i++)
		cli_warn(c, "%s", b->notices.v[i]);
	if (c->json)
		return cli_json_print(c, json_of_build(b, !dry_run), e);
	cli_progress_end(c->progress);
	if (dry_run)
		return plan_print(c, b, e);
	_cleanup_free_ char *path = build_output_path(b, BUILD_DISK);
	if (!path)
		return err_oom(e);
	hex_encode(b->root_hash, sizeof(b->root_hash), hex);
	cli_note(c, "%s: root hash %s", path, hex);
	return 0;
}

static int build(struct cli *c, const struct build_params *p, bool dry_run, bool timings,
		 struct err *e)
{
	struct memory_watch *watch = NULL;
	struct build b;

	int r = timings ? memory_watch_start(&watch, e) : 0;
	if (r < 0)
		return r;
	build_init(&b, p);
	r = build_plan(&b, e);
	if (r == 0 && !dry_run)
		r = build_run(&b, e);
	uint64_t anonymous_bytes = memory_watch_stop(watch);
	if (r == 0)
		r = report(c, &b, dry_run, e);
	if (r == 0 && timings && !c->json)
		print_timings(&b, anonymous_bytes);
	build_done(&b);
	return r;
}

static int run_build(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *out = "out", *lock_path = NULL, *packages = NULL;
	bool dry_run = false, timings = false, relock = false;
	const struct cli_option options[] = {
		{ .name = "output",
		  .letter = 'o',
		  .arg = "DIR",
		  .value = &out,
		  .help = "where the image and its parts go (default: out)" },
		{ .name = "lock",
		  .arg = "FILE",
		  .value = &lock_path,
		  .help = "the lock (default: recipe.lock beside the recipe)" },
		{ .name = "packages",
		  .arg = "DIR",
		  .value = &packages,
		  .help = "take the packages from this archive or mirror directory" },
		{ .name = "relock", .flag = &relock, .help = "make the lock anew first" },
		{ .name = "dry-run",
		  .letter = 'n',
		  .flag = &dry_run,
		  .help = "plan and print the plan, write nothing" },
		{ .name = "timings", .flag = &timings, .help = "print what each stage took" },
		{ .name = "json",
		  .flag = &c->json,
		  .help = "print what was made (with --dry-run: the plan) as JSON" },
		{ 0 },
	};
	_cleanup_cli_inputs_ struct cli_inputs in = { 0 };
	size_t n;
	char **args;

	int r = cli_parse(&cmd_build, options, argc, argv, &args, &n);
	if (r)
		return r;
	if (relock && packages)
		return err_set(
			e, -EINVAL,
			"--relock may lock other packages than %s has, and fetches them: give "
			"--relock or --packages",
			packages);
	r = cli_inputs_open(c, args[0], lock_path, relock, &in, e);
	if (r < 0)
		return r;
	struct build_params p = cli_build_params(c, &in);
	p.packages_dir = packages;
	p.out_dir = out;
	return build(c, &p, dry_run, timings, e);
}

const struct cli_command cmd_build = {
	.name = "build",
	.args = "RECIPE",
	.summary = "Build the image from the packages that the lock names",
	.text = "Writes NAME_VERSION.raw, the disk, and its parts: .usr.raw, .usr-verity.raw,\n"
		".usr-verity-sig.raw, .efi and .roothash; and what they are made of: .spdx.json,\n"
		".cdx.json and, signed, .provenance.json. Needs no root, no device and no network.",
	.min_args = 1,
	.max_args = 1,
	.run = run_build,
};
