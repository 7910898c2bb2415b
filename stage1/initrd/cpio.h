/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The archive that the kernel unpacks as its first root: cpio in the "newc" format. Inodes are
 * numbered in the order of the walk, so that the same tree gives the same bytes.
 */
#include "base/sink.h"
#include "stage1/tree/tree.h"

/** cpio_bytes() - the length of the archive of a tree */
int cpio_bytes(const struct tree *t, uint64_t *ret, struct err *e) must_check;

/**
 * cpio_write() - the archive, written from offset 0 on, in order and without gaps
 * @t: its inodes' numbers are set
 * @time: later mtimes become this one, earlier than 1970 become 0
 * Return: 0; -EFBIG a file of 4 GiB or more; -ENOMEM; what the sink returned
 * Spec: Linux, Documentation/driver-api/early-userspace/buffer-format.rst
 */
int cpio_write(const struct tree *t, int64_t time, struct sink *out, struct err *e) must_check;
