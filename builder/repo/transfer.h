/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One place in a run of downloads: an easy handle and the item that it is busy with. */
#include <curl/curl.h>

#include "builder/repo/download.h"

/* What all transfers of a run share. */
struct transfer_run {
	const struct download_limits *limits;
	const char *what;
	struct progress *progress;
	uint64_t done_bytes, total_bytes; /* total: of those items whose size is known */
};

enum transfer_state { TRANSFER_IDLE, TRANSFER_RUNNING, TRANSFER_WAITING };

struct transfer {
	struct transfer_run *run;
	enum transfer_state state;
	CURL *easy;
	struct sha256 *hash; /* of the first @have bytes of what goes into memory */
	struct download *item;
	uint64_t have;	     /* bytes that the item's file or buffer holds */
	uint64_t asked_from; /* this try asked for the bytes from here on */
	uint64_t
		range_start; /* the server says that it sends from here; UINT64_MAX: it does not say */
	bool answered;	     /* this try: something of the content came */
	unsigned int tries;
	uint64_t not_before_ms; /* while waiting */
	struct err err;		/* set by a callback; code is 0 while all is well */
	char curl_says[CURL_ERROR_SIZE];
};

int transfer_init(struct transfer *t, struct transfer_run *run, struct err *e) must_check;
/** transfer_done() - what is unfinished is kept for resuming */
void transfer_done(struct transfer *t);

/** transfer_begin() - take an item; what is there already is counted in @have */
int transfer_begin(struct transfer *t, struct download *item, struct err *e) must_check;

/** transfer_prepare() - make the easy handle ready for the next try */
int transfer_prepare(struct transfer *t, struct err *e) must_check;

/**
 * transfer_end() - curl has come to its end with this item
 * Return: 0, and the state is idle, or waiting for its next try; negative errno for good
 */
int transfer_end(struct transfer *t, CURLcode code, uint64_t now_ms, struct err *e) must_check;
