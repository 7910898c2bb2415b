/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cases, and running them: a thread for each job, which takes the next case until none is left. */
#include "qemu-tests/suite/suite.h"

#include <fnmatch.h>
#include <pthread.h>
#include <time.h>

#include "qemu-tests/suite/schedule.h"
#include "qemu-tests/vm/private_dir.h"

void suite_done(struct suite *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].reason);
		strv_done(&s->v[i].notes);
	}
	free(s->v);
	*s = (struct suite){ 0 };
}

static bool selected(const struct vm_case *c, const char *image, const char *const *patterns,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(patterns[i], c->name, 0) == 0)
			return true;
	return n == 0 && !c->keeps && vm_case_fits(c, image);
}

static int check_patterns(const char *const *patterns, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;
		for (size_t k = 0; !found && k < n_vm_cases; k++)
			found = fnmatch(patterns[i], vm_cases[k]->name, 0) == 0;
		if (!found)
			return err_set(e, -EINVAL, "there is no case '%s'; --list names them",
				       patterns[i]);
	}
	return 0;
}

int suite_select(const char *image, const char *const *patterns, size_t n_patterns, struct suite *s,
		 struct err *e)
{
	int r = check_patterns(patterns, n_patterns, e);

	if (r < 0)
		return r;
	s->v = calloc(n_vm_cases + 1, sizeof(*s->v));
	if (!s->v)
		return err_oom(e);
	for (size_t i = 0; i < n_vm_cases; i++)
		if (selected(vm_cases[i], image, patterns, n_patterns))
			s->v[s->n++].c = vm_cases[i];
	return s->n ? 0 : err_set(e, -EINVAL, "no case is for %s: name one", image);
}

size_t suite_count(const struct suite *s, enum suite_verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].verdict == v;
	return n;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One boot for all cases that start from a running node. */
struct running {
	struct suite_result *from; /* of the case that saves it; NULL: each boots for itself */
	struct suite_result own;   /* of that case, where it was not asked for */
	struct private_dir dir;
};

struct run {
	const struct suite_params *p;
	struct suite *s;
	enum vm_accel accel;
	struct suite_load load;
	struct running running;
	pthread_mutex_t lock; /* of load, the results, on_end() */
	pthread_cond_t ended;
};

/* That the node does not come up is found out once. */
static int give_running(const struct run *run, const struct suite_result *res,
			struct vm_case_context *ctx, struct err *e)
{
	const struct suite_result *from = run->running.from;
	const char *dir = run->running.dir.path;

	if (from == res)
		ctx->save_dir = dir;
	if (!from || !res->c->from_running)
		return 0;
	if (from->verdict == SUITE_FAILED)
		return err_set(e, -EBADMSG, "the node that it starts from, of case %s: %s",
			       from->c->name, from->reason ? from->reason : "failed");
	if (vm_saved(dir))
		ctx->resume_dir = dir;
	return 0;
}

/* A host belongs to one thread, and its machines end with it: each case has its own. */
static int run_case(const struct run *run, struct suite_result *res, struct err *e)
{
	struct vm_host_params hp = run->p->host;
	struct vm_case_context ctx = run->p->ctx;
	_cleanup_(vm_host_free) struct vm_host *host = NULL;

	hp.accel = run->accel;
	int r = give_running(run, res, &ctx, e);
	if (r == 0)
		r = vm_host_new(&hp, &host, e);
	if (r < 0)
		return r;
	ctx.host = host;
	return vm_case_run(res->c, &ctx, run->p->tmp_dir, &res->notes, e);
}

static void judge(struct run *run, struct suite_result *res)
{
	struct err e = { 0 };
	double start = seconds();
	int r = run_case(run, res, &e);

	res->seconds = seconds() - start;
	if (r != 0)
		res->reason = strdup(e.msg); /* NULL: the report says that there is none */
	/* Last, and under the lock, as it is what others look at. */
	pthread_mutex_lock(&run->lock);
	res->verdict = r < 0 ? SUITE_FAILED : r == 0 ? SUITE_PASSED : SUITE_SKIPPED;
	run->load.running--;
	run->load.memory_bytes -= suite_case_bytes(res->c);
	if (run->p->on_end && res != &run->running.own)
		run->p->on_end(run->p->data, run->s, res);
	pthread_cond_broadcast(&run->ended);
	pthread_mutex_unlock(&run->lock);
}

