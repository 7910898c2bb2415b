/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/stages/build.h"

#include "base/sink.h"

#include <assert.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static const char *const suffixes[BUILD_N_OUTPUTS] = {
	[BUILD_DISK] = ".raw",
	[BUILD_USR] = ".usr.raw",
	[BUILD_VERITY] = ".usr-verity.raw",
	[BUILD_VERITY_SIG] = ".usr-verity-sig.raw",
	[BUILD_UKI] = ".efi",
	[BUILD_ROOT_HASH] = ".roothash",
	[BUILD_SPDX] = ".spdx.json",
	[BUILD_CYCLONEDX] = ".cdx.json",
	[BUILD_PROVENANCE] = ".provenance.json",
};

/* In order. Stages of the same number run side by side: /usr is written and hashed by one thread and
 * its helpers while the initrd is compressed by others. */
static const struct {
	const struct stage *stage;
	int group;
} stages[] = {
	{ &stage_inputs, 0 },	   { &stage_packages, 1 }, { &stage_scripts, 2 },
	{ &stage_tree, 3 },	   { &stage_sbom, 4 },	   { &stage_usr, 5 },
	{ &stage_initrd, 5 },	   { &stage_verity, 6 },   { &stage_root_hash, 7 },
	{ &stage_uki, 8 },	   { &stage_disk, 9 },	   { &stage_evidence, 10 },
	{ &stage_provenance, 11 },
};

void build_init(struct build *b, const struct build_params *p)
{
	*b = (struct build){ .p = *p };
	for (size_t i = 0; i < BUILD_N_OUTPUTS; i++)
		b->out[i] = (struct outfile)OUTFILE_INIT;
	b->spool = (struct outfile)OUTFILE_INIT;
}

void build_done(struct build *b)
{
	for (size_t i = 0; i < BUILD_N_OUTPUTS; i++)
		outfile_done(&b->out[i]);
	fs_plan_free(b->usr_plan);
	outfile_done(&b->spool);
	tree_free(b->tree);
	tree_free(b->initrd);
	tree_free(b->esp);
	free(b->removed);
	components_done(&b->components);
	inventory_done(&b->usr_files);
	for (size_t i = 0; i < BUILD_N_SBOMS; i++)
		sbom_document_done(&b->inner[i]);
	for (size_t i = 0; i < b->n_packages; i++)
		package_free(b->packages[i]);
	free(b->packages);
	for (size_t i = 0; i < ARRAY_SIZE(b->auth); i++)
		blob_unref(b->auth[i]);
	blob_unref(b->kernel);
	blob_unref(b->stub);
	blob_unref(b->boot_loader);
	blob_unref(b->os_release);
	free(b->out_place);
	free(b->kernel_version);
	free(b->cmdline);
	buf_done(&b->initrd_image);
	buf_done(&b->verity_sig);
	buf_done(&b->uki);
	signer_free(b->signer);
	layout_free(b->layout);
	strv_done(&b->notices);
}

const char *build_output_suffix(enum build_output o)
{
	return suffixes[o];
}

char *build_output_path(const struct build *b, enum build_output o)
{
	return str_printf("%s/%s_%s%s", b->p.out_dir, b->p.recipe->name, b->p.recipe->version,
			  suffixes[o]);
}

int build_open_output(struct build *b, enum build_output o, struct err *e)
{
	_cleanup_free_ char *path = build_output_path(b, o);

	return path ? outfile_open(&b->out[o], path, 0644, e) : err_oom(e);
}

int build_write_output(struct build *b, enum build_output o, const void *data, size_t len,
		       struct err *e)
{
	struct sink s;

	int r = build_open_output(b, o, e);
	if (r < 0)
		return r;
	sink_init_fd(&s, b->out[o].fd);
	r = sink_pwrite(&s, 0, data, len, e);
	return r < 0 ? err_wrap(e, r, "%s", b->out[o].path) : 0;
}

void build_derive(const struct build *b, const char *what, void *out, size_t len)
{
	uint8_t in[32 + 32] = { 0 }, digest[SHA256_BYTES];

	assert(len <= sizeof(digest) && strlen(what) < 32);
	memcpy(in, b->seed, 32);
	strcpy((char *)in + 32, what);
	sha256_bytes(in, sizeof(in), digest);
	memcpy(out, digest, len);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* When a stage began. The CPU time is the process's: of all that ran meanwhile. */
struct stopwatch {
	double wall, cpu;
};

static struct stopwatch start_stage(struct build *b, const char *name)
{
	progress_update(b->p.progress, name, 0, 0);
	return (struct stopwatch){ seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static void end_stage(struct build *b, const char *name, const char *phase,
		      const struct stopwatch *began)
{
	if (b->n_timings == ARRAY_SIZE(b->timings))
		return;
	b->timings[b->n_timings++] = (struct build_timing){
		.stage = name,
		.phase = phase,
		.wall_seconds = seconds(CLOCK_MONOTONIC) - began->wall,
		.cpu_seconds = seconds(CLOCK_PROCESS_CPUTIME_ID) - began->cpu,
	};
}

int build_plan(struct build *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		const struct stage *s = stages[i].stage;
		if (!s->plan)
			continue;
		struct stopwatch began = start_stage(b, s->name);
		int r = pool_check(b->p.pool, e);
		if (r == 0)
			r = s->plan(b, e);
		if (r < 0)
			return r;
		end_stage(b, s->name, "plan", &began);
	}
	return 0;
}

int build_plan_packages(struct build *b, struct err *e)
{
	return stage_packages.plan(b, e);
}

struct group {
	struct build *b;
	size_t first;
};

static int run_member(void *ctx, size_t i, struct err *e)
{
	struct group *g = ctx;
	const struct stage *s = stages[g->first + i].stage;

	return s->run ? s->run(g->b, e) : 0;
}

/* All stages of a group, which starts at @first; *ret_next is the next group's first. */
static int run_group(struct build *b, size_t first, size_t *ret_next, struct err *e)
{
	struct group g = { b, first };
	size_t end = first;

	while (end < ARRAY_SIZE(stages) && stages[end].group == stages[first].group)
		end++;
	*ret_next = end;
	return pool_run(b->p.pool, end - first, run_member, &g, e);
}

/* The disk gets its name last: whoever sees it sees its parts as well. */
static int commit_outputs(struct build *b, struct err *e)
{
	for (size_t i = BUILD_N_OUTPUTS; i-- > 0;) {
		if (b->out[i].fd < 0)
			continue;
		int r = outfile_commit(&b->out[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

int build_run(struct build *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(stages);) {
		const struct stage *s = stages[i].stage; /* the group is named after its first */
		struct stopwatch began = { 0 };
		if (s->run)
			began = start_stage(b, s->name);
		int r = run_group(b, i, &i, e);
		if (r < 0)
			return r;
		if (s->run)
			end_stage(b, s->name, "run", &began);
	}
	int r = pool_check(b->p.pool, e);
	return r < 0 ? r : commit_outputs(b, e);
}
