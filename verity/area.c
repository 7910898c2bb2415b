/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"
#include "verity/geometry.h"

int verity_area_root_hash(const struct source *hash, uint8_t root_hash[VERITY_ROOT_HASH_BYTES],
			  struct err *e)
{
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];
	struct verity_geometry g;
	struct verity_params p;

	int r = source_pread(hash, 0, sb, sizeof(sb), e);
	if (r == 0)
		r = verity_superblock_parse(sb, sizeof(sb), &p, e);
	if (r == 0)
		r = verity_geometry_init(&g, &p, e);
	if (r == 0 && g.n_levels == 0)
		r = err_set(e, -ENODATA, "a single data block has no hash tree");
	if (r < 0)
		return r;
	_cleanup_(sha256_free) struct sha256 *s = sha256_new();
	_cleanup_free_ uint8_t *top = malloc(p.hash_block_bytes);
	if (!s || !top)
		return err_oom(e);
	r = source_pread(hash, p.hash_block_bytes, top, p.hash_block_bytes, e);
	if (r < 0)
		return r;
	sha256_update(s, p.salt, p.salt_bytes);
	sha256_update(s, top, p.hash_block_bytes);
	sha256_final(s, root_hash);
	return 0;
}
