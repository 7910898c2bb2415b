/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/files.h"

#include <sys/stat.h>

#include "base/near.h"
#include "base/path.h"
#include "base/strv.h"

#define DEFAULT_PARTITION "usr-a"
#define TARGET_MAX	  4096

static bool is_chosen(const struct image_partition *p, const char *choice)
{
	uint64_t number;

	if (parse_u64(choice, 10, &number) == 0)
		return p->entry.number == number;
	return str_eq(p->name, choice) || str_eq(p->entry.label, choice) ||
	       (p->known && str_eq(layout_type_name(p->type), choice));
}

/* A label is not unique; a type means the first of it. */
static bool is_ambiguous(const struct image_partition *p, const char *choice)
{
	return str_eq(p->entry.label, choice) && !str_eq(p->name, choice) &&
	       !(p->known && str_eq(layout_type_name(p->type), choice));
}

static int no_partition(const struct image *disk, const char *choice, struct err *e)
{
	_cleanup_buf_ struct buf names = BUF_INIT;

	for (size_t i = 0; i < disk->n_partitions; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", disk->partitions[i].name);
	if (buf_failed(&names))
		return err_oom(e);
	return err_set(e, -ENOENT, "no partition %s: choose one with --partition; there are %s",
		       choice, names.len ? buf_str(&names) : "none");
}

static int choose(const struct image *disk, const char *choice, const struct image_partition **ret,
		  struct err *e)
{
	const struct image_partition *found = NULL;

	for (size_t i = 0; i < disk->n_partitions; i++) {
		const struct image_partition *p = &disk->partitions[i];
		if (!is_chosen(p, choice))
			continue;
		if (found && is_ambiguous(p, choice))
			return err_set(e, -ENOTUNIQ,
				       "partitions %u and %u have the label %s: choose by number",
				       found->entry.number, p->entry.number, choice);
		if (!found)
			found = p;
	}
	*ret = found;
	return found ? 0 : no_partition(disk, choice, e);
}

static int open_disk(struct image_files *f, const char *choice, struct err *e)
{
	int r = image_open(&f->src, &f->disk, e);
	if (r == 0)
		r = choose(f->disk, choice ? choice : DEFAULT_PARTITION, &f->partition, e);
	if (r < 0)
		return r;
	r = image_partition_open(f->disk, f->partition, &f->reader, e);
	return r < 0 ? err_wrap(e, r, "partition %u (%s)", f->partition->entry.number,
				f->partition->name)
		     : 0;
}

static int open_it(struct image_files *f, const char *choice, struct err *e)
{
	if (image_probe(&f->src))
		return open_disk(f, choice, e);
	if (choice)
		return err_set(e, -EINVAL,
			       "has no partitions: leave --partition out for a filesystem's image");
	return fs_reader_open(&f->src, &f->reader, e);
}

int image_files_open(const char *path, const char *partition, struct image_files **ret,
		     struct err *e)
{
	_cleanup_(image_files_free) struct image_files *f = calloc(1, sizeof(*f));

	if (!f)
		return err_oom(e);
	f->src = (struct source)SOURCE_INIT;
	int r = source_open(&f->src, path, e);
	if (r < 0)
		return r;
	r = open_it(f, partition, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	*ret = TAKE_PTR(f);
	return 0;
}

void image_files_free(struct image_files *f)
{
	if (!f)
		return;
	fs_reader_free(f->reader);
	image_free(f->disk);
	source_done(&f->src);
	free(f);
}

struct find {
	const char *name;
	size_t len;
	uint64_t ino;
	bool found;
	struct strv others;
};

static int find_name(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e)
{
	struct find *f = ctx;

	if (len == f->len && memcmp(name, f->name, len) == 0) {
		f->ino = ino;
		f->found = true;
		return 1;
	}
	return strv_addf(&f->others, "%.*s", (int)len, name) < 0 ? err_oom(e) : 0;
}

/* @n_parents: how much of the path is there. */
static int not_there(const struct image_files *f, const char *path, size_t n_parents,
		     const struct find *x, struct err *e)
{
	_cleanup_free_ char *name = strndup(x->name, x->len);

	if (!name)
		return err_oom(e);
	const char *near = near_name(name, (const char *const *)x->others.v, x->others.n);
	_cleanup_free_ char *quoted = path_quote(near ? near : "");
	if (!quoted)
		return err_oom(e);
	if (near)
		return err_set(e, -ENOENT, "/%s: no such file in the image; did you mean /%.*s%s?",
			       path, (int)n_parents, path, quoted);
	if (f->partition && f->partition->type == LAYOUT_USR && n_parents == 0 &&
	    str_eq(name, "usr"))
		return err_set(e, -ENOENT,
			       "/%s: no such file in the image: %s is /usr itself, leave usr/ out",
			       path, f->partition->name);
	return err_set(e, -ENOENT, "/%s: no such file in the image; slipway ls says what is there",
		       path);
}

static int not_a_dir(const struct image_files *f, const struct fs_stat *st, const char *path,
		     size_t len, struct err *e)
{
	char target[TARGET_MAX + 1];
	size_t n = 0;

	if (!S_ISLNK(st->mode))
		return err_set(e, -ENOTDIR, "/%.*s: is no directory", (int)len, path);
	int r = f->reader->ops->read(f->reader, st->ino, 0, target, TARGET_MAX, &n, e);
	if (r < 0)
		return r;
	target[n] = 0;
	_cleanup_free_ char *quoted = path_quote(target);
	return quoted ? err_set(e, -ENOTDIR,
				"/%.*s: is a symlink to %s, and none is followed: name its target",
				(int)len, path, quoted)
		      : err_oom(e);
}

/* One name further down; *st is its directory's, then its own. */
static int step(const struct image_files *f, const char *path, const char *name, size_t len,
		struct fs_stat *st, struct err *e)
{
	struct fs_reader *reader = f->reader;
	struct find x = { .name = name, .len = len, .others = STRV_INIT };
	size_t n_parents = (size_t)(name - path);

	if (!S_ISDIR(st->mode))
		return not_a_dir(f, st, path, n_parents - (n_parents > 0), e);
	/* What is unpacked goes by this name: not even an image that has it has its way. */
	if (len == 2 && memcmp(name, "..", 2) == 0)
		return err_set(e, -ENOENT, "/%s: there is no way up in an image", path);
	int r = reader->ops->readdir(reader, st->ino, find_name, &x, e);
	if (r >= 0)
		r = x.found ? reader->ops->stat(reader, x.ino, st, e)
			    : not_there(f, path, n_parents, &x, e);
	strv_done(&x.others);
	return r;
}

int image_files_find(const struct image_files *f, const char *path, struct fs_stat *ret,
		     struct err *e)
{
	const char *top = path + strspn(path, "/");
	struct fs_stat st;

	int r = f->reader->ops->stat(f->reader, f->reader->root_ino, &st, e);
	for (const char *p = top; r == 0 && *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");
		if (len != 1 || *p != '.')
			r = step(f, top, p, len, &st, e);
		p += len;
	}
	if (r == 0)
		*ret = st;
	return r;
}

char *image_files_name(const char *path)
{
	const char *last = path;
	size_t n = 0;

	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		if (len && !(len == 1 && *p == '.')) {
			last = p;
			n = len;
		}
		p += len + strspn(p + len, "/");
	}
	return strndup(last, n);
}
