/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The way back from compress.h. */
#include "base/buf.h"
#include "base/err.h"

/** zstd_probe() - does a zstd frame begin here? */
bool zstd_probe(const void *data, size_t len);

/** zstd_is_one_frame() - is that all there is? The kernel takes each frame for an archive of its own. */
bool zstd_is_one_frame(const void *data, size_t len);

/**
 * zstd_decompress() - one or more frames, to the end of the data
 * @max_bytes: no more than this comes out
 * @ret: the content is appended
 * Return: 0; -EBADMSG damaged, cut short, or longer than @max_bytes; -ENOMEM
 */
int zstd_decompress(const void *data, size_t len, size_t max_bytes, struct buf *ret,
		    struct err *e) must_check;
