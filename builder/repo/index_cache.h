/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Index files by digest, in the cache's index/ directory: InRelease and Packages.xz of every lock that
 * was made with this cache. Packages.xz need not be downloaded again; both can be archived with a lock.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/** index_cache_get() - what has this digest, into @buf; false: it is not there, or not right */
bool index_cache_get(const char *cache_dir, const uint8_t sha256[SHA256_BYTES], struct buf *buf);

/**
 * index_cache_put() - keep content under its digest
 * Return: 0; -ENOMEM; errno of writing
 */
int index_cache_put(const char *cache_dir, const uint8_t sha256[SHA256_BYTES],
		    const struct buf *buf, struct err *e) must_check;
