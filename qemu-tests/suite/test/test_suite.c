/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing cases, running them side by side, and reports as their readers read them. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/test/support.h"
#include "qemu-tests/suite/schedule.h"

static struct err e;

static int pass(struct vm_case_context *ctx, struct err *err)
{
	_cleanup_free_ char *log = str_printf("%s/log", ctx->log_dir);
	_cleanup_free_ char *scratch = str_printf("%s/scratch", ctx->scratch_dir);
	FILE *a = fopen(log, "we"), *b = fopen(scratch, "we");

	if (!a || !b || !ctx->host)
		return err_set(err, -EIO, "no place of its own");
	fclose(a);
	fclose(b);
	return strv_add(&ctx->notes, "a note & <more>: \"x\" \x1b[1m #1 \\ \xff");
}

static int go_wrong(unused_ struct vm_case_context *ctx, struct err *err)
{
	return err_set(err, -EBADMSG, "said \"</failure>\" & \x01 # not ok \\");
}

static int skip(unused_ struct vm_case_context *ctx, struct err *err)
{
	err_set(err, -ENOENT, "no #1 here");
	return VM_CASE_SKIPPED;
}

static const struct vm_case passes = { .name = "passes",
				       .description = "it <passes>",
				       .run = pass };
static const struct vm_case fails = { .name = "fails", .description = "it fails", .run = go_wrong };
static const struct vm_case skips = { .name = "skips", .description = "it skips", .run = skip };

static void add(struct suite *s, const struct vm_case *c)
{
	s->v = realloc(s->v, (s->n + 1) * sizeof(*s->v));
	ck_assert_ptr_nonnull(s->v);
	s->v[s->n++] = (struct suite_result){ .c = c };
}

static void count_one(void *data, unused_ const struct suite *s, const struct suite_result *r)
{
	ck_assert_int_ne(r->verdict, SUITE_NOT_RUN);
	++*(int *)data;
}

/* One of each, run. */
static void run_three(struct suite *s, const char *dir)
{
	int ended = 0;
	const struct suite_params p = { .ctx = { .image = "none", .log_dir = dir },
					.tmp_dir = dir,
					.jobs = 2,
					.on_end = count_one,
					.data = &ended };

	add(s, &passes);
	add(s, &fails);
	add(s, &skips);
	ck_ok(suite_run(&p, s, &e));
	ck_assert_int_eq(ended, 3);
}

START_TEST(each_case_has_its_verdict)
{
	_cleanup_suite_ struct suite s = { 0 };
	char *dir = test_dir();
	_cleanup_free_ char *log = str_printf("%s/passes/log", dir);

	run_three(&s, dir);
	ck_assert_int_eq(s.v[0].verdict, SUITE_PASSED);
	ck_assert_ptr_null(s.v[0].reason);
	ck_assert_uint_eq(s.v[0].notes.n, 1);
	ck_assert_int_eq(s.v[1].verdict, SUITE_FAILED);
	ck_assert_ptr_nonnull(strstr(s.v[1].reason, "not ok"));
	ck_assert_int_eq(s.v[2].verdict, SUITE_SKIPPED);
	ck_assert_str_eq(s.v[2].reason, "no #1 here");
	ck_assert_uint_eq(suite_count(&s, SUITE_PASSED), 1);
	ck_assert_int_eq(access(log, F_OK), 0);
	_cleanup_free_ char *left = str_printf("! ls -d '%s'/slipway-case.* 2>/dev/null", dir);
	ck_assert_int_eq(system(left), 0);
	test_dir_remove(dir);
}
END_TEST

static pthread_barrier_t all_here;

static int meet(unused_ struct vm_case_context *ctx, unused_ struct err *err)
{
	pthread_barrier_wait(&all_here);
	return 0;
}

/* Would wait for ever if they came one after the other. */
START_TEST(as_many_at_a_time_as_there_are_jobs)
{
	static const struct vm_case meets[] = { { .name = "a", .run = meet },
						{ .name = "b", .run = meet },
						{ .name = "c", .run = meet } };
	_cleanup_suite_ struct suite s = { 0 };
	char *dir = test_dir();
	const struct suite_params p = { .ctx = { .log_dir = dir }, .tmp_dir = dir, .jobs = 3 };

	for (size_t i = 0; i < ARRAY_SIZE(meets); i++)
		add(&s, &meets[i]);
	pthread_barrier_init(&all_here, NULL, 3);
	ck_ok(suite_run(&p, &s, &e));
	ck_assert_uint_eq(suite_count(&s, SUITE_PASSED), 3);
	pthread_barrier_destroy(&all_here);
	test_dir_remove(dir);
}
END_TEST

