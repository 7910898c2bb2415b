/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/sink.h"

/*
 * "<dir>/.<name>.<pid>.part": one program never writes the same output twice at once. Whoever writes
 * holds a lock on the file, so that one without a lock was left by a process that was killed.
 */
static char *part_path(const char *path)
{
	const char *name = path_last(path);

	return str_printf("%.*s.%s.%ld.part", (int)(name - path), path, name, (long)getpid());
}

static bool is_part_of(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return entry[0] == '.' && strncmp(entry + 1, name, len) == 0 && entry[1 + len] == '.' &&
	       strspn(entry + 2 + len, "0123456789") > 0 &&
	       str_eq(entry + 2 + len + strspn(entry + 2 + len, "0123456789"), ".part");
}

/* Removes what killed processes left of this output. What cannot be removed is no error. */
static void remove_stale(const char *dir, const char *path)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		if (!is_part_of(entry->d_name, path_last(path)))
			continue;
		_cleanup_close_ int fd = openat(dirfd(d), entry->d_name,
						O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		closedir(d);
}

/* A file with a name, ours from when it is locked: a process that removes stale ones may come first. */
static int create_part(const char *part, mode_t mode)
{
	struct stat st;

	for (;;) {
		unlink(part);
		_cleanup_close_ int fd =
			open(part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd < 0)
			return -errno;
		(void)flock(fd, LOCK_EX);
		if (fstat(fd, &st) < 0)
			return -errno;
		if (st.st_nlink)
			return TAKE_FD(fd);
	}
}

int outfile_open(struct outfile *o, const char *path, mode_t mode, struct err *e)
{
	_cleanup_free_ char *dir = path_dir(path);
	_cleanup_outfile_ struct outfile new = OUTFILE_INIT;

	new.path = strdup(path);
	if (!dir || !new.path)
		return err_oom(e);
	remove_stale(dir, path);
	new.fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (new.fd >= 0)
		(void)flock(new.fd, LOCK_EX | LOCK_NB); /* it will have a name for a moment */
	if (new.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		new.part = part_path(path);
		if (!new.part)
			return err_oom(e);
		new.fd = create_part(new.part, mode);
		if (new.fd < 0)
			return err_sys(e, new.fd, "write %s", path);
	}
	if (new.fd < 0 || fchmod(new.fd, mode) < 0)
		return err_sys(e, -errno, "write %s", path);
	*o = new;
	new = (struct outfile)OUTFILE_INIT;
	return 0;
}

/* A file without a name gets one first: linkat() cannot replace, rename() can. */
static int give_name(struct outfile *o, struct err *e)
{
	char proc[64];

	o->part = part_path(o->path);
	if (!o->part)
		return err_oom(e);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", o->fd);
	unlink(o->part);
	if (linkat(AT_FDCWD, proc, AT_FDCWD, o->part, AT_SYMLINK_FOLLOW) < 0) {
		int r = -errno;
		free(TAKE_PTR(o->part));
		return err_sys(e, r, "write %s", o->path);
	}
	return 0;
}

int outfile_commit(struct outfile *o, struct err *e)
{
	if (!o->part) {
		int r = give_name(o, e);
		if (r < 0)
			return r;
	}
	if (rename(o->part, o->path) < 0)
		return err_sys(e, -errno, "write %s", o->path);
	free(TAKE_PTR(o->part));
	outfile_done(o);
	return 0;
}

void outfile_done(struct outfile *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (o->part)
		unlink(o->part);
	free(o->part);
	free(o->path);
	*o = (struct outfile)OUTFILE_INIT;
}

int outfile_write(const char *path, mode_t mode, const void *data, size_t len, struct err *e)
{
	_cleanup_outfile_ struct outfile o = OUTFILE_INIT;
	struct sink s;

	int r = outfile_open(&o, path, mode, e);
	if (r < 0)
		return r;
	sink_init_fd(&s, o.fd);
	r = sink_pwrite(&s, 0, data, len, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	return outfile_commit(&o, e);
}
