/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/fs.h"
#include "stage1/fs/reader.h"

static const struct fs_writer *const writers[] = { &fs_writer_erofs, &fs_writer_ext4,
						   &fs_writer_vfat };
static const struct fs_reader_type *const types[] = { &fs_reader_type_erofs, &fs_reader_type_ext4,
						      &fs_reader_type_vfat };

const struct fs_writer *fs_writer_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		if (str_eq(writers[i]->name, name))
			return writers[i];
	}
	return NULL;
}

void fs_plan_free(struct fs_plan *plan)
{
	if (plan)
		plan->writer->free(plan);
}

const char *fs_reader_probe(const struct source *src)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i]->probe(src))
			return types[i]->name;
	return NULL;
}

int fs_reader_open(const struct source *src, struct fs_reader **ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!types[i]->probe(src))
			continue;
		int r = types[i]->open(src, ret, e);
		return r < 0 ? err_wrap(e, r, "%s", types[i]->name) : 0;
	}
	return err_set(e, -EINVAL, "not a filesystem that we know");
}

void fs_reader_free(struct fs_reader *r)
{
	if (r)
		r->ops->done(r);
}

struct find {
	const char *name;
	size_t len;
	uint64_t ino;
};

static int find_name(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e unused_)
{
	struct find *f = ctx;

	if (len != f->len || memcmp(name, f->name, len) != 0)
		return 0;
	f->ino = ino;
	return 1;
}

int fs_reader_append(struct fs_reader *r, const struct fs_stat *st, struct buf *to, struct err *e)
{
	uint8_t *room = buf_grow(to, (size_t)st->size_bytes + 1);
	size_t got = 0;

	if (!room)
		return err_oom(e);
	int x = r->ops->read(r, st->ino, 0, room, (size_t)st->size_bytes, &got, e);
	if (x < 0)
		return x;
	room[got] = '\0';
	to->len += got;
	return 0;
}

int fs_reader_lookup(struct fs_reader *r, const char *path, uint64_t *ret_ino, struct err *e)
{
	uint64_t ino = r->root_ino;
	const char *p = path;

	for (p += strspn(p, "/"); *p; p += strspn(p, "/")) {
		struct find f = { .name = p, .len = strcspn(p, "/") };
		struct fs_stat st;
		int n = r->ops->stat(r, ino, &st, e);
		if (n < 0)
			return n;
		n = S_ISDIR(st.mode) ? r->ops->readdir(r, ino, find_name, &f, e) : 0;
		if (n < 0)
			return n;
		if (n == 0)
			return err_set(e, -ENOENT, "/%s: no such file", path + strspn(path, "/"));
		ino = f.ino;
		p += f.len;
	}
	*ret_ino = ino;
	return 0;
}

const char *fs_type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "nothing known";
	}
}
