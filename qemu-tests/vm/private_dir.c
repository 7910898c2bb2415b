/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/vm/private_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* @fd: of the directory, which is ours by its lock */
static void remove_all(int fd, const char *path)
{
	DIR *d = fdopendir(dup(fd));

	for (struct dirent *de; d && (de = readdir(d));)
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			unlinkat(fd, de->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void remove_if_left(const char *path)
{
	_cleanup_close_ int fd = open_dir(path);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_all(fd, path);
}

/* What cannot be removed is no error. */
static void remove_left(const char *parent, const char *prefix)
{
	DIR *d = opendir(parent);

	for (struct dirent *de; d && (de = readdir(d));) {
		_cleanup_free_ char *path = str_has_prefix(de->d_name, prefix)
						    ? str_printf("%s/%s", parent, de->d_name)
						    : NULL;
		if (path)
			remove_if_left(path);
	}
	if (d)
		closedir(d);
}

/* Return: 1; 0 one who removes what was left was faster than our lock: once more; negative errno */
static int try_to_make(struct private_dir *d, const char *parent, const char *prefix)
{
	struct stat st;

	d->path = str_printf("%s/%sXXXXXX", parent, prefix);
	if (!d->path)
		return -ENOMEM;
	if (!mkdtemp(d->path))
		return -errno;
	d->fd = open_dir(d->path);
	if (d->fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(d->fd, LOCK_EX) < 0 || fstat(d->fd, &st) < 0)
		return -errno;
	return st.st_nlink > 0;
}

int private_dir_make(struct private_dir *d, const char *parent, const char *prefix, struct err *e)
{
	int r;

	remove_left(parent, prefix);
	while ((r = try_to_make(d, parent, prefix)) <= 0) {
		free(TAKE_PTR(d->path));
		cleanup_close_fd(&d->fd);
		d->fd = -1;
		if (r < 0)
			return err_sys(e, r, "make a directory %s/%s…", parent, prefix);
	}
	return 0;
}

void private_dir_remove(struct private_dir *d)
{
	if (d->path)
		remove_all(d->fd, d->path);
	cleanup_close_fd(&d->fd);
	free(d->path);
	*d = (struct private_dir)PRIVATE_DIR_INIT;
}
