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

struct download;

/* Where content goes that is not to stay in memory, and that may have come in part already. */
struct download_ops {
	/*
	 * Its turn has come. @ret_offset: how much is there from an earlier time. -EEXIST: all of it
	 * is, and no other function is called.
	 */
	int (*begin)(struct download *d, uint64_t *ret_offset, struct err *e);
	/* The next bytes. */
	int (*write)(struct download *d, const void *data, size_t len, struct err *e);
	/* Nothing of what is there counts: the next bytes are the first. */
	int (*restart)(struct download *d, struct err *e);
	/*
	 * That was the last byte: check it and keep it. -EBADMSG: the digest is another, and nothing
	 * was kept; begin() may be called again.
	 */
	int (*commit)(struct download *d, struct err *e);
	/* It does not come to its end; @keep: what there is can be resumed. */
	void (*abort)(struct download *d, bool keep);
};

struct download {
	const char *base;      /* address without a slash at its end */
	const char *path;      /* below it, as it is: escaping is done here */
	uint64_t size_bytes;   /* exact; UINT64_MAX: not known */
	uint64_t max_bytes;    /* more than this is an error, where the size is not known */
	struct buf *buf;       /* receives the content; NULL: @ops do */
	const uint8_t *sha256; /* of what goes into @buf; NULL: not known */
	const struct download_ops *ops;
	void *ctx;	     /* for @ops */
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
 *         -EBADMSG wrong size or digest; -EIO; -ETIMEDOUT; or what the ops return;
 *         -ECANCELED
 */
int download_run(struct download *items, size_t n, const struct download_params *p,
		 struct err *e) must_check;
