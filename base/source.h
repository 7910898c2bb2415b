/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where input comes from: a file, memory, or a window of another source. All calls may be made from
 * several threads at once.
 */
#include "base/digest.h"
#include "base/err.h"

struct source;

struct source_ops {
	/* Reads exactly @len bytes at @off, which lie inside the source. */
	int (*pread)(const struct source *s, uint64_t off, void *data, size_t len, struct err *e);
	void (*done)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	uint64_t size_bytes;
	const uint8_t *bytes; /* the whole content where it is addressable, else NULL */
	const struct source *parent;
	uint64_t offset;
	int fd;
};

#define SOURCE_INIT                        \
	{                                  \
		NULL, 0, NULL, NULL, 0, -1 \
	}
#define _cleanup_source_ __attribute__((cleanup(source_done)))

/** source_init_bytes() - @data is borrowed and must outlive @s */
void source_init_bytes(struct source *s, const void *data, uint64_t len);

/**
 * source_init_fd() - a regular file or a block device; mapped where the kernel can
 * @fd: ownership moves to @s, on failure too
 * Return: 0; negative errno of lseek
 */
int source_init_fd(struct source *s, int fd, struct err *e) must_check;

/**
 * source_init_fd_unmapped() - source_init_fd() of a file that is being written: where a hole is read
 * through a mapping, some filesystems give it room, and a full one a SIGBUS
 */
int source_init_fd_unmapped(struct source *s, int fd, struct err *e) must_check;

/** source_open() - source_init_fd() of a path */
int source_open(struct source *s, const char *path, struct err *e) must_check;

/**
 * source_init_window() - @len bytes of @parent from @off on
 * @parent: borrowed, must outlive @s
 * Return: 0; -ERANGE if the window does not lie inside the parent
 */
int source_init_window(struct source *s, const struct source *parent, uint64_t off, uint64_t len,
		       struct err *e) must_check;

/**
 * source_pread() - exactly @len bytes at @off
 * Return: 0; -ERANGE past the end; -EIO it cannot be read, or became shorter; other negative errno
 */
int source_pread(const struct source *s, uint64_t off, void *data, size_t len,
		 struct err *e) must_check;

/**
 * source_sha256() - digest of the whole content
 * Return: 0; as source_pread(); -ENOMEM
 */
int source_sha256(const struct source *s, uint8_t out[SHA256_BYTES], struct err *e) must_check;

void source_done(struct source *s);
