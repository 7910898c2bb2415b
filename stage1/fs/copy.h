/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Contents, from where they are mapped straight to their place in an image: a list of copies, run in
 * jobs of a few megabytes side by side. Zeros are left out.
 */
#include <stdatomic.h>

#include "stage1/fs/fs.h"

struct fs_copy {
	const uint8_t *data;
	uint64_t len, to;
};

struct fs_copies {
	struct fs_copy *v;
	size_t n, cap;
	uint64_t total_bytes;
	/* while it runs */
	size_t *job; /* first copy of each job, and then n */
	size_t n_jobs;
	atomic_ullong done_bytes;
	const char *what;
	struct sink *s;
	struct progress *progress;
};

/** fs_copies_add() - @len bytes to go to @to in the image; they are borrowed; Return: 0; -ENOMEM */
int fs_copies_add(struct fs_copies *c, const void *data, uint64_t len, uint64_t to,
		  struct err *e) must_check;

/**
 * fs_copies_run() - write all of them
 * @what: for the progress; static
 * Return: 0; what the sink returned; -ENOMEM; -ECANCELED
 */
int fs_copies_run(struct fs_copies *c, const char *what, const struct fs_params *p, struct sink *s,
		  struct err *e) must_check;

void fs_copies_done(struct fs_copies *c);
#define _cleanup_fs_copies_ __attribute__((cleanup(fs_copies_done)))
