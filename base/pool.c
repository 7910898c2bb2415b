/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* One pool_run(): it lies on its caller's stack and in the pool's list while jobs are left to start. */
struct batch {
	int (*job)(void *ctx, size_t i, struct err *e);
	void *ctx;
	size_t n, next, running;
	size_t failed_job;
	struct err *e;
	int result;
	struct batch *link;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a batch was added, or the end came */
	pthread_cond_t done; /* a batch's last running job returned */
	struct batch *batches;
	pthread_t *threads;
	unsigned int n_workers;
	bool ending;
	atomic_bool cancelled;
};

static void list_remove(struct pool *p, struct batch *b)
{
	for (struct batch **at = &p->batches; *at; at = &(*at)->link)
		if (*at == b) {
			*at = b->link;
			return;
		}
}

static void fail(struct batch *b, size_t i, int code, const struct err *e)
{
	if (b->result < 0 && b->failed_job < i)
		return;
	b->result = code;
	b->failed_job = i;
	*b->e = *e;
}

/* Runs the batch's next job. Called and returns with the lock held. */
static void run_one(struct pool *p, struct batch *b)
{
	struct err e = { 0 };
	size_t i = b->next++;

	if (b->next == b->n)
		list_remove(p, b);
	b->running++;
	pthread_mutex_unlock(&p->lock);
	int r = pool_check(p, &e);
	if (r == 0)
		r = b->job(b->ctx, i, &e);
	pthread_mutex_lock(&p->lock);
	b->running--;
	if (r < 0) {
		fail(b, i, r, &e);
		if (b->next < b->n) {
			b->next = b->n;
			list_remove(p, b);
		}
	}
	if (b->running == 0 && b->next == b->n)
		pthread_cond_broadcast(&p->done);
}

static void *worker(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		if (p->batches)
			run_one(p, p->batches);
		else
			pthread_cond_wait(&p->work, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int pool_new(unsigned int n_threads, struct pool **ret, struct err *e)
{
	_cleanup_(pool_free) struct pool *p = calloc(1, sizeof(*p));
	sigset_t all, old;
	int r = 0;

	assert(n_threads >= 1);
	if (!p)
		return err_oom(e);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	p->threads = calloc(n_threads, sizeof(*p->threads));
	if (!p->threads)
		return err_oom(e);
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (r == 0 && p->n_workers < n_threads - 1) {
		r = pthread_create(&p->threads[p->n_workers], NULL, worker, p);
		if (r == 0)
			p->n_workers++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return err_sys(e, -r, "start a thread");
	*ret = TAKE_PTR(p);
	return 0;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned int i = 0; i < p->n_workers; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p);
}

unsigned int pool_n_threads(const struct pool *p)
{
	return p ? p->n_workers + 1 : 1;
}

int pool_run(struct pool *p, size_t n, int (*job)(void *ctx, size_t i, struct err *e), void *ctx,
	     struct err *e)
{
	if (!p) {
		int r = 0;
		for (size_t i = 0; i < n && r >= 0; i++)
			r = job(ctx, i, e);
		return r < 0 ? r : 0;
	}
	if (n == 0)
		return 0;
	struct batch b = { .job = job, .ctx = ctx, .n = n, .e = e };
	pthread_mutex_lock(&p->lock);
	/* In front: inner batches first, as outer ones wait for them. */
	b.link = p->batches;
	p->batches = &b;
	pthread_cond_broadcast(&p->work);
	while (b.next < b.n)
		run_one(p, &b);
	while (b.running)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return b.result;
}

void pool_cancel(struct pool *p)
{
	atomic_store(&p->cancelled, true);
}

bool pool_cancelled(const struct pool *p)
{
	return p && atomic_load(&p->cancelled);
}

int pool_check(const struct pool *p, struct err *e)
{
	return pool_cancelled(p) ? err_set(e, -ECANCELED, "interrupted") : 0;
}
