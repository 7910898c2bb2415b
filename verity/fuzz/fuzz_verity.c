/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a hash area of any bytes, and the data that it is over. Built by `make fuzz`. The
 * first two bytes are the length of the hash area, the rest of the input is the data. What is taken is
 * what would be built of it: superblock and tree, byte for byte.
 */
#include "verity/geometry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_superblock(const uint8_t *area, size_t len, struct verity_params *p)
{
	uint8_t again[VERITY_SUPERBLOCK_BYTES];
	struct err e;

	if (verity_superblock_parse(area, len, p, &e) < 0)
		return;
	verity_superblock_put(p, again);
	if (memcmp(area, again, sizeof(again)) != 0)
		abort();
}

static void check_tree(const struct verity_params *p, const struct source *data,
		       const struct source *area, const uint8_t *root_hash)
{
	_cleanup_buf_ struct buf built = BUF_INIT;
	uint8_t again[VERITY_ROOT_HASH_BYTES];
	struct sink s;
	struct err e;

	sink_init_buf(&s, &built);
	if (verity_build(p, data, &s, again, &e) < 0 ||
	    memcmp(again, root_hash, sizeof(again)) != 0 || built.len > area->size_bytes ||
	    memcmp(built.data, area->bytes, built.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES] = { 0 };
	struct verity_params p = { 0 };
	struct source area, rest;
	struct err e;

	size_t len = size < 2 ? 0 : get_le16(data);
	if (size < 2 + len)
		return 0;
	_cleanup_free_ uint8_t *copy = malloc(len ? len : 1); /* exact: a byte too far is seen */
	if (!copy)
		return 0;
	memcpy(copy, data + 2, len);
	source_init_bytes(&area, copy, len);
	source_init_bytes(&rest, data + 2 + len, size - 2 - len);
	check_superblock(copy, len, &p);
	if (verity_area_root_hash(&area, root_hash, &e) == 0 &&
	    verity_verify(&rest, &area, root_hash, NULL, &e) == 0)
		check_tree(&p, &rest, &area, root_hash);
	return 0;
}
