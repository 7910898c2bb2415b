/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Downloading the packages of a lock: several at once, resumed, checked while they arrive. */
#include "builder/repo/download.h"
#include "builder/repo/lock.h"

/*
 * Where packages are kept, by digest. fetch_packages() calls it from one thread only. A package that
 * is on its way is a file opened by begin(); what is in it already is read again and resumed.
 */
struct fetch_store {
	/* Is it there, whole? */
	bool (*has)(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], uint64_t size_bytes);
	/* @ret_fd: open for reading and writing, owned by the caller until commit() or abort() */
	int (*begin)(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], int *ret_fd,
		     struct err *e);
	/* The content is whole and its digest right; @fd is taken, on failure too. */
	int (*commit)(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES],
		      uint64_t size_bytes, int fd, struct err *e);
	/* It did not come to its end; @keep: what there is may be resumed. @fd is taken. */
	void (*abort)(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], int fd, bool keep);
};

struct fetch_params {
	const struct mirror_set *mirrors;
	struct fetch_store *store;
	struct progress *progress;	      /* or NULL */
	const struct pool *cancel;	      /* pool_cancelled() of it ends the work; or NULL */
	const struct download_limits *limits; /* NULL: the usual ones */
};

/**
 * fetch_packages() - bring every package of @l that the store lacks
 * The first file that cannot be had ends the work; what was complete by then stays in the store.
 * Return: 0; -ENOENT the mirror lacks a file; -EBADMSG it serves another or a shorter one; -ECANCELED;
 *         -EIO or another negative errno; the message names the file, its mirror and what to do
 */
int fetch_packages(const struct lock *l, const struct fetch_params *p, struct err *e) must_check;

/** fetch_missing() - how many packages, and bytes, of @l the store lacks */
size_t fetch_missing(const struct lock *l, struct fetch_store *store, uint64_t *ret_bytes);
