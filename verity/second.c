/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcryptsetup on all cores. It works in one thread, and on files of their own. A tree is made of
 * smaller ones, though: the hash blocks above the lowest are a tree over these, and each hash block of
 * the level above them is the top of a tree over 64 MiB of data. Each of these is put into memory with a
 * superblock of its own, and its root hash is what the level above says.
 */
#include <sys/mman.h>

#include "verity/geometry.h"

#define PIECE_BYTES ((size_t)(4 * MiB))

struct second {
	struct verity_params p;
	struct verity_geometry g;
	const struct source *data, *hash;
	uint64_t digests; /* in a hash block */
	uint64_t blocks;  /* of data below a hash block of level 1 */
};

/* A part of a source, as a file. */
struct stretch {
	const struct source *src;
	uint64_t off, len;
};

static int append(int fd, uint64_t *at, const struct stretch *x, struct err *e)
{
	size_t max = (size_t)MIN(PIECE_BYTES, x->len);
	_cleanup_free_ uint8_t *copy = NULL;
	struct sink s;
	int r = 0;

	if (!x->src->bytes && !(copy = malloc(max + 1)))
		return err_oom(e);
	sink_init_fd(&s, fd);
	for (uint64_t done = 0; r == 0 && done < x->len;) {
		size_t n = (size_t)MIN(max, x->len - done);
		if (copy)
			r = source_pread(x->src, x->off + done, copy, n, e);
		if (r == 0)
			r = sink_pwrite(&s, *at + done, copy ? copy : x->src->bytes + x->off + done,
					n, e);
		done += n;
	}
	*at += x->len;
	return r;
}

/* A superblock in a hash block of its own, and what follows it. */
static int hash_area(const struct second *s, uint64_t data_blocks, const struct stretch *v,
		     size_t n, int fd, struct err *e)
{
	struct verity_params p = s->p;
	uint64_t at = p.hash_block_bytes;
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];
	struct sink sink;

	p.data_blocks = data_blocks;
	verity_superblock_put(&p, sb);
	sink_init_fd(&sink, fd);
	int r = ftruncate(fd, (off_t)at) < 0 ? err_sys(e, -errno, "memory for a hash area")
					     : sink_pwrite(&sink, 0, sb, sizeof(sb), e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = append(fd, &at, &v[i], e);
	return r;
}

struct small_tree {
	struct stretch data;
	uint64_t data_blocks;
	struct stretch levels[2];
	size_t n_levels;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
};

static int verify_small(const struct second *s, const struct small_tree *t, struct err *e)
{
	_cleanup_close_ int data = memfd_create("data", MFD_CLOEXEC),
			    hash = memfd_create("hashes", MFD_CLOEXEC);
	char data_path[64], hash_path[64];
	uint64_t at = 0;

	if (data < 0 || hash < 0)
		return err_sys(e, -errno, "memory for a hash tree");
	int r = append(data, &at, &t->data, e);
	if (r == 0)
		r = hash_area(s, t->data_blocks, t->levels, t->n_levels, hash, e);
	if (r < 0)
		return r;
	snprintf(data_path, sizeof(data_path), "/proc/self/fd/%d", data);
	snprintf(hash_path, sizeof(hash_path), "/proc/self/fd/%d", hash);
	return verity_verify_cryptsetup(data_path, hash_path, t->root_hash, e);
}

static struct stretch hash_blocks(const struct second *s, uint64_t first, uint64_t n)
{
	return (struct stretch){ s->hash, first * s->p.hash_block_bytes,
				 n * s->p.hash_block_bytes };
}

/* All levels but the lowest, whose blocks are the data here. */
static int verify_top(const struct second *s, const uint8_t *root_hash, struct err *e)
{
	const struct verity_geometry *g = &s->g;
	struct small_tree t = {
		.data = hash_blocks(s, g->level_first_block[0], g->level_blocks[0]),
		.data_blocks = g->level_blocks[0],
		.levels = { hash_blocks(s, 1, g->level_first_block[0] - 1) },
		.n_levels = 1,
	};

	memcpy(t.root_hash, root_hash, sizeof(t.root_hash));
	return verify_small(s, &t, e);
}

/* The digest number @i of a level. */
static int digest_of(const struct second *s, unsigned int level, uint64_t i, uint8_t *ret,
		     struct err *e)
{
	return source_pread(s->hash,
			    s->g.level_first_block[level] * s->p.hash_block_bytes +
				    i * VERITY_ROOT_HASH_BYTES,
			    ret, VERITY_ROOT_HASH_BYTES, e);
}

/* The last one may be so short that it has fewer levels by itself: then its top is a level lower. */
static int verify_piece(void *ctx, size_t i, struct err *e)
{
	const struct second *s = ctx;
	uint64_t first = i * s->blocks, n = MIN(s->blocks, s->p.data_blocks - first);
	uint64_t n_low = div_round_up(n, s->digests), low = i * s->digests;
	struct small_tree t = {
		.data = { s->data, first * s->p.data_block_bytes, n * s->p.data_block_bytes },
		.data_blocks = n,
	};

	if (n > s->digests)
		t.levels[t.n_levels++] = hash_blocks(s, s->g.level_first_block[1] + i, 1);
	if (n > 1)
		t.levels[t.n_levels++] = hash_blocks(s, s->g.level_first_block[0] + low, n_low);
	int r = n > s->digests ? digest_of(s, 2, i, t.root_hash, e)
		: n > 1	       ? digest_of(s, 1, low, t.root_hash, e)
			       : digest_of(s, 0, first, t.root_hash, e);
	return r < 0 ? r : verify_small(s, &t, e);
}

/* Too small to be taken apart. */
static int verify_whole(const struct second *s, const uint8_t *root_hash, struct err *e)
{
	struct small_tree t = { .data = { s->data, 0, s->g.data_bytes },
				.data_blocks = s->p.data_blocks,
				.levels = { hash_blocks(s, 1, s->g.total_blocks - 1) },
				.n_levels = 1 };

	memcpy(t.root_hash, root_hash, sizeof(t.root_hash));
	return verify_small(s, &t, e);
}

int verity_verify_second(const struct source *data, const struct source *hash,
			 const uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct pool *pool,
			 struct err *e)
{
	struct second s = { .data = data, .hash = hash };
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];

	int r = source_pread(hash, 0, sb, sizeof(sb), e);
	if (r == 0)
		r = verity_superblock_parse(sb, sizeof(sb), &s.p, e);
	if (r == 0)
		r = verity_geometry_init(&s.g, &s.p, e);
	if (r < 0)
		return r;
	if (data->size_bytes < s.g.data_bytes || hash->size_bytes < s.g.total_bytes)
		return err_set(e, -ERANGE, "the superblock is of larger areas");
	if (s.g.n_levels < 3)
		return verify_whole(&s, root_hash, e);
	s.digests = s.p.hash_block_bytes / VERITY_ROOT_HASH_BYTES;
	s.blocks = s.digests * s.digests;
	/* By itself first: the library's own start is not made for threads. */
	r = verify_top(&s, root_hash, e);
	return r < 0 ? r
		     : pool_run(pool, (size_t)div_round_up(s.p.data_blocks, s.blocks), verify_piece,
				&s, e);
}
