/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Writing a tar archive of regular files, all of them root's: ustar, which every tar reads. */
#include "base/buf.h"
#include "base/err.h"

/**
 * tar_put_file() - append one file, mode 0644
 * @path: relative
 * @mtime: seconds since 1970, not before
 * Return: 0; -ENAMETOOLONG a path that ustar cannot hold; -EFBIG 8 GiB or more, or a time that does
 *         not fit; a failed append shows in buf_failed()
 * Spec: POSIX.1-2017, pax, "ustar Interchange Format"
 */
int tar_put_file(struct buf *out, const char *path, int64_t mtime, const void *data, size_t len,
		 struct err *e) must_check;

/** tar_put_end() - the two blocks of zeros that end an archive */
void tar_put_end(struct buf *out);
