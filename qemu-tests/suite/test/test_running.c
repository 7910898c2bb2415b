/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One node is brought up for all cases that start from a running one. There is no machine here, nor QEMU. */
#include <fcntl.h>

#include "base/test/support.h"
#include "qemu-tests/suite/suite.h"

static struct err e;
static char *dir, *qemu;

static void begin(void)
{
	static const char script[] = "#!/bin/sh\necho QEMU emulator version 10.0.2\n";

	dir = test_dir();
	qemu = str_printf("%s/qemu", dir);
	int fd = open(qemu, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ck_assert_int_eq(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	close(fd);
}

static void end(void)
{
	free(qemu);
	test_dir_remove(dir);
}

/* As if vm_save() had been there. */
static int save(struct vm_case_context *ctx, struct err *err)
{
	if (!ctx->save_dir)
		return err_set(err, -EINVAL, "nowhere to save to");
	_cleanup_free_ char *path = str_printf("%s/state", ctx->save_dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(err, -errno, "%s", path) : close(fd);
}

static int break_down(unused_ struct vm_case_context *ctx, struct err *err)
{
	return err_set(err, -EBADMSG, "it burns");
}

static int do_nothing(unused_ struct vm_case_context *ctx, unused_ struct err *err)
{
	return 0;
}

static int start_from_it(struct vm_case_context *ctx, struct err *err)
{
	if (ctx->save_dir || !ctx->resume_dir || !vm_saved(ctx->resume_dir))
		return err_set(err, -EINVAL, "no running node");
	return 0;
}

static int boot(struct vm_case_context *ctx, struct err *err)
{
	return ctx->save_dir || ctx->resume_dir ? err_set(err, -EINVAL, "a running node") : 0;
}

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

/* Two that start from a running node, and @saver if there is one. */
static void run_with(struct suite *s, const struct vm_case *user, const struct vm_case *saver,
		     enum vm_accel accel)
{
	int ended = 0;
	const struct suite_params p = { .host = { .qemu = qemu, .accel = accel },
					.ctx = { .image = "/none", .log_dir = dir },
					.tmp_dir = dir,
					.jobs = 2,
					.memory_bytes = 2 * VM_CASE_MEMORY_BYTES,
					.on_end = count_one,
					.data = &ended };

	add(s, user);
	add(s, user);
	if (saver)
		add(s, saver);
	ck_ok(suite_run(&p, s, &e));
	ck_assert_int_eq(ended, (int)s->n);
	_cleanup_free_ char *left = str_printf("! ls -d '%s'/slipway-running.* 2>/dev/null", dir);
	ck_assert_int_eq(system(left), 0);
}

#define USER(function)                                                              \
	{                                                                           \
		.name = "user", .machines = 1, .typical_sec = 100, .run = function, \
		.from_running = true                                                \
	}
#define SAVER(function)                                                            \
	{                                                                          \
		.name = "saver", .machines = 1, .typical_sec = 1, .run = function, \
		.saves_running = true                                              \
	}

static const struct vm_case resumes = USER(start_from_it), boots = USER(boot);

/* Though it is said to be shorter than those that wait for it. */
START_TEST(who_saves_it_comes_first)
{
	static const struct vm_case saver = SAVER(save);
	_cleanup_suite_ struct suite s = { 0 };

	begin();
	run_with(&s, &resumes, &saver, VM_ACCEL_TCG);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_ptr_null(s.v[i].reason);
	end();
}
END_TEST

START_TEST(where_it_does_not_come_up_none_is_tried)
{
	static const struct vm_case saver = SAVER(break_down);
	_cleanup_suite_ struct suite s = { 0 };

	begin();
	run_with(&s, &resumes, &saver, VM_ACCEL_TCG);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(s.v[i].verdict, SUITE_FAILED);
		ck_assert_ptr_nonnull(strstr(s.v[i].reason, "of case saver: it burns"));
	}
	end();
}
END_TEST

START_TEST(where_it_was_not_saved_each_boots)
{
	static const struct vm_case saver = SAVER(do_nothing);
	_cleanup_suite_ struct suite s = { 0 };

	begin();
	run_with(&s, &boots, &saver, VM_ACCEL_TCG);
	ck_assert_uint_eq(suite_count(&s, SUITE_PASSED), 3);
	end();
}
END_TEST

/* A boot takes seconds there. */
START_TEST(with_kvm_each_boots)
{
	static const struct vm_case saver = SAVER(do_nothing);
	_cleanup_suite_ struct suite s = { 0 };

	begin();
	run_with(&s, &boots, &saver, VM_ACCEL_KVM);
	ck_assert_uint_eq(suite_count(&s, SUITE_PASSED), 3);
	end();
}
END_TEST

/* Nobody asked for the case that saves: it is run and not reported, and fails as there is no image. */
START_TEST(who_saves_it_need_not_be_asked_for)
{
	_cleanup_suite_ struct suite s = { 0 };

	begin();
	run_with(&s, &resumes, NULL, VM_ACCEL_TCG);
	ck_assert_uint_eq(s.n, 2);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_ptr_nonnull(strstr(s.v[i].reason, "of case boot: "));
	end();
}
END_TEST

TEST_MAIN("running", who_saves_it_comes_first, where_it_does_not_come_up_none_is_tried,
	  where_it_was_not_saved_each_boots, with_kvm_each_boots,
	  who_saves_it_need_not_be_asked_for)
