/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Compression inside of a filesystem: the algorithms, and what each can be told. */
#include <stdint.h>

#include "base/util.h"

enum fs_compression { FS_PLAIN, FS_LZ4, FS_LZ4HC, FS_ZSTD, FS_N_COMPRESSIONS };

/* A cluster is what is compressed together: so much on the disk at most; a power of 2. */
#define FS_CLUSTER_MIN_BYTES ((uint32_t)(4 * KiB))
#define FS_CLUSTER_MAX_BYTES ((uint32_t)MiB)

struct fs_algorithm {
	const char *name;			       /* as in recipes: "none", "lz4", … */
	int level_least, level_greatest, level_normal; /* all 0: it has none */
};

/*
 * What levels there are does not depend on the library's version, though that may know others: a recipe
 * means the same everywhere.
 */
extern const struct fs_algorithm fs_algorithms[FS_N_COMPRESSIONS];

/** fs_cluster_fits() - can clusters be of that size? */
bool fs_cluster_fits(uint64_t bytes);
