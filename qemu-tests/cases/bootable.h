/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the boot loader of a node's disk could start, looked at from outside. */
#include "base/err.h"

struct bootable {
	unsigned int kernels; /* images that the boot loader offers */
	/* What it does not offer. */
	unsigned int empty; /* a kernel image's name, without content */
	unsigned int begun; /* under other names, what is to become one */
};

/**
 * bootable_check() - has each kernel image on the ESP its /usr on the disk, whole?
 * @disk: raw; no machine runs on it
 * @ret: untouched on failure
 *
 * The root hash of the command line names the partitions; all of their hash tree is computed anew.
 *
 * Return: 0; -EBADMSG one has not, or is no kernel image; -ENOENT no ESP, or nothing on it; other errors of reading
 */
int bootable_check(const char *disk, struct bootable *ret, struct err *e) must_check;