static atomic_int inside;

static int alone(unused_ struct vm_case_context *ctx, struct err *err)
{
	int n = atomic_fetch_add(&inside, 1);

	sched_yield();
	atomic_fetch_sub(&inside, 1);
	return n ? err_set(err, -EBUSY, "not alone") : 0;
}

START_TEST(a_disk_that_is_written_is_for_one_case_at_a_time)
{
	static const struct vm_case keeps = { .name = "keeps", .keeps = true, .run = alone };
	_cleanup_suite_ struct suite s = { 0 };
	char *dir = test_dir();
	struct suite_params p = { .ctx = { .log_dir = dir }, .tmp_dir = dir, .jobs = 8 };

	for (int i = 0; i < 64; i++)
		add(&s, &keeps);
	ck_fails(suite_run(&p, &s, &e), -EINVAL, "--persistent is needed");
	p.persistent = true;
	ck_ok(suite_run(&p, &s, &e));
	ck_assert_uint_eq(suite_count(&s, SUITE_PASSED), 64);
	test_dir_remove(dir);
}
END_TEST

START_TEST(after_a_cancel_no_case_is_started)
{
	_cleanup_suite_ struct suite s = { 0 };
	_cleanup_(pool_free) struct pool *pool = NULL;
	char *dir = test_dir();
	struct suite_params p = { .ctx = { .log_dir = dir }, .tmp_dir = dir, .jobs = 2 };

	ck_ok(pool_new(1, &pool, &e));
	p.cancel = pool;
	pool_cancel(pool);
	add(&s, &passes);
	ck_fails(suite_run(&p, &s, &e), -ECANCELED, "interrupted");
	ck_assert_int_eq(s.v[0].verdict, SUITE_NOT_RUN);
	test_dir_remove(dir);
}
END_TEST

START_TEST(without_qemu_there_is_one_error)
{
	static const struct vm_case boots = { .name = "boots", .machines = 1, .run = pass };
	_cleanup_suite_ struct suite s = { 0 };
	const struct suite_params p = { .host = { .qemu = "no-such-qemu", .accel = VM_ACCEL_TCG },
					.jobs = 1 };

	add(&s, &boots);
	ck_fails(suite_run(&p, &s, &e), -ENOENT, "no-such-qemu is missing");
	ck_assert(!s.v[0].started);
}
END_TEST

START_TEST(cases_are_chosen_by_image_name_and_pattern)
{
	static const char *const exact[] = { "rotation" };
	static const char *const pattern[] = { "tamper-smbios-*" };
	static const char *const unknown[] = { "node", "nodes" };
	_cleanup_suite_ struct suite a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

	ck_ok(suite_select("out/node_1.raw", NULL, 0, &a, &e));
	for (size_t i = 0; i < a.n; i++)
		ck_assert(vm_case_fits(a.v[i].c, "node_1.raw") && !a.v[i].c->keeps);
	ck_ok(suite_select("node_1.raw", exact, 1, &b, &e));
	ck_assert_uint_eq(b.n, 1);
	ck_assert_str_eq(b.v[0].c->name, "rotation");
	ck_ok(suite_select("node_1.raw", pattern, 1, &c, &e));
	ck_assert_uint_eq(c.n, 2);
	ck_fails(suite_select("node_1.raw", unknown, 2, &d, &e), -EINVAL, "no case 'nodes'");
}
END_TEST

START_TEST(the_longest_that_there_is_room_for_is_next)
{
	static const struct vm_case v[] = {
		{ .name = "short", .machines = 1, .typical_sec = 10 },
		{ .name = "long", .machines = 2, .typical_sec = 100 },
		{ .name = "as-long", .machines = 1, .typical_sec = 100 },
		{ .name = "no-machine", .typical_sec = 1 },
	};
	struct suite_load l = { .memory_bytes_limit = 2 * VM_CASE_MEMORY_BYTES };
	_cleanup_suite_ struct suite s = { 0 };
	bool left = false;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		add(&s, &v[i]);
	ck_assert_uint_eq(suite_next(&s, &l, &left), 1);
	ck_assert(left);
	l.running = 1;
	l.memory_bytes = VM_CASE_MEMORY_BYTES;
	ck_assert_uint_eq(suite_next(&s, &l, NULL), 2);
	l.memory_bytes = 2 * VM_CASE_MEMORY_BYTES;
	ck_assert_uint_eq(suite_next(&s, &l, NULL), 3);
	s.v[3].started = true;
	ck_assert_uint_eq(suite_next(&s, &l, &left), SUITE_NONE);
	ck_assert(left);
	/* However little memory there is, one may run. */
	l = (struct suite_load){ 0 };
	ck_assert_uint_eq(suite_next(&s, &l, NULL), 1);
	s.v[0].started = s.v[1].started = s.v[2].started = true;
	ck_assert_uint_eq(suite_next(&s, &l, &left), SUITE_NONE);
	ck_assert(!left);
}
END_TEST

