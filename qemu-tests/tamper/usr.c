/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places in /usr and in its hash tree. */
#include "qemu-tests/tamper/parts.h"

#define READ_BYTES_MAX (256 * MiB)

int tamper_usr_open(const struct tamper *t, struct tamper_usr *ret, struct err *e)
{
	uint8_t superblock[VERITY_SUPERBLOCK_BYTES];
	int r = tamper_partition(t, "usr-a", &ret->data, e);

	if (r == 0)
		r = tamper_partition(t, "usr-verity-a", &ret->hash, e);
	if (r == 0)
		r = source_pread(&ret->hash->src, 0, superblock, sizeof(superblock), e);
	if (r == 0)
		r = verity_superblock_parse(superblock, sizeof(superblock), &ret->params, e);
	if (r == 0)
		r = verity_geometry_init(&ret->geometry, &ret->params, e);
	return r;
}

static int open_file(const struct tamper_usr *u, const char *path, struct fs_reader **ret_reader,
		     uint64_t *ret_ino, struct fs_stat *ret_stat, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	int r = fs_reader_open(&u->data->src, &reader, e);

	if (r == 0)
		r = fs_reader_lookup(reader, path, ret_ino, e);
	if (r == 0)
		r = reader->ops->stat(reader, *ret_ino, ret_stat, e);
	if (r < 0)
		return err_wrap(e, r, "/usr/%s", path);
	if (!S_ISREG(ret_stat->mode))
		return err_set(e, -ENOENT, "/usr/%s is no file", path);
	*ret_reader = TAKE_PTR(reader);
	return 0;
}

struct wanted {
	uint64_t logical, offset;
	bool found;
};

/* The last extent that does not begin behind the wanted place holds it. */
static int keep_extent(void *ctx, const struct fs_extent *x, struct err *e unused_)
{
	struct wanted *w = ctx;

	if (x->own || x->len == 0 || x->logical > w->logical)
		return 0;
	/* Compressed extents are shorter in the image than their content. */
	w->offset = x->offset + MIN(w->logical - x->logical, x->len - 1);
	w->found = true;
	return 0;
}

int tamper_usr_block(const struct tamper_usr *u, const char *path, bool middle, uint64_t *ret_block,
		     struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	struct wanted w = { 0 };
	struct fs_stat st;
	uint64_t ino;
	int r = open_file(u, path, &reader, &ino, &st, e);

	if (r < 0)
		return r;
	if (middle)
		w.logical = st.size_bytes / 2;
	r = reader->ops->extents(reader, ino, keep_extent, &w, e);
	if (r < 0)
		return r;
	if (!w.found || w.offset >= u->geometry.data_bytes)
		return err_set(e, -ENOENT, "/usr/%s has no block of its own", path);
	*ret_block = w.offset / u->params.data_block_bytes;
	return 0;
}

int tamper_usr_read(const struct tamper_usr *u, const char *path, struct buf *ret, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	struct fs_stat st;
	uint64_t ino;
	int r = open_file(u, path, &reader, &ino, &st, e);

	if (r < 0)
		return r;
	if (st.size_bytes > READ_BYTES_MAX)
		return err_set(e, -EFBIG, "/usr/%s is too large", path);
	return fs_reader_append(reader, &st, ret, e);
}
