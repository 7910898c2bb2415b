/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway test */
#include <ftw.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/outfile.h"
#include "base/path.h"
#include "base/sink.h"
#include "builder/cli/json.h"
#include "builder/cli/machines.h"
#include "builder/cli/test_inputs.h"
#include "qemu-tests/suite/suite.h"

/* A machine that has not come to its end by then hangs. */
#define MACHINE_LIMIT_SEC 1800

/* What the options say, as text, and what is made of it. */
struct test_options {
	const char *jobs, *junit, *keep_logs, *repeat, *root_hash, *seed, *key, *certificate;
	struct strv allow, forbid; /* files; words */
	bool list, tap, persistent;
	const char *image;
	char **patterns;
	size_t n_patterns;
};

struct test {
	struct cli *c;
	const struct test_options *o;
	struct suite suite;
	struct signer *owner; /* NULL: not told */
	struct vm_host_params host;
	unsigned int jobs, repeat;
	uint64_t seed;
	char *root_hash, *log_dir; /* root_hash NULL: not known */
	struct outfile junit;
	struct allowed allowed;
	struct strv forbidden;
	size_t printed;
};

/* MemAvailable of /proc/meminfo, proc(5); 0: not told. */
static uint64_t available_bytes(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	return kib * KiB;
}

/* A machine keeps one core busy under emulation, and uses two at most with KVM. */
static int get_jobs(struct test *t, struct err *e)
{
	uint64_t n = pool_n_threads(t->c->pool);

	if (t->o->jobs && (parse_u64(t->o->jobs, 10, &n) < 0 || n < 1 || n > 1024))
		return err_set(e, -EINVAL, "--jobs %s: not a number from 1 to 1024", t->o->jobs);
	t->jobs = (unsigned int)n;
	return 0;
}

/* A seed is short enough to be typed again. */
static int get_random(struct test *t, struct err *e)
{
	uint64_t n = 1;
	uint32_t seed;

	if (t->o->repeat && (parse_u64(t->o->repeat, 10, &n) < 0 || n < 1 || n > 1000))
		return err_set(e, -EINVAL, "--repeat %s: not a number from 1 to 1000",
			       t->o->repeat);
	t->repeat = (unsigned int)n;
	if (!t->o->seed && getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return err_sys(e, -errno, "getrandom");
	if (!t->o->seed)
		t->seed = seed;
	else if (parse_u64(t->o->seed, 10, &t->seed) < 0)
		return err_set(e, -EINVAL, "--seed %s: not a number", t->o->seed);
	return 0;
}

static int make_log_dir(struct test *t, struct err *e)
{
	const char *keep = t->o->keep_logs;

	t->log_dir = keep ? strdup(keep) : str_printf("%s/slipway-test.XXXXXX", t->c->tmp_dir);
	if (!t->log_dir)
		return err_oom(e);
	if (keep ? mkdir(keep, 0777) < 0 && errno != EEXIST : !mkdtemp(t->log_dir))
		return err_sys(e, -errno, "directory for logs %s", t->log_dir);
	t->host.log_dir = t->log_dir;
	return 0;
}

static int remove_one(const char *path, unused_ const struct stat *st, unused_ int type,
		      unused_ struct FTW *ftw)
{
	return remove(path);
}

/* Logs that nobody asked for are kept only if they explain something. */
static void settle_logs(struct test *t, bool all_passed)
{
	if (!t->log_dir)
		return;
	if (!t->o->keep_logs && all_passed)
		nftw(t->log_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	else
		cli_note(t->c, "%slogs are in %s", t->o->tap ? "# " : "", t->log_dir);
}

static void on_end(void *data, unused_ const struct suite *s, const struct suite_result *r)
{
	struct test *t = data;
	_cleanup_buf_ struct buf text = BUF_INIT;

	t->printed++;
	cli_progress_end(t->c->progress);
	if (t->o->tap)
		suite_report_tap(r, t->printed, &text);
	else if (!t->c->json && (!t->c->quiet || r->verdict == SUITE_FAILED))
		suite_report_line(r, &text);
	fputs(buf_str(&text), stdout);
	fflush(stdout);
}

static struct json_object *json_of_result(const struct suite_result *r)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "name", r->c->name);
	json_put_str(o, "description", r->c->description);
	json_put_str(o, "verdict", suite_verdict_name(r->verdict));
	json_put(o, "seconds", json_object_new_double(r->seconds));
	json_put_str(o, "reason", r->reason);
	json_put_strings(o, "notes", &r->notes);
	return o;
}

