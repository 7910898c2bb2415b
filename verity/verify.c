/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/geometry.h"
#include "verity/hasher.h"

/* Blocks whose digests must be the ones that lie packed in @expected. */
struct check_run {
	const struct hasher *hasher;
	const struct source *blocks, *expected;
	uint64_t first_block; /* number of the first one, for messages */
	uint64_t n_blocks;
	uint32_t block_bytes;
	const char *what; /* "data" or "hash" */
};

/* The bytes of a source, copied only where it is not addressable. */
static int view(const struct source *s, uint64_t off, size_t len, uint8_t **copy,
		const uint8_t **ret, struct err *e)
{
	if (s->bytes) {
		*ret = s->bytes + off;
		return 0;
	}
	uint8_t *p = malloc(len);
	if (!p)
		return err_oom(e);
	*copy = p;
	*ret = p;
	return source_pread(s, off, p, len, e);
}

static int check_chunk(void *ctx, size_t i, struct err *e)
{
	const struct check_run *c = ctx;
	uint64_t per_chunk = verity_chunk_blocks(c->block_bytes), first = i * per_chunk;
	size_t n = (size_t)MIN(per_chunk, c->n_blocks - first);
	size_t digest_bytes = n * VERITY_ROOT_HASH_BYTES;
	_cleanup_free_ uint8_t *copy = NULL, *want_copy = NULL, *digests = malloc(digest_bytes);
	const uint8_t *data = NULL, *want = NULL;

	if (!digests)
		return err_oom(e);
	int r = view(c->blocks, first * c->block_bytes, n * c->block_bytes, &copy, &data, e);
	if (r >= 0)
		r = view(c->expected, first * VERITY_ROOT_HASH_BYTES, digest_bytes, &want_copy,
			 &want, e);
	if (r >= 0)
		r = hasher_run(c->hasher, data, c->block_bytes, n, digests, e);
	if (r < 0)
		return err_wrap(e, r, "%s block %llu", c->what,
				(unsigned long long)(c->first_block + first));
	for (size_t k = 0; k < n; k++)
		if (memcmp(digests + k * VERITY_ROOT_HASH_BYTES, want + k * VERITY_ROOT_HASH_BYTES,
			   VERITY_ROOT_HASH_BYTES) != 0)
			return err_set(e, -EBADMSG,
				       "%s block %llu: its hash differs from the one %s", c->what,
				       (unsigned long long)(c->first_block + first + k),
				       c->expected->size_bytes == VERITY_ROOT_HASH_BYTES
					       ? "expected as the root hash"
					       : "in the level above");
	return 0;
}

static int check_blocks(const struct check_run *c, struct pool *pool, struct err *e)
{
	uint64_t n_jobs = div_round_up(c->n_blocks, verity_chunk_blocks(c->block_bytes));

	return pool_run(pool, (size_t)n_jobs, check_chunk, (void *)(uintptr_t)c, e);
}

/* From @from to the end of the hash block that it lies in; nothing if it is on a block's start. */
static int check_zero(const struct source *hash, uint32_t block_bytes, uint64_t from, struct err *e)
{
	_cleanup_free_ uint8_t *copy = NULL;
	const uint8_t *bytes = NULL;
	size_t len = (size_t)(align_up(from, block_bytes) - from);

	if (len == 0)
		return 0;
	int r = view(hash, from, len, &copy, &bytes, e);
	for (size_t i = 0; i < len && r >= 0; i++)
		if (bytes[i])
			r = err_set(e, -EBADMSG, "hash block %llu: byte %llu must be zero",
				    (unsigned long long)(from / block_bytes),
				    (unsigned long long)((from + i) % block_bytes));
	return r;
}

/* A level, and then what it holds digests of, down to the data. */
static int check_levels(const struct verity_params *p, const struct verity_geometry *g,
			const struct source *data, const struct source *hash,
			const struct hasher *h, const uint8_t *root_hash, struct err *e)
{
	struct source expected, level;
	uint64_t n_below;

	source_init_bytes(&expected, root_hash, VERITY_ROOT_HASH_BYTES);
	for (unsigned int i = g->n_levels; i-- > 0;) {
		uint64_t at = g->level_first_block[i] * p->hash_block_bytes;
		int r = source_init_window(&level, hash, at,
					   g->level_blocks[i] * p->hash_block_bytes, e);
		if (r < 0)
			return r;
		struct check_run c = {
			.hasher = h,
			.blocks = &level,
			.expected = &expected,
			.first_block = g->level_first_block[i],
			.n_blocks = g->level_blocks[i],
			.block_bytes = p->hash_block_bytes,
			.what = "hash",
		};
		r = check_blocks(&c, p->pool, e);
		if (r < 0)
			return r;
		n_below = i > 0 ? g->level_blocks[i - 1] : p->data_blocks;
		r = check_zero(hash, p->hash_block_bytes, at + n_below * VERITY_ROOT_HASH_BYTES, e);
		if (r < 0)
			return r;
		expected = level;
	}
	struct check_run c = {
		.hasher = h,
		.blocks = data,
		.expected = &expected,
		.n_blocks = p->data_blocks,
		.block_bytes = p->data_block_bytes,
		.what = "data",
	};
	return check_blocks(&c, p->pool, e);
}

static int read_superblock(const struct source *hash, struct verity_params *p, struct err *e)
{
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];

	if (hash->size_bytes < sizeof(sb))
		return err_set(e, -ERANGE, "verity superblock: the hash area has only %llu bytes",
			       (unsigned long long)hash->size_bytes);
	int r = source_pread(hash, 0, sb, sizeof(sb), e);
	return r < 0 ? r : verity_superblock_parse(sb, sizeof(sb), p, e);
}

int verity_verify(const struct source *data, const struct source *hash,
		  const uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct pool *pool, struct err *e)
{
	_cleanup_hasher_ struct hasher h = HASHER_INIT;
	struct verity_geometry g;
	struct verity_params p;

	int r = read_superblock(hash, &p, e);
	if (r >= 0)
		r = verity_geometry_init(&g, &p, e);
	if (r < 0)
		return r;
	p.pool = pool;
	if (data->size_bytes < g.data_bytes || hash->size_bytes < g.total_bytes)
		return err_set(
			e, -ERANGE, "the %s area has %llu bytes, the superblock says %llu",
			data->size_bytes < g.data_bytes ? "data" : "hash",
			(unsigned long long)(data->size_bytes < g.data_bytes ? data->size_bytes
									     : hash->size_bytes),
			(unsigned long long)(data->size_bytes < g.data_bytes ? g.data_bytes
									     : g.total_bytes));
	r = check_zero(hash, p.hash_block_bytes, VERITY_SUPERBLOCK_BYTES, e);
	if (r >= 0)
		r = hasher_init(&h, HASHER_AUTO, p.salt, p.salt_bytes, e);
	return r < 0 ? r : check_levels(&p, &g, data, hash, &h, root_hash, e);
}
