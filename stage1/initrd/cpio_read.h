/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Reading the archives that the kernel unpacks: cpio in the "newc" format, of any origin.
 * Spec: Linux, Documentation/driver-api/early-userspace/buffer-format.rst
 */
#include "base/err.h"

struct cpio_entry {
	const char *name; /* as in the archive, NUL-terminated */
	uint32_t ino, mode, uid, gid, nlink, mtime;
	uint32_t dev_major, dev_minor, rdev_major, rdev_minor, check;
	const uint8_t *data;
	size_t len;
	size_t at; /* where its header begins */
};

/** cpio_probe() - does a newc archive begin here? */
bool cpio_probe(const void *data, size_t len);

/**
 * cpio_read() - the next entry of an archive in memory
 * @at: 0 at first; moved behind the entry, and at the end behind the trailer and its padding
 * @ret: points into @data
 * Return: 1 an entry; 0 the end; -EBADMSG with the offset
 */
int cpio_read(const void *data, size_t len, size_t *at, struct cpio_entry *ret,
	      struct err *e) must_check;