static int print_json(struct test *t, struct err *e)
{
	static const char *const accels[] = { [VM_ACCEL_KVM] = "kvm", [VM_ACCEL_TCG] = "tcg" };
	struct json_object *o = json_object_new_object(), *cases = json_object_new_array();

	for (size_t i = 0; cases && i < t->suite.n; i++)
		json_object_array_add(cases, json_of_result(&t->suite.v[i]));
	json_put_str(o, "image", t->o->image);
	json_put_str(o, "root_hash", t->root_hash);
	json_put_str(o, "accelerator", t->suite.accel ? accels[t->suite.accel] : NULL);
	json_put(o, "seconds", json_object_new_double(t->suite.seconds));
	json_put_u64(o, "passed", suite_count(&t->suite, SUITE_PASSED));
	json_put_u64(o, "failed", suite_count(&t->suite, SUITE_FAILED));
	json_put_u64(o, "skipped", suite_count(&t->suite, SUITE_SKIPPED));
	json_put(o, "cases", cases);
	return cli_json_print(t->c, o, e);
}

static int write_junit(struct test *t, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct sink sink;

	suite_report_junit(&t->suite, path_last(t->o->image), &text);
	if (buf_failed(&text))
		return err_oom(e);
	sink_init_fd(&sink, t->junit.fd);
	int r = sink_pwrite(&sink, 0, text.data, text.len, e);
	return r < 0 ? err_wrap(e, r, "%s", t->o->junit) : outfile_commit(&t->junit, e);
}

static int report(struct test *t, struct err *e)
{
	const struct suite *s = &t->suite;
	size_t failed = suite_count(s, SUITE_FAILED), skipped = suite_count(s, SUITE_SKIPPED);
	int r = t->o->junit ? write_junit(t, e) : 0;

	if (r == 0 && t->c->json)
		r = print_json(t, e);
	settle_logs(t, failed == 0 && s->seconds > 0);
	if (r < 0)
		return r;
	if (!t->o->tap && !t->c->json && !t->c->quiet) {
		if (skipped)
			printf("%zu skipped\n", skipped);
		printf("%zu passed, %zu failed\n", suite_count(s, SUITE_PASSED), failed);
	}
	return failed ? EXIT_FAILED : EXIT_OK;
}

static int run(struct test *t, struct err *e)
{
	struct suite_params p = { .host = t->host,
				  .ctx = { .image = t->o->image,
					   .root_hash = t->root_hash,
					   .allowed = &t->allowed,
					   .forbidden = &t->forbidden,
					   .log_dir = t->log_dir,
					   .owner = t->owner,
					   .limit_sec = MACHINE_LIMIT_SEC,
					   .repeat = t->repeat,
					   .seed = t->seed },
				  .tmp_dir = t->c->tmp_dir,
				  .jobs = t->jobs,
				  .memory_bytes = available_bytes() / 4 * 3,
				  .persistent = t->o->persistent,
				  .cancel = t->c->pool,
				  .on_end = on_end,
				  .data = t };

	if (t->o->tap)
		printf("TAP version 13\n1..%zu\n", t->suite.n);
	fflush(stdout);
	int r = suite_run(&p, &t->suite, e);
	if (r < 0) {
		settle_logs(t, t->printed == 0);
		return r;
	}
	return report(t, e);
}

static int list(void)
{
	for (size_t i = 0; i < n_vm_cases; i++)
		printf("%-16s %-8s %s\n", vm_cases[i]->name,
		       vm_cases[i]->image ? vm_cases[i]->image : "any", vm_cases[i]->description);
	return EXIT_OK;
}

