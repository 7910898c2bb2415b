/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parents come first, each is opened from the top by single names, none of which may be a symlink:
 * whatever stands in the image or in the directory, nothing leads out of it.
 */
#include "builder/audit/extract.h"

#include <fcntl.h>
#include <search.h>
#include <sys/stat.h>

#include "builder/audit/extract_internal.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct extract_link {
	uint64_t ino;
	char *path; /* of the first name */
};

static int cmp_links(const void *a, const void *b)
{
	uint64_t x = ((const struct extract_link *)a)->ino,
		 y = ((const struct extract_link *)b)->ino;

	return x < y ? -1 : x > y;
}

static void link_free(void *p)
{
	free(((struct extract_link *)p)->path);
	free(p);
}

/* The directory of a path below the top: -errno */
static int open_dir(int top, const char *path)
{
	int fd = fcntl(top, F_DUPFD_CLOEXEC, 3);

	while (fd >= 0 && *path) {
		char name[1024 + 1]; /* as long as a walk gives any */
		size_t len = strcspn(path, "/");
		if (len >= sizeof(name)) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, len);
		name[len] = 0;
		int next = openat(fd, name, OPEN_DIR), code = errno;
		close(fd);
		errno = code;
		fd = next;
		path += len + (path[len] == '/');
	}
	return fd < 0 ? -errno : fd;
}

/* Into x->parent, which is mostly what it was for the file before. */
static int use_parent(struct extract *x, const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	*ret_name = slash ? slash + 1 : path;
	if (x->parent_path && strlen(x->parent_path) == len &&
	    memcmp(x->parent_path, path, len) == 0)
		return 0;
	free(x->parent_path);
	x->parent_path = strndup(path, len);
	if (x->parent >= 0)
		close(x->parent);
	x->parent = x->parent_path ? open_dir(x->top, x->parent_path) : -1;
	if (!x->parent_path)
		return err_oom(e);
	return x->parent < 0 ? extract_fail(x, x->parent_path, x->parent, e) : 0;
}

