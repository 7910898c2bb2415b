/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/compression.h"

#include <lz4hc.h>

/* zstd's levels above 19 take larger windows, and with them a reader's memory. */
const struct fs_algorithm fs_algorithms[FS_N_COMPRESSIONS] = {
	[FS_PLAIN] = { .name = "none" },
	[FS_LZ4] = { .name = "lz4" },
	[FS_LZ4HC] = { "lz4hc", 3, 12, 9 },
	[FS_ZSTD] = { "zstd", 1, 19, 9 },
};

_Static_assert(LZ4HC_CLEVEL_MIN <= 3 && LZ4HC_CLEVEL_MAX >= 12, "lz4hc has these levels");

bool fs_cluster_fits(uint64_t bytes)
{
	return is_power_of_2(bytes) && bytes >= FS_CLUSTER_MIN_BYTES &&
	       bytes <= FS_CLUSTER_MAX_BYTES;
}
