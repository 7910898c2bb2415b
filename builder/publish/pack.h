/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Files as nodes fetch them: as they are, or as xz, which is what systemd-pull of Debian 13 can read of
 * what compresses well (gzip and bzip2 are the others; it would take zstd for the content itself).
 */
#include "base/pool.h"
#include "base/progress.h"
#include "base/source.h"

enum publish_compression { PUBLISH_XZ, PUBLISH_PLAIN };

struct publish_pack_params {
	enum publish_compression compression;
	const char *what;	   /* for the progress; lives as long as that */
	struct pool *pool;	   /* may be NULL */
	struct progress *progress; /* may be NULL */
};

struct publish_packed {
	uint64_t bytes;
	uint8_t sha256[SHA256_BYTES];
};

/**
 * publish_pack() - write a file as it is to be published
 * @fd: empty, written from its start; a hole where plain content has zeros
 *
 * The same content gives the same bytes, whatever the number of threads.
 * Return: 0; -ENOSPC and the like of writing; -ECANCELED; -ENOMEM
 */
int publish_pack(const struct source *in, int fd, const struct publish_pack_params *p,
		 struct publish_packed *ret, struct err *e) must_check;
