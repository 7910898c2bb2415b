/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway build */
#include <inttypes.h>
#include <sys/resource.h>

#include "builder/cli/common.h"
#include "builder/stages/build.h"

static double mib(uint64_t bytes)
{
	return (double)bytes / (double)MiB;
}

static void print_plan(const struct cli *c, const struct build *b)
{
	cli_note(c, "%s %s for %s: %zu packages, kernel %s", b->p.recipe->name,
		 b->p.recipe->version, b->p.recipe->arch, b->n_packages, b->kernel_version);
	cli_note(c, "/usr: %s, %.1f MiB, hash tree %.1f MiB", b->p.recipe->fs_type,
		 mib(b->usr_bytes), mib(b->verity_bytes));
	for (size_t i = 0; i < b->plan.n_placed; i++) {
		const struct layout_placed *p = &b->plan.placed[i];
		uint64_t used = p->slot == 0 && p->type == LAYOUT_USR	       ? b->usr_bytes
				: p->slot == 0 && p->type == LAYOUT_USR_VERITY ? b->verity_bytes
									       : 0;
		cli_note(c, "  %zu %-14s %8.1f MiB at %8.1f MiB  %s%s", i + 1,
			 layout_type_name(p->type), mib(p->size_bytes), mib(p->start_bytes),
			 p->label, used ? "" : "");
		if (used)
			cli_note(c, "    %.0f %% used, %.1f MiB to spare",
				 100.0 * (double)used / (double)p->size_bytes,
				 mib(p->size_bytes - used));
	}
	cli_note(c, "disk: %.1f MiB and what the root partition gets", mib(b->plan.disk_bytes));
}

/* Anonymous memory at its peak is not to be had from the kernel afterwards; what counts mapped files
 * too is: the maximum resident set. */
static void print_timings(const struct build *b)
{
	struct rusage u;
	double wall = 0, cpu = 0;

	printf("%-10s %8s %8s\n", "stage", "wall s", "CPU s");
	for (size_t i = 0; i < b->n_timings; i++) {
		const struct build_timing *t = &b->timings[i];
		printf("%-10s %8.3f %8.3f\n", t->stage, t->wall_seconds, t->cpu_seconds);
		wall += t->wall_seconds;
		cpu += t->cpu_seconds;
	}
	printf("%-10s %8.3f %8.3f\n", "all", wall, cpu);
	if (getrusage(RUSAGE_SELF, &u) == 0)
		printf("peak resident memory, mapped files included: %.1f MiB\n",
		       (double)u.ru_maxrss / 1024);
}

static int build(struct cli *c, const struct build_params *p, bool dry_run, bool timings,
		 struct err *e)
{
	struct build b;
	char hex[2 * VERITY_ROOT_HASH_BYTES + 1];

	build_init(&b, p);
	int r = build_plan(&b, e);
	if (r == 0 && dry_run)
		print_plan(c, &b);
	else if (r == 0)
		r = build_run(&b, e);
	if (r == 0) {
		for (size_t i = 0; i < b.notices.n; i++)
			cli_warn(c, "%s", b.notices.v[i]);
		if (timings)
			print_timings(&b);
	}
	if (r == 0 && !dry_run) {
		_cleanup_free_ char *path = build_output_path(&b, BUILD_DISK);
		hex_encode(b.root_hash, sizeof(b.root_hash), hex);
		cli_note(c, "%s: root hash %s", path ? path : "", hex);
	}
	build_done(&b);
	return r;
}

static int run_build(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *out = "out", *lock_path = NULL;
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
		{ .name = "relock", .flag = &relock, .help = "make the lock anew first" },
		{ .name = "dry-run",
		  .letter = 'n',
		  .flag = &dry_run,
		  .help = "plan and print the plan, write nothing" },
		{ .name = "timings", .flag = &timings, .help = "print what each stage took" },
		{ 0 },
	};
	_cleanup_(recipe_free) struct recipe *recipe = NULL;
	_cleanup_(lock_free) struct lock *lock = NULL;
	_cleanup_(cache_close) struct cache *cache = NULL;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_build, options, argc, argv, &args, &n);
	if (r)
		return r;
	r = recipe_load(args[0], &recipe, e);
	if (r == 0 && relock)
		r = cli_make_lock(c, recipe, c->mirror, lock_path, e);
	if (r == 0)
		r = cli_load_lock(recipe, lock_path, &lock, e);
	if (r == 0)
		r = cache_open(c->cache_dir, &cache, e);
	if (r == 0 && relock)
		r = cli_fetch(c, recipe, lock, c->mirror, e);
	if (r < 0)
		return r;
	const struct build_params p = {
		.recipe = recipe,
		.lock = lock,
		.cache = cache,
		.out_dir = out,
		.source_date_epoch = c->source_date_epoch,
		.now = c->now,
		.pool = c->pool,
		.progress = c->progress,
	};
	return build(c, &p, dry_run, timings, e);
}

const struct cli_command cmd_build = {
	.name = "build",
	.args = "RECIPE",
	.summary = "Build the image from the packages that the lock names",
	.text = "Writes NAME_VERSION.raw, the disk, and its parts: .usr.raw, .usr-verity.raw,\n"
		".usr-verity-sig.raw, .efi and .roothash. Needs no root, no device and no network.",
	.min_args = 1,
	.max_args = 1,
	.run = run_build,
};
