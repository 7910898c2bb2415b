/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A disk of a node's own, which outlives its machines: what befalls it from outside, and how it is then. */
#include "qemu-tests/cases/cases.h"

/**
 * node_disk_make() - a copy of the case's image as a new node has it
 * @root_bytes: beyond the image's end, for the root partition
 * @ret: its path, in the case's scratch directory
 */
int node_disk_make(const struct vm_case_context *ctx, const char *name, uint64_t root_bytes,
		   char **ret, struct err *e) must_check;

/** node_disk_delete_root() - take the root partition out of the table; -ENOENT there is none */
int node_disk_delete_root(const char *disk, struct err *e) must_check;

/** node_disk_wipe_root() - zeros over the superblock of the root partition; -ENOENT there is none */
int node_disk_wipe_root(const char *disk, struct err *e) must_check;

/** node_disk_root_start() - the first 64 KiB of the root partition, appended to @out; -ENOENT */
int node_disk_root_start(const char *disk, struct buf *out, struct err *e) must_check;

/**
 * node_disk_check_root() - is its file system sound once the journal has been replayed? By e2fsck, on a copy.
 * @scratch_dir: where the copy is made, and removed
 * Return: 0, also if there is no root partition yet; -EBADMSG it is not, with e2fsck's words; -ENOENT no e2fsck
 */
int node_disk_check_root(const char *disk, const char *scratch_dir, struct err *e) must_check;
