/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of an EROFS image is in an older one already: what an update that copies blocks would save.
 *
 *     same_blocks OLD NEW
 *
 * prints, in thousandths, how many of the new image's blocks of contents, and of all its blocks, occur
 * anywhere in the old image.
 */
#include <stdio.h>

#include "base/source.h"
#include "stage1/fs/erofs_read.h"

struct digests {
	uint8_t (*v)[SHA256_BYTES];
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

static int digest_blocks(const struct source *src, struct digests *ret, struct err *e)
{
	uint8_t block[EROFS_BLOCK_BYTES];

	ret->n = (size_t)(src->size_bytes / EROFS_BLOCK_BYTES);
	ret->v = calloc(ret->n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_oom(e);
	for (size_t i = 0; i < ret->n; i++) {
		int r = source_pread(src, i * EROFS_BLOCK_BYTES, block, sizeof(block), e);
		if (r < 0)
			return r;
		sha256_bytes(block, sizeof(block), ret->v[i]);
	}
	return 0;
}

struct first {
	struct erofs_reader *r;
	uint64_t at;
};

/* Contents lie behind all else: they begin with the one that begins first. */
static int see_content(void *ctx, const char *path unused_, const struct fs_stat *st, struct err *e)
{
	struct first *f = ctx;
	struct erofs_inode inode;
	struct erofs_mapped m = { .at = UINT64_MAX };

	int r = S_ISREG(st->mode) ? erofs_read_inode(f->r, st->ino, &inode, e) : 1;
	if (r != 0 || inode.size_bytes < EROFS_BLOCK_BYTES || inode.layout == EROFS_CHUNKED)
		return MIN(r, 0);
	if (inode.layout == EROFS_COMPRESSED_FULL || inode.layout == EROFS_COMPRESSED_COMPACT)
		r = erofs_map(f->r, &inode, 0, &m, e);
	else
		m.at = (uint64_t)inode.u * EROFS_BLOCK_BYTES;
	f->at = MIN(f->at, m.at);
	return r;
}

static int find_contents(const struct source *src, uint64_t *ret_at, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	struct first f = { .at = UINT64_MAX };

	int r = fs_reader_open(src, &reader, e);
	if (r == 0 && !str_eq(reader->ops->name, "erofs"))
		r = err_set(e, -EINVAL, "%s is not erofs", reader->ops->name);
	if (r < 0)
		return r;
	f.r = (struct erofs_reader *)reader;
	r = fs_reader_walk(reader, see_content, &f, e);
	*ret_at = f.at;
	return r;
}

static uint64_t thousandths(const struct digests *old, const struct digests *new, uint64_t from)
{
	uint64_t found = 0;

	for (uint64_t i = from; i < new->n; i++)
		found += bsearch(new->v[i], old->v, old->n, sizeof(*old->v), compare) != NULL;
	return from < new->n ? 1000 * found / (new->n - from) : 0;
}

static int run(char **argv, struct err *e)
{
	_cleanup_source_ struct source old = SOURCE_INIT, new = SOURCE_INIT;
	struct digests had = { 0 }, has = { 0 };
	uint64_t contents_at = 0;

	int r = source_open(&old, argv[1], e);
	r = r < 0 ? r : source_open(&new, argv[2], e);
	r = r < 0 ? r : digest_blocks(&old, &had, e);
	r = r < 0 ? r : digest_blocks(&new, &has, e);
	r = r < 0 ? r : find_contents(&new, &contents_at, e);
	if (r == 0) {
		qsort(had.v, had.n, sizeof(*had.v), compare);
		printf("%llu %llu\n",
		       (unsigned long long)thousandths(&had, &has, contents_at / EROFS_BLOCK_BYTES),
		       (unsigned long long)thousandths(&had, &has, 0));
	}
	free(had.v);
	free(has.v);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 3) {
		fprintf(stderr, "usage: same_blocks OLD NEW\n");
		return 2;
	}
	if (run(argv, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	return 0;
}
