/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A disk, and what was written over it, in memory: the disk itself is never written. What differs can
 * be told to the byte, and costs as much as it is.
 */
#include "base/sink.h"
#include "base/source.h"

#define OVERLAY_BLOCK_BYTES 4096

struct overlay {
	struct source src; /* the altered disk: valid while the overlay is */
	struct sink sink;  /* writes into it */
	const struct source *base;
	struct overlay_block *blocks; /* sorted by number */
	size_t n, cap;
};

/** overlay_init() - nothing is altered yet; @base is borrowed; @o must stay where it is */
void overlay_init(struct overlay *o, const struct source *base);
void overlay_done(struct overlay *o);

/** overlay_resize() - cut the disk, or let it grow by zeros; once */
void overlay_resize(struct overlay *o, uint64_t size_bytes);

/**
 * overlay_differences() - call @fn for each longest run of bytes that differ from the base, in order;
 *                         what is behind the end of either is zero
 * @fn: not 0 ends it
 * Return: 0; what @fn returned; what reading the base returns
 */
int overlay_differences(const struct overlay *o,
			int (*fn)(void *ctx, uint64_t offset, uint64_t len, struct err *e),
			void *ctx, struct err *e) must_check;

/**
 * overlay_save_raw() - the altered disk as a new file, which is a sparse copy of the base
 * @path: replaced if it is there
 */
int overlay_save_raw(const struct overlay *o, const char *path, struct err *e) must_check;

/**
 * overlay_save_qcow2() - a new snapshot that holds what was altered, for machines
 * @backing: absolute path of the base
 * @disk_bytes: grow the disk to this; 0: as large as it is
 * @path: replaced if it is there
 */
int overlay_save_qcow2(const struct overlay *o, const char *backing, uint64_t disk_bytes,
		       const char *path, struct err *e) must_check;