/* Waits until there is room for one. Return: the next case; NULL: none is left. */
static struct suite_result *take_next(struct run *run)
{
	struct suite_result *res = NULL, *from = run->running.from;
	bool left = true;

	pthread_mutex_lock(&run->lock);
	while (!res && left && !(run->p->cancel && pool_cancelled(run->p->cancel))) {
		run->load.no_running_yet = from && from->verdict == SUITE_NOT_RUN;
		size_t i = suite_next(run->s, &run->load, &left);
		if (from && !from->started)
			res = from;
		else if (i != SUITE_NONE)
			res = &run->s->v[i];
		else if (left)
			pthread_cond_wait(&run->ended, &run->lock);
	}
	if (res) {
		res->started = true;
		run->load.running++;
		run->load.memory_bytes += suite_case_bytes(res->c);
	}
	pthread_mutex_unlock(&run->lock);
	return res;
}

static int work(void *ctx, unused_ size_t i, unused_ struct err *e)
{
	struct run *run = ctx;
	struct suite_result *res;

	while ((res = take_next(run)))
		judge(run, res);
	return 0;
}

/* What would make every case fail is one error. KVM is tried once, by nobody at the same time. */
static int prepare(const struct suite_params *p, struct suite *s, struct err *e)
{
	_cleanup_(vm_host_free) struct vm_host *host = NULL;
	unsigned int machines = 0;

	for (size_t i = 0; i < s->n; i++) {
		machines += s->v[i].c->machines;
		if (s->v[i].c->keeps && !p->persistent)
			return err_set(
				e, -EINVAL,
				"case %s writes into the image, for which --persistent is needed",
				s->v[i].c->name);
	}
	if (machines == 0)
		return 0;
	int r = vm_host_new(&p->host, &host, e);
	return r < 0 ? r : vm_host_accel(host, p->ctx.image, &s->accel, e);
}

/* The case that saves a running node: its place among the results if it was asked for, else one of its own. */
static struct suite_result *find_saver(struct suite *s, struct running *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].c->saves_running)
			return &s->v[i];
	for (size_t i = 0; i < n_vm_cases; i++)
		if (vm_cases[i]->saves_running)
			r->own.c = vm_cases[i];
	return &r->own;
}

/*
 * Worth it where boots are slow, and for more than one of them. With a disk that cases write into it would
 * be unsound: what was saved stands on that disk.
 */
static int prepare_running(struct run *run, struct err *e)
{
	struct suite_result *from = find_saver(run->s, &run->running);
	size_t boots = from != &run->running.own;

	for (size_t i = 0; i < run->s->n; i++)
		boots += run->s->v[i].c->from_running;
	if (run->accel != VM_ACCEL_TCG || run->p->persistent || boots < 2 || !from->c)
		return 0;
	run->running.from = from;
	return private_dir_make(&run->running.dir, run->p->tmp_dir, "slipway-running.", e);
}

static void running_done(struct running *r)
{
	private_dir_remove(&r->dir);
	free(r->own.reason);
	strv_done(&r->own.notes);
}

int suite_run(const struct suite_params *p, struct suite *s, struct err *e)
{
	struct run run = { .p = p,
			   .s = s,
			   .load.memory_bytes_limit = p->memory_bytes,
			   .running.dir = PRIVATE_DIR_INIT,
			   .lock = PTHREAD_MUTEX_INITIALIZER,
			   .ended = PTHREAD_COND_INITIALIZER };
	_cleanup_(pool_free) struct pool *pool = NULL;
	unsigned int jobs = p->persistent ? 1 : MIN(p->jobs, (unsigned int)MIN(s->n, 1024U));
	double start = seconds();

	int r = prepare(p, s, e);
	if (r == 0)
		r = pool_new(MAX(jobs, 1U), &pool, e);
	if (r < 0)
		return r;
	run.accel = s->accel;
	r = prepare_running(&run, e);
	if (r == 0)
		r = pool_run(pool, jobs, work, &run, e);
	running_done(&run.running);
	s->seconds = seconds() - start;
	if (r == 0 && suite_count(s, SUITE_NOT_RUN))
		r = err_set(e, -ECANCELED, "interrupted");
	return r;
}
