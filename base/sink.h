/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where output goes: a file, memory, or a window of another sink. What was never written reads as
 * zeros, so that writers skip zeros and files stay sparse. Different ranges may be written from
 * several threads at once, except in memory.
 */
#include "base/buf.h"
#include "base/err.h"

struct sink;

struct sink_ops {
	int (*pwrite)(struct sink *s, uint64_t off, const void *data, size_t len, struct err *e);
};

struct sink {
	const struct sink_ops *ops;
	uint64_t limit_bytes; /* nothing may be written at or past it */
	struct buf *buf;
	struct sink *parent;
	uint64_t offset;
	int fd;
};

/** sink_init_buf() - writes into @b, which grows (with zeros) as needed; @b is borrowed */
void sink_init_buf(struct sink *s, struct buf *b);

/** sink_init_fd() - writes into a file from its offset 0; @fd is borrowed */
void sink_init_fd(struct sink *s, int fd);

/** sink_init_window() - @len bytes of @parent from @off on; @parent is borrowed */
void sink_init_window(struct sink *s, struct sink *parent, uint64_t off, uint64_t len);

/**
 * sink_pwrite() - all of @len bytes at @off
 * Return: 0; -ENOSPC past the sink's limit or on a full disk; other negative errno
 */
int sink_pwrite(struct sink *s, uint64_t off, const void *data, size_t len,
		struct err *e) must_check;
