/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/geometry.h"
#include "verity/hasher.h"

#include <errno.h>
#include <stdatomic.h>

/* One level's digests: those of all blocks of a source. */
struct level_run {
	const struct hasher *hasher;
	const struct source *src;
	uint32_t block_bytes;
	uint64_t n_blocks;
	uint8_t *digests;
	const uint8_t *zero_digest; /* of a block of zeros: holes are not read; NULL: they are */
	struct progress *progress;  /* NULL but for the data blocks */
	atomic_uint_fast64_t done_bytes;
};

/* A file on a filesystem that tells of holes. */
static bool is_hole(const struct source *s, uint64_t off, size_t len)
{
	if (s->fd < 0)
		return false;
	off_t data = lseek(s->fd, (off_t)off, SEEK_DATA);
	return data < 0 ? errno == ENXIO : (uint64_t)data >= off + len;
}

static int hash_chunk(void *ctx, size_t i, struct err *e)
{
	struct level_run *l = ctx;
	uint64_t per_chunk = verity_chunk_blocks(l->block_bytes), first = i * per_chunk;
	size_t n = (size_t)MIN(per_chunk, l->n_blocks - first), bytes = n * l->block_bytes;
	uint8_t *digests = l->digests + first * VERITY_ROOT_HASH_BYTES;
	_cleanup_free_ uint8_t *copy = NULL;
	const uint8_t *data;

	if (l->zero_digest && is_hole(l->src, first * l->block_bytes, bytes)) {
		for (size_t k = 0; k < n; k++)
			memcpy(digests + k * VERITY_ROOT_HASH_BYTES, l->zero_digest,
			       VERITY_ROOT_HASH_BYTES);
		return 0;
	}
	if (l->src->bytes) {
		data = l->src->bytes + first * l->block_bytes;
	} else {
		data = copy = malloc(bytes);
		if (!copy)
			return err_oom(e);
		int r = source_pread(l->src, first * l->block_bytes, copy, bytes, e);
		if (r < 0)
			return err_wrap(e, r, "data block %llu", (unsigned long long)first);
	}
	int r = hasher_run(l->hasher, data, l->block_bytes, n, digests, e);
	if (r < 0 || !l->progress)
		return r;
	uint64_t done = atomic_fetch_add(&l->done_bytes, bytes) + bytes;
	progress_update(l->progress, "hash tree", done, l->n_blocks * l->block_bytes);
	return 0;
}

static int run_level(struct level_run *l, struct pool *pool, struct err *e)
{
	uint64_t n_jobs = div_round_up(l->n_blocks, verity_chunk_blocks(l->block_bytes));

	return pool_run(pool, (size_t)n_jobs, hash_chunk, l, e);
}

/* All levels, from the data up; the digest of the single block on top is the root hash. */
static int build_levels(const struct verity_params *p, const struct verity_geometry *g,
			const struct hasher *h, const struct source *data, struct sink *out,
			uint8_t *root_hash, struct err *e)
{
	_cleanup_free_ uint8_t *below = NULL, *zeros = calloc(1, p->data_block_bytes);
	uint8_t zero_digest[VERITY_ROOT_HASH_BYTES];
	struct source level_below;
	struct level_run run = {
		.hasher = h,
		.src = data,
		.block_bytes = p->data_block_bytes,
		.n_blocks = p->data_blocks,
		.zero_digest = zero_digest,
		.progress = p->progress,
	};

	if (!zeros)
		return err_oom(e);
	int r = hasher_run(h, zeros, p->data_block_bytes, 1, zero_digest, e);
	if (r < 0)
		return r;
	for (unsigned int level = 0; level < g->n_levels; level++) {
		uint64_t bytes = g->level_blocks[level] * p->hash_block_bytes;
		_cleanup_free_ uint8_t *digests = calloc(1, bytes);
		if (!digests)
			return err_oom(e);
		run.digests = digests;
		r = run_level(&run, p->pool, e);
		if (r >= 0 && out)
			r = sink_pwrite(out, g->level_first_block[level] * p->hash_block_bytes,
					digests, bytes, e);
		if (r < 0)
			return r;
		free(below);
		below = TAKE_PTR(digests);
		source_init_bytes(&level_below, below, bytes);
		run = (struct level_run){
			.hasher = h,
			.src = &level_below,
			.block_bytes = p->hash_block_bytes,
			.n_blocks = g->level_blocks[level],
		};
	}
	run.digests = root_hash;
	return run_level(&run, NULL, e);
}

int verity_root_hash(const struct verity_params *p, const struct source *data,
		     uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct err *e)
{
	_cleanup_hasher_ struct hasher h = HASHER_INIT;
	struct verity_geometry g;

	int r = verity_geometry_init(&g, p, e);
	if (r == 0)
		r = hasher_init(&h, HASHER_AUTO, p->salt, p->salt_bytes, e);
	return r < 0 ? r : build_levels(p, &g, &h, data, NULL, root_hash, e);
}

int verity_build(const struct verity_params *p, const struct source *data, struct sink *out,
		 uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct err *e)
{
	_cleanup_hasher_ struct hasher h = HASHER_INIT;
	uint8_t root[VERITY_ROOT_HASH_BYTES];
	struct verity_geometry g;

	int r = verity_geometry_init(&g, p, e);
	if (r < 0)
		return err_wrap(e, r, "hash tree");
	if (data->size_bytes < g.data_bytes)
		return err_set(e, -EIO, "hash tree: the data area has %llu bytes, %llu expected",
			       (unsigned long long)data->size_bytes,
			       (unsigned long long)g.data_bytes);
	_cleanup_free_ uint8_t *first_block = calloc(1, p->hash_block_bytes);
	if (!first_block)
		return err_oom(e);
	verity_superblock_put(p, first_block);
	r = sink_pwrite(out, 0, first_block, p->hash_block_bytes, e);
	if (r >= 0)
		r = hasher_init(&h, HASHER_AUTO, p->salt, p->salt_bytes, e);
	if (r >= 0)
		r = build_levels(p, &g, &h, data, out, root, e);
	if (r < 0)
		return err_wrap(e, r, "hash tree");
	memcpy(root_hash, root, sizeof(root));
	return 0;
}
