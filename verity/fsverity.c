/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/fsverity.h"

#include "verity/geometry.h"

#define VERSION		 1
#define ALGORITHM_SHA256 1

/* struct fsverity_descriptor. */
enum {
	AT_VERSION = 0,
	AT_ALGORITHM = 1,
	AT_LOG_BLOCK_BYTES = 2,
	AT_SIZE = 8,
	AT_ROOT_HASH = 16,
	DESCRIPTOR_BYTES = 256,
};

int fsverity_digest(const struct source *src, struct pool *pool, uint8_t ret[SHA256_BYTES],
		    struct err *e)
{
	const struct verity_params p = { .data_block_bytes = VERITY_BLOCK_BYTES,
					 .hash_block_bytes = VERITY_BLOCK_BYTES,
					 .data_blocks = src->size_bytes / VERITY_BLOCK_BYTES,
					 .pool = pool };
	uint8_t descriptor[DESCRIPTOR_BYTES] = { 0 };

	if (!src->size_bytes || src->size_bytes % VERITY_BLOCK_BYTES)
		return err_set(e, -EINVAL, "%llu bytes are not a multiple of %d",
			       (unsigned long long)src->size_bytes, VERITY_BLOCK_BYTES);
	int r = verity_root_hash(&p, src, descriptor + AT_ROOT_HASH, e);
	if (r < 0)
		return r;
	descriptor[AT_VERSION] = VERSION;
	descriptor[AT_ALGORITHM] = ALGORITHM_SHA256;
	descriptor[AT_LOG_BLOCK_BYTES] = 12;
	put_le64(descriptor + AT_SIZE, src->size_bytes);
	sha256_bytes(descriptor, sizeof(descriptor), ret);
	return 0;
}
