/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/geometry.h"

#define BLOCK_BYTES_MIN 512
#define BLOCK_BYTES_MAX (512 * KiB)

static int check_sizes(const struct verity_params *p, struct err *e)
{
	const uint32_t sizes[] = { p->data_block_bytes, p->hash_block_bytes };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (!is_power_of_2(sizes[i]) || sizes[i] < BLOCK_BYTES_MIN ||
		    sizes[i] > BLOCK_BYTES_MAX)
			return err_set(
				e, -EINVAL,
				"%s block of %u bytes: must be a power of two from 512 to 524288",
				i ? "hash" : "data", sizes[i]);
	if (p->data_blocks == 0)
		return err_set(e, -EINVAL, "no data blocks: there is nothing to protect");
	if (p->salt_bytes > VERITY_SALT_MAX_BYTES)
		return err_set(e, -EINVAL, "salt of %zu bytes: at most %d", p->salt_bytes,
			       VERITY_SALT_MAX_BYTES);
	return 0;
}

int verity_geometry_init(struct verity_geometry *ret, const struct verity_params *p, struct err *e)
{
	struct verity_geometry g = { 0 };
	int r = check_sizes(p, e);

	if (r < 0)
		return r;
	/* A tree over less than 2^63 bytes has fewer blocks than the data, so no sum here wraps. */
	if (mul_overflows(p->data_blocks, p->data_block_bytes, &g.data_bytes) ||
	    g.data_bytes > INT64_MAX)
		return err_set(e, -EOVERFLOW, "%llu data blocks are more than 2^63 bytes",
			       (unsigned long long)p->data_blocks);
	uint64_t per_block = p->hash_block_bytes / VERITY_ROOT_HASH_BYTES;
	for (uint64_t n = p->data_blocks; n > 1; g.n_levels++) {
		n = div_round_up(n, per_block);
		g.level_blocks[g.n_levels] = n;
	}
	g.total_blocks = 1;
	for (unsigned int level = g.n_levels; level-- > 0;) {
		g.level_first_block[level] = g.total_blocks;
		g.total_blocks += g.level_blocks[level];
	}
	if (mul_overflows(g.total_blocks, p->hash_block_bytes, &g.total_bytes) ||
	    g.total_bytes > INT64_MAX)
		return err_set(e, -EOVERFLOW, "the hash tree has more than 2^63 bytes");
	*ret = g;
	return 0;
}

uint64_t verity_area_bytes(const struct verity_params *p)
{
	struct verity_geometry g;
	struct err e = { 0 };

	return verity_geometry_init(&g, p, &e) < 0 ? 0 : g.total_bytes;
}