static void write_text(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "we");

	ck_assert(f && fwrite(b->data, 1, b->len, f) == b->len && fclose(f) == 0);
}

static void must_print(const char *command, const char *want)
{
	char got[4096] = "";
	FILE *f = popen(command, "re");

	ck_assert_ptr_nonnull(f);
	size_t n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	pclose(f);
	ck_assert_msg(strstr(got, want), "no '%s' in: %s", want, got);
}

START_TEST(junit_is_well_formed_and_says_all)
{
	static const char read_it[] =
		"python3 -c 'import sys, xml.etree.ElementTree as t\n"
		"s = t.parse(sys.argv[1]).getroot()[0]\n"
		"print([s.get(k) for k in (\"tests\", \"failures\", \"skipped\")])\n"
		"for c in s: print(c.get(\"name\"), [(x.tag, x.get(\"message\"), x.text) for x in c])' ";
	_cleanup_suite_ struct suite s = { 0 };
	_cleanup_buf_ struct buf text = BUF_INIT;
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/junit.xml", dir);
	_cleanup_free_ char *command = str_printf("%s '%s' 2>&1", read_it, path);

	if (!test_has_program("python3"))
		test_skip("python3 is missing");
	run_three(&s, dir);
	suite_report_junit(&s, "a \"b\" & <c>.raw", &text);
	write_text(path, &text);
	must_print(command, "['3', '1', '1']");
	must_print(command, "passes [('system-out', None, 'it <passes>\\na note & <more>: \"x\" "
			    "\\\\x1b[1m #1 \\\\ \\\\xff')]");
	must_print(command,
		   "fails [('failure', 'said \"</failure>\" & \\\\x01 # not ok \\\\', None)");
	must_print(command, "skips [('skipped', 'no #1 here', None)");
	test_dir_remove(dir);
}
END_TEST

START_TEST(tap_is_what_prove_reads)
{
	_cleanup_suite_ struct suite s = { 0 };
	_cleanup_buf_ struct buf text = BUF_INIT;
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/tap", dir);
	_cleanup_free_ char *command = str_printf("prove -v -e cat '%s' 2>&1", path);

	if (!test_has_program("prove"))
		test_skip("prove is missing");
	run_three(&s, dir);
	buf_printf(&text, "TAP version 13\n1..%zu\n", s.n);
	for (size_t i = 0; i < s.n; i++)
		suite_report_tap(&s.v[i], i + 1, &text);
	write_text(path, &text);
	must_print(command, "Failed test:  2");
	must_print(command, "Tests: 3 Failed: 1");
	must_print(command, "less 1 skipped");
	test_dir_remove(dir);
}
END_TEST

START_TEST(lines_are_printable)
{
	_cleanup_suite_ struct suite s = { 0 };
	_cleanup_buf_ struct buf text = BUF_INIT;
	char *dir = test_dir();

	run_three(&s, dir);
	for (size_t i = 0; i < s.n; i++)
		suite_report_line(&s.v[i], &text);
	ck_assert_str_eq(buf_str(&text),
			 "PASS passes (0 s): it <passes>\n"
			 "     a note & <more>: \"x\" \\x1b[1m #1 \\ \\xff\n"
			 "FAIL fails (0 s): said \"</failure>\" & \\x01 # not ok \\\n"
			 "SKIP skips (0 s): no #1 here\n");
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("suite", each_case_has_its_verdict, as_many_at_a_time_as_there_are_jobs,
	  a_disk_that_is_written_is_for_one_case_at_a_time, after_a_cancel_no_case_is_started,
	  without_qemu_there_is_one_error, cases_are_chosen_by_image_name_and_pattern,
	  the_longest_that_there_is_room_for_is_next, junit_is_well_formed_and_says_all,
	  tap_is_what_prove_reads, lines_are_printable)
