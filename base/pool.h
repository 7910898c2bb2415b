/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A pool of worker threads that run numbered jobs. The caller works too, so that jobs may themselves
 * call pool_run() on the same pool: nothing waits for a free worker.
 */
#include "base/err.h"

struct pool;

/**
 * pool_new() - start workers
 * @n_threads: how many jobs run at once, the caller included; at least 1
 * Return: 0; -ENOMEM; negative errno of pthread_create
 */
int pool_new(unsigned int n_threads, struct pool **ret, struct err *e) must_check;

/* libsolv has a pool_free() too, and the linker would take one for the other. */
void pool_free(struct pool *p) __asm__("slipway_pool_free");
DEFINE_CLEANUP(struct pool *, pool_free)

/** pool_n_threads() - how many jobs it runs at once */
unsigned int pool_n_threads(const struct pool *p);

/**
 * pool_run() - run job(ctx, 0), …, job(ctx, n - 1), in any order, side by side; wait for all
 * @p: NULL runs them in order in the caller
 * @job: returns 0 or a negative errno with @e set
 * @e: the message of the failed job with the lowest number, of those that ran
 * Return: 0; the failed job's code (jobs not yet started are skipped); -ECANCELED after pool_cancel()
 */
int pool_run(struct pool *p, size_t n, int (*job)(void *ctx, size_t i, struct err *e), void *ctx,
	     struct err *e) must_check;

/** pool_cancel() - no further job is started; safe in a signal handler */
void pool_cancel(struct pool *p);
bool pool_cancelled(const struct pool *p);

/**
 * pool_check() - between the steps of long work that is one job: does it still have to be done?
 * @p: may be NULL
 * Return: 0; -ECANCELED after pool_cancel()
 */
int pool_check(const struct pool *p, struct err *e) must_check;
