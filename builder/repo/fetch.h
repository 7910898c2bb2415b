/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Downloading the packages of a lock: several at once, resumed, checked while they arrive. */
#include "builder/cache/cache.h"
#include "builder/repo/download.h"
#include "builder/repo/lock.h"

struct fetch_params {
	const struct mirror_set *mirrors;
	struct cache *cache;
	struct progress *progress;	      /* or NULL */
	const struct pool *cancel;	      /* pool_cancelled() of it ends the work; or NULL */
	const struct download_limits *limits; /* NULL: the usual ones */
};

/**
 * fetch_packages() - bring every package of @l that the cache lacks
 * The first file that cannot be had ends the work; what was complete by then stays in the cache.
 * Return: 0; -ENOENT the mirror lacks a file; -EBADMSG it serves another or a shorter one; -ECANCELED;
 *         -EIO or another negative errno; the message names the file, its mirror and what to do
 */
int fetch_packages(const struct lock *l, const struct fetch_params *p, struct err *e) must_check;

/** fetch_missing() - how many packages, and bytes, of @l the cache lacks */
size_t fetch_missing(const struct lock *l, struct cache *cache, uint64_t *ret_bytes);
