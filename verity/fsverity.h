/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * fs-verity's digest of a file: SHA-256 of a descriptor with the root hash of the file's Merkle tree. It is
 * a digest of all of the file, and unlike a plain SHA-256 is computed on all cores and leaves holes
 * out: a disk of gigabytes, most of them zeros, takes no time.
 */
#include "base/digest.h"
#include "base/pool.h"
#include "base/source.h"

/**
 * fsverity_digest() - what `fsverity digest` and FS_IOC_MEASURE_VERITY say of a file: SHA-256, blocks of 4096
 *                     bytes, no salt
 * @src:  of a multiple of 4096 bytes, at least one
 * @pool: may be NULL
 * Return: 0; -EINVAL another length; what reading returns; -ENOMEM; -ECANCELED
 * Spec: Documentation/filesystems/fsverity.rst of Linux
 */
int fsverity_digest(const struct source *src, struct pool *pool, uint8_t ret[SHA256_BYTES],
		    struct err *e) must_check;