static int test(struct cli *c, const struct test_options *o, struct err *e)
{
	struct test t = { .c = c, .o = o, .junit = OUTFILE_INIT };
	uint64_t bytes;
	int r = cli_check_disk(o->image, &bytes, e);

	if (r == 0)
		r = suite_select(o->image, (const char *const *)o->patterns, o->n_patterns,
				 &t.suite, e);
	if (r == 0)
		r = cli_vm_host(c, &t.host, e);
	if (r == 0)
		r = get_jobs(&t, e);
	if (r == 0)
		r = get_random(&t, e);
	if (r == 0)
		r = test_root_hash(o->image, o->root_hash, &t.root_hash, e);
	if (r == 0 && o->key)
		r = signer_load(o->key, o->certificate, 0, &t.owner, e);
	if (r == 0)
		r = test_allowed(o->image, &o->allow, &t.allowed, e);
	if (r == 0)
		r = test_forbidden(c, o->image, &o->forbid, &t.forbidden, e);
	if (r == 0 && o->junit)
		r = outfile_open(&t.junit, o->junit, 0644, e);
	if (r == 0)
		r = make_log_dir(&t, e);
	if (r == 0)
		r = run(&t, e);
	outfile_done(&t.junit);
	suite_done(&t.suite);
	signer_free(t.owner);
	allowed_done(&t.allowed);
	strv_done(&t.forbidden);
	free(t.root_hash);
	free(t.log_dir);
	return r;
}

static int take_arguments(struct cli *c, struct test_options *o, char **args, size_t n,
			  struct err *e)
{
	if (o->list)
		return n ? cli_usage(&cmd_test, "--list takes no image: ", args[0]) : list();
	if (n == 0)
		return cli_usage(&cmd_test, "missing argument: ", "IMAGE");
	if (!o->key != !o->certificate)
		return cli_usage(&cmd_test, "one takes the other: ", "--key, --certificate");
	if (o->tap && c->json)
		return cli_usage(&cmd_test, "choose one of them: ", "--tap, --json");
	o->image = args[0];
	o->patterns = args + 1;
	o->n_patterns = n - 1;
	return cli_apart_from_failed(test(c, o, e));
}

static int run_test(struct cli *c, int argc, char **argv, struct err *e)
{
	struct test_options o = { 0 };
	const struct cli_option options[] = {
		{ .name = "list", .flag = &o.list, .help = "list the cases" },
		{ .name = "jobs",
		  .arg = "N",
		  .value = &o.jobs,
		  .help = "cases at a time (default: as cores and memory allow)" },
		{ .name = "junit",
		  .arg = "FILE",
		  .value = &o.junit,
		  .help = "write the results as JUnit XML too" },
		{ .name = "tap", .flag = &o.tap, .help = "print the results as TAP" },
		{ .name = "json", .flag = &c->json, .help = "print the results as JSON" },
		{ .name = "keep-logs",
		  .arg = "DIR",
		  .value = &o.keep_logs,
		  .help = "keep consoles and journals here (default: only of failures)" },
		{ .name = "root-hash",
		  .arg = "HASH",
		  .value = &o.root_hash,
		  .help = "what /usr must have (default: IMAGE's .roothash file)" },
		{ .name = "key",
		  .arg = "KEY",
		  .value = &o.key,
		  .help = "what signed IMAGE, for cases that take more of its signatures" },
		{ .name = "certificate",
		  .arg = "FILE",
		  .value = &o.certificate,
		  .help = "the certificate of that key" },
		{ .name = "allow",
		  .arg = "FILE",
		  .values = &o.allow,
		  .help = "what this image may have besides; may be repeated" },
		{ .name = "forbid",
		  .arg = "TEXT",
		  .values = &o.forbid,
		  .help = "what must not stand in it; may be repeated" },
		{ .name = "repeat",
		  .arg = "N",
		  .value = &o.repeat,
		  .help = "rounds of what happens at random moments (default: 1)" },
		{ .name = "seed",
		  .arg = "N",
		  .value = &o.seed,
		  .help = "of these moments (default: any; a report tells it)" },
		{ .name = "persistent",
		  .flag = &o.persistent,
		  .help = "cases write into IMAGE, a node's own disk" },
		{ 0 },
	};
	char **args;
	size_t n;

	int r = cli_parse(&cmd_test, options, argc, argv, &args, &n);
	if (r == 0)
		r = take_arguments(c, &o, args, n, e);
	strv_done(&o.allow);
	strv_done(&o.forbid);
	return r;
}

const struct cli_command cmd_test = {
	.name = "test",
	.args = "[IMAGE [CASE…]]",
	.summary = "Try in VMs what is promised of an image",
	.text = "A CASE is a name or a pattern; without one, all that are for the image are run. IMAGE is only\n"
		"read. Exits with 0 if all passed, with 1 if one failed.",
	.min_args = 0,
	.max_args = SIZE_MAX,
	.run = run_test,
};
