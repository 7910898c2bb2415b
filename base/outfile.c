/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outfile.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/sink.h"

/* "<dir>/.<name>.<pid>.part": one program never writes the same output twice at once. */
static char *part_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path + 1) : 0;

	return str_printf("%.*s.%s.%ld.part", dir_len, path, path + dir_len, (long)getpid());
}

static char *dir_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int outfile_open(struct outfile *o, const char *path, mode_t mode, struct err *e)
{
	_cleanup_free_ char *dir = dir_path(path);
	_cleanup_outfile_ struct outfile new = OUTFILE_INIT;

	new.path = strdup(path);
	if (!dir || !new.path)
		return err_oom(e);
	new.fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (new.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		new.part = part_path(path);
		if (!new.part)
			return err_oom(e);
		unlink(new.part);
		new.fd = open(new.part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
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
