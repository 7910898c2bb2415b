/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where the levels of a hash tree lie, and the superblock's bytes. For verity/, and for who breaks trees. */
#include "verity/verity.h"

#define VERITY_MAX_LEVELS 64

struct verity_geometry {
	unsigned int n_levels; /* 0: the root hash is that of the only data block */
	/* Level 0 holds the data blocks' digests. In hash blocks; the superblock is in block 0. */
	uint64_t level_first_block[VERITY_MAX_LEVELS];
	uint64_t level_blocks[VERITY_MAX_LEVELS];
	uint64_t total_blocks; /* the superblock's included */
	uint64_t data_bytes, total_bytes;
};

/**
 * verity_geometry_init() - check sizes and lay out the levels
 * Return: 0; -EINVAL; -EOVERFLOW
 */
int verity_geometry_init(struct verity_geometry *g, const struct verity_params *p,
			 struct err *e) must_check;

/** verity_superblock_put() - VERITY_SUPERBLOCK_BYTES at @sb; @p has a checked geometry */
void verity_superblock_put(const struct verity_params *p, uint8_t *sb);

/** verity_root_hash() - verity_build() that keeps no tree; @data is long enough */
int verity_root_hash(const struct verity_params *p, const struct source *data,
		     uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct err *e) must_check;

/** verity_chunk_blocks() - how many blocks one job of the pool hashes */
static inline uint64_t verity_chunk_blocks(uint32_t block_bytes)
{
	return block_bytes >= MiB ? 1 : MiB / block_bytes;
}
