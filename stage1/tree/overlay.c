/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/overlay.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/strv.h"
#include "stage1/tree/merge.h"
#include "stage1/tree/usr_merge.h"

#define MAX_DEPTH	 64
#define MAX_TARGET_BYTES 4095

struct overlay {
	struct tree *t;
	struct tree_meta meta;
};

static int add_dir(const struct overlay *o, int dirfd, const char *path, unsigned int depth,
		   struct err *e) must_check;

static void close_dir(DIR *d)
{
	closedir(d);
}
DEFINE_CLEANUP(DIR *, close_dir)

/* @fd: borrowed */
static int list_names(int fd, struct strv *names, struct err *e)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_dir) DIR *d = own >= 0 ? fdopendir(own) : NULL;

	if (!d) {
		int r = -errno;
		if (own >= 0)
			close(own);
		return err_sys(e, r, "list");
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(d);
		if (!entry)
			break;
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		if (strv_add(names, entry->d_name) < 0)
			return err_oom(e);
	}
	if (errno)
		return err_sys(e, -errno, "list");
	strv_sort(names);
	return 0;
}

static int add_file(const struct overlay *o, int dirfd, const char *name, const char *path,
		    mode_t mode, struct err *e)
{
	struct tree_meta meta = o->meta;
	struct blob *blob;

	int r = blob_new_file(dirfd, name, &blob, e);
	if (r < 0)
		return r;
	meta.mode = mode & S_IXUSR ? 0755 : 0644;
	return tree_put_file(o->t, path, &meta, blob, NULL, e);
}

static int add_symlink(const struct overlay *o, int dirfd, const char *name, const char *path,
		       struct err *e)
{
	char target[MAX_TARGET_BYTES + 1];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n < 0)
		return err_sys(e, -errno, "%s", path);
	if (n == (ssize_t)sizeof(target))
		return err_set(e, -EINVAL, "%s: its target is too long", path);
	target[n] = '\0';
	return tree_put_symlink(o->t, path, &o->meta, target, NULL, e);
}

static int enter_dir(const struct overlay *o, int dirfd, const char *name, const char *path,
		     unsigned int depth, struct err *e)
{
	const struct tree_node *there = tree_lookup(o->t, path);
	struct tree_meta meta = o->meta;

	if (depth >= MAX_DEPTH)
		return err_set(e, -EINVAL, "%s: more than %d directories deep", path, MAX_DEPTH);
	if (there && tree_is_symlink(there))
		return err_set(e, -EINVAL,
			       "%s is a directory in the overlay and a symlink to %s in the "
			       "packages: put its files there",
			       path, there->inode->target);
	if (there && !tree_is_dir(there))
		return err_set(e, -EINVAL,
			       "%s is a directory in the overlay and none in the packages", path);
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	meta.mode = 0755;
	int r = there ? 0 : tree_add_dir(o->t, path, &meta, NULL, e);
	return r < 0 ? r : add_dir(o, fd, path, depth + 1, e);
}

static int add_entry(const struct overlay *o, int dirfd, const char *name, const char *path,
		     unsigned int depth, struct err *e)
{
	const struct tree_node *there = tree_lookup(o->t, path);
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, -errno, "%s", path);
	if (S_ISDIR(st.st_mode) && depth == 0 && usr_merge_name(name) == strlen(name)) {
		_cleanup_free_ char *merged = str_printf("usr/%s", name);
		if (!merged)
			return err_oom(e);
		int r = usr_merge_link(o->t, name, o->meta.mtime, e);
		return r < 0 ? r : enter_dir(o, dirfd, name, merged, depth, e);
	}
	if (S_ISDIR(st.st_mode))
		return enter_dir(o, dirfd, name, path, depth, e);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return err_set(e, -EINVAL, "%s is no regular file, symlink or directory", path);
	if (depth == 0 && usr_merge_name(name) == strlen(name))
		return err_set(
			e, -EINVAL,
			"%s is a symlink to usr/%s in every image: only a directory of this name "
			"may be in the overlay",
			path, path);
	if (there && tree_is_dir(there))
		return err_set(e, -EINVAL,
			       "%s is a directory in the packages and none in the overlay", path);
	return S_ISREG(st.st_mode) ? add_file(o, dirfd, name, path, st.st_mode, e)
				   : add_symlink(o, dirfd, name, path, e);
}

static int add_dir(const struct overlay *o, int dirfd, const char *path, unsigned int depth,
		   struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;

	int r = list_names(dirfd, &names, e);
	if (r < 0)
		return err_wrap(e, r, "%s", *path ? path : ".");
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *sub = str_printf("%s%s%s", path, *path ? "/" : "", names.v[i]);
		if (!sub)
			return err_oom(e);
		r = add_entry(o, dirfd, names.v[i], sub, depth, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int tree_overlay(struct tree *t, const struct tree_overlay_params *p, struct err *e)
{
	struct overlay o = { .t = t, .meta = { .mtime = p->time } };

	o.meta.origin = tree_add_origin(t, TREE_ORIGIN_OVERLAY, p->name, NULL);
	if (!o.meta.origin)
		return err_oom(e);
	_cleanup_close_ int fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "%s", p->dir);
	int r = add_dir(&o, fd, "", 0, e);
	return r < 0 ? err_wrap(e, r, "overlay %s", p->dir) : 0;
}