static int remember_dir(struct extract *x, const char *path, const struct fs_stat *st,
			struct err *e)
{
	if (x->n_dirs == x->cap_dirs) {
		size_t cap = x->cap_dirs ? 2 * x->cap_dirs : 64;
		struct extract_dir *v = reallocarray(x->dirs, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		x->dirs = v;
		x->cap_dirs = cap;
	}
	x->dirs[x->n_dirs] = (struct extract_dir){ strdup(path), *st };
	return x->dirs[x->n_dirs++].path ? 0 : err_oom(e);
}

/* Makes room: only with --force is anything taken away, and never a directory. */
static int clear(struct extract *x, const struct extract_place *at, struct err *e)
{
	struct stat st;

	if (fstatat(at->dir, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : extract_fail(x, at->path, -errno, e);
	if (!x->p->force)
		return extract_fail(x, at->path, -EEXIST, e);
	if (S_ISDIR(st.st_mode) && S_ISDIR(at->st->mode))
		return 0;
	if (S_ISDIR(st.st_mode))
		return extract_fail(x, at->path, -EISDIR, e);
	return unlinkat(at->dir, at->name, 0) < 0 ? extract_fail(x, at->path, -errno, e) : 0;
}

static int make_dir(struct extract *x, const struct extract_place *at, struct err *e)
{
	if (mkdirat(at->dir, at->name, 0700) < 0 && !(errno == EEXIST && x->p->force))
		return extract_fail(x, at->path, -errno, e);
	_cleanup_close_ int fd = openat(at->dir, at->name, OPEN_DIR);
	/* One that is replaced may not be written into; its mode is set at the end. */
	if (fd < 0 || fchmod(fd, 0700) < 0)
		return extract_fail(x, at->path, -errno, e);
	return remember_dir(x, at->path, at->st, e);
}

/* Return: 1 it is a further name of a file, and made; 0 it is not */
static int make_link(struct extract *x, const struct extract_place *at, struct err *e)
{
	struct extract_link key = { .ino = at->st->ino };
	struct extract_link **found = tfind(&key, &x->links, cmp_links);

	if (!found)
		return 0;
	const char *slash = strrchr((*found)->path, '/');
	_cleanup_free_ char *parent =
		strndup((*found)->path, slash ? (size_t)(slash - (*found)->path) : 0);
	if (!parent)
		return err_oom(e);
	_cleanup_close_ int fd = open_dir(x->top, parent);
	if (fd < 0)
		return extract_fail(x, parent, fd, e);
	if (linkat(fd, slash ? slash + 1 : (*found)->path, at->dir, at->name, 0) < 0)
		return extract_fail(x, at->path, -errno, e);
	return 1;
}

static int remember_link(struct extract *x, const struct extract_place *at, struct err *e)
{
	struct extract_link *l = calloc(1, sizeof(*l));

	if (!l)
		return err_oom(e);
	*l = (struct extract_link){ at->st->ino, strdup(at->path) };
	if (l->path && tsearch(l, &x->links, cmp_links))
		return 0;
	link_free(l);
	return err_oom(e);
}

static int make_other(struct extract *x, const struct extract_place *at, struct err *e)
{
	bool linked = at->st->nlink > 1 && S_ISREG(at->st->mode);
	int r = linked ? make_link(x, at, e) : 0;

	if (r)
		return r < 0 ? r : 0;
	r = extract_inode(x, at, e);
	return r == 0 && linked ? remember_link(x, at, e) : r;
}

/* @path: below the inode that is extracted. */
static int extract_one(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct extract *x = ctx;
	const char *name = x->p->name ? x->p->name : "";
	_cleanup_free_ char *whole = str_printf("%s%s%s", name, *name && *path ? "/" : "", path);
	struct extract_place at = { .path = whole, .st = st };

	if (!whole)
		return err_oom(e);
	int r = pool_check(x->p->pool, e);
	if (r < 0)
		return r;
	if (!*whole) /* the directory that others go into is the user's own */
		return S_ISDIR(st->mode) ? 0 : err_set(e, -EINVAL, "the root is no directory");
	r = use_parent(x, whole, &at.name, e);
	if (r < 0)
		return r;
	at.dir = x->parent;
	r = clear(x, &at, e);
	if (r == 0)
		r = S_ISDIR(st->mode) ? make_dir(x, &at, e) : make_other(x, &at, e);
	x->result->n_files += r == 0;
	return r;
}

/* From the innermost out: a directory that may not be entered is done after what is in it. */
static int finish_dirs(struct extract *x, struct err *e)
{
	for (size_t i = x->n_dirs; i-- > 0;) {
		const struct extract_dir *d = &x->dirs[i];
		_cleanup_close_ int fd = open_dir(x->top, d->path);
		int r = fd < 0 ? extract_fail(x, d->path, fd, e)
			       : extract_attributes(x, fd, &d->st, d->path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int count_bytes(void *ctx, const char *path unused_, const struct fs_stat *st,
		       struct err *e unused_)
{
	struct extract *x = ctx;

	if (S_ISREG(st->mode) && add_overflows(x->n_bytes_total, st->size_bytes, &x->n_bytes_total))
		x->n_bytes_total = UINT64_MAX;
	return 0;
}

static int open_top(struct extract *x, struct err *e)
{
	const char *dir = x->p->dir;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "%s", dir);
	x->top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return x->top < 0 ? err_sys(e, -errno, "%s", dir) : 0;
}

static void done(struct extract *x)
{
	for (size_t i = 0; i < x->n_dirs; i++)
		free(x->dirs[i].path);
	free(x->dirs);
	free(x->parent_path);
	tdestroy(x->links, link_free);
	if (x->parent >= 0)
		close(x->parent);
	if (x->top >= 0)
		close(x->top);
}

int extract_files(const struct extract_params *p, struct extract_result *ret, struct err *e)
{
	struct extract_result result = { 0 };
	struct extract x = {
		.p = p, .result = &result, .root = geteuid() == 0, .top = -1, .parent = -1
	};

	int r = fs_reader_walk_at(p->reader, p->ino, count_bytes, &x, e);
	if (r == 0)
		r = open_top(&x, e);
	if (r == 0)
		r = fs_reader_walk_at(p->reader, p->ino, extract_one, &x, e);
	if (r == 0)
		r = finish_dirs(&x, e);
	done(&x);
	if (r == 0)
		*ret = result;
	return r;
}
