/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Compression of one stream that is written in order, in forms that the kernel unpacks. The result
 * depends on the content and the level, and not on the number of threads or the size of the writes.
 */
#include "base/sink.h"

enum compress_type { COMPRESS_NONE, COMPRESS_ZSTD };

struct compress_params {
	enum compress_type type;
	int level;		/* 0: the default */
	uint64_t size_bytes;	/* how much will be written */
	unsigned int n_threads; /* at least 1 */
};

struct compress;

/**
 * compress_new() - compress what is written to compress_sink() into @out
 * @out: borrowed; written from offset 0 on
 * Return: 0; -EINVAL bad level; -ENOTSUP this libzstd has no threads; -ENOMEM
 * Spec: RFC 8878, with content size and checksum
 */
int compress_new(const struct compress_params *p, struct sink *out, struct compress **ret,
		 struct err *e) must_check;

/** compress_sink() - takes bytes in order: each write starts where the last one ended, or is -ESPIPE */
struct sink *compress_sink(struct compress *c);

/**
 * compress_finish() - write the end
 * @ret_bytes: length of the result; may be NULL
 * Return: 0; -EINVAL not as much was written as announced; what @out returned
 */
int compress_finish(struct compress *c, uint64_t *ret_bytes, struct err *e) must_check;

void compress_free(struct compress *c);
DEFINE_CLEANUP(struct compress *, compress_free)
