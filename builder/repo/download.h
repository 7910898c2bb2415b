/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Downloads by libcurl: http, https and file addresses, several at once over few connections,
 * resumed, tried again when the network is at fault, checked by size and SHA-256 while they arrive.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/progress.h"

struct download_limits {
	unsigned int connections;
	unsigned int tries;	    /* of one file, for errors that may pass */
	unsigned int backoff_ms;    /* before the second try; doubles with each */
	unsigned int stall_seconds; /* a transfer that stands still this long has failed */
};

/* The usual: 8 connections, 5 tries, 500 ms, 30 s. */
extern const struct download_limits download_limits_default;

struct download {
	const char *base;      /* address without a slash at its end */
	const char *path;      /* below it, as it is: escaping is done here */
	uint64_t size_bytes;   /* exact; UINT64_MAX: not known */
	uint64_t max_bytes;    /* more than this is an error, where the size is not known */
	const uint8_t *sha256; /* NULL: not known */
	struct buf *buf;       /* receives the content; NULL: a file does: */
	/* Called when its turn comes; sets @fd, whose content is resumed if it is a beginning. */
	int (*begin)(struct download *d, struct err *e);
	/* It is whole and right. */
	int (*commit)(struct download *d, struct err *e);
	/* It is not; @keep: what there is can be resumed. Called only between begin and commit. */
	void (*abort)(struct download *d, bool keep);
	int fd;
	void *ctx;	     /* the caller's */
	bool may_be_missing; /* not there: @missing is set, and it is no error */
	bool missing;
};

struct download_params {
	const struct download_limits *limits; /* NULL: the usual */
	const char *what;		      /* names the step for progress */
	struct progress *progress;	      /* or NULL */
	const struct pool *cancel;	      /* or NULL */
};

/**
 * download_run() - all of @items, side by side
 * Return: 0; for the first one that failed, with its address in the message: -ENOENT it is not there;
 *         -EBADMSG wrong size or digest; -EIO; -ETIMEDOUT; or what begin() and commit() return;
 *         -ECANCELED
 */
int download_run(struct download *items, size_t n, const struct download_params *p,
		 struct err *e) must_check;
