/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "builder/audit/extract_internal.h"

#define PIECE_BYTES (1 * MiB)
#define HOLE_BYTES  4096
#define TARGET_MAX  4096

int extract_fail(const struct extract *x, const char *path, int code, struct err *e)
{
	_cleanup_free_ char *quoted = path_quote(path);
	const char *slash = *path ? "/" : "";

	if (!quoted)
		return err_oom(e);
	if (code == -EEXIST)
		return err_set(e, code,
			       "%s%s%s: is there already: choose another directory, or say --force",
			       x->p->dir, slash, quoted);
	return err_sys(e, code, "%s%s%s", x->p->dir, slash, quoted);
}

/* Zeros become holes. */
static int write_piece(int fd, const uint8_t *data, size_t len, uint64_t off)
{
	static const uint8_t zeros[HOLE_BYTES];

	for (size_t at = 0, n; at < len; at += n) {
		n = MIN(len - at, (size_t)HOLE_BYTES);
		if (memcmp(data + at, zeros, n) == 0)
			continue;
		while (at + n < len &&
		       memcmp(data + at + n, zeros, MIN(len - at - n, (size_t)HOLE_BYTES)))
			n += MIN(len - at - n, (size_t)HOLE_BYTES);
		for (size_t done = 0; done < n;) {
			ssize_t w =
				pwrite(fd, data + at + done, n - done, (off_t)(off + at + done));
			if (w < 0 && errno != EINTR)
				return -errno;
			done += w > 0 ? (size_t)w : 0;
		}
	}
	return 0;
}

static int write_content(struct extract *x, int fd, const struct extract_place *at, struct err *e)
{
	_cleanup_free_ uint8_t *data = malloc(PIECE_BYTES);
	struct fs_reader *reader = x->p->reader;
	size_t n;

	if (!data)
		return err_oom(e);
	/* Before the content: a size that no disk has fails at once. */
	if (ftruncate(fd, (off_t)at->st->size_bytes) < 0)
		return extract_fail(x, at->path, -errno, e);
	for (uint64_t off = 0; off < at->st->size_bytes; off += n) {
		int r = pool_check(x->p->pool, e);
		if (r == 0)
			r = reader->ops->read(reader, at->st->ino, off, data, PIECE_BYTES, &n, e);
		if (r < 0)
			return r;
		if (n == 0)
			break;
		r = write_piece(fd, data, n, off);
		if (r < 0)
			return extract_fail(x, at->path, r, e);
		x->result->n_bytes += n;
		progress_update(x->p->progress, "extract", x->result->n_bytes, x->n_bytes_total);
	}
	return 0;
}

static int make_file(struct extract *x, const struct extract_place *at, struct err *e)
{
	_cleanup_close_ int fd = openat(at->dir, at->name,
					O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return extract_fail(x, at->path, -errno, e);
	int r = write_content(x, fd, at, e);
	if (r == 0)
		r = extract_attributes(x, fd, at->st, at->path, e);
	if (r < 0)
		unlinkat(at->dir, at->name, 0);
	return r;
}

struct attributes {
	struct extract *x;
	int fd;		  /* -1: by path */
	const char *path; /* its last name is not followed */
	bool lost_privileges;
};

/* Capabilities are what setuid is: a program that may more than who runs it. */
static int set_xattr(void *ctx, const char *name, const void *value, size_t len,
		     struct err *e unused_)
{
	struct attributes *a = ctx;

	if (str_eq(name, "security.capability") && !a->x->p->privileges)
		a->lost_privileges = true;
	else if (a->fd >= 0 ? fsetxattr(a->fd, name, value, len, 0) < 0
			    : lsetxattr(a->path, name, value, len, 0) < 0)
		a->x->result->n_xattrs++;
	return 0;
}

/* What has no file descriptor to write to: all but the mode by name. */
static int set_by_name(struct extract *x, const struct extract_place *at, struct err *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = at->st->mtime } };
	/* There is no setxattrat(); what is below /proc leads into the directory that is open. */
	_cleanup_free_ char *path = str_printf("/proc/self/fd/%d/%s", at->dir, at->name);
	struct attributes a = { .x = x, .fd = -1, .path = path };
	struct fs_reader *reader = x->p->reader;

	if (!path)
		return err_oom(e);
	if (x->root &&
	    fchownat(at->dir, at->name, at->st->uid, at->st->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return extract_fail(x, at->path, -errno, e);
	int r = reader->ops->xattrs(reader, at->st->ino, set_xattr, &a, e);
	if (r < 0)
		return r;
	if (utimensat(at->dir, at->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return extract_fail(x, at->path, -errno, e);
	return 0;
}

static int make_symlink(struct extract *x, const struct extract_place *at, struct err *e)
{
	struct fs_reader *reader = x->p->reader;
	char target[TARGET_MAX + 1];
	size_t n;

	if (at->st->size_bytes > TARGET_MAX)
		return extract_fail(x, at->path, -ENAMETOOLONG, e);
	int r = reader->ops->read(reader, at->st->ino, 0, target, TARGET_MAX, &n, e);
	if (r < 0)
		return r;
	target[n] = 0;
	if (symlinkat(target, at->dir, at->name) < 0)
		return extract_fail(x, at->path, -errno, e);
	return set_by_name(x, at, e);
}

/* A device node is a way to this machine's devices. Root of a container may not make one, either. */
static int make_special(struct extract *x, const struct extract_place *at, struct err *e)
{
	bool device = S_ISCHR(at->st->mode) || S_ISBLK(at->st->mode);
	dev_t dev = makedev(at->st->rdev_major, at->st->rdev_minor);

	errno = EPERM;
	int r = device && !x->p->privileges
			? -1
			: mknodat(at->dir, at->name, (at->st->mode & S_IFMT) | 0600, dev);
	if (r < 0 && device && errno == EPERM) {
		x->result->n_devices++;
		return 0;
	}
	if (r < 0 || fchmodat(at->dir, at->name, at->st->mode & 0777, 0) < 0)
		return extract_fail(x, at->path, -errno, e);
	return set_by_name(x, at, e);
}

int extract_inode(struct extract *x, const struct extract_place *at, struct err *e)
{
	if (S_ISREG(at->st->mode))
		return make_file(x, at, e);
	if (S_ISLNK(at->st->mode))
		return make_symlink(x, at, e);
	return make_special(x, at, e);
}

int extract_attributes(struct extract *x, int fd, const struct fs_stat *st, const char *path,
		       struct err *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = st->mtime } };
	mode_t kept = x->p->privileges ? 07777 : 01777;
	struct attributes a = { .x = x, .fd = fd };
	struct fs_reader *reader = x->p->reader;

	if (x->root && fchown(fd, st->uid, st->gid) < 0)
		return extract_fail(x, path, -errno, e);
	int r = reader->ops->xattrs(reader, st->ino, set_xattr, &a, e);
	if (r < 0)
		return r;
	if (fchmod(fd, st->mode & kept) < 0 || futimens(fd, times) < 0)
		return extract_fail(x, path, -errno, e);
	x->result->n_privileges += a.lost_privileges || st->mode & 07777 & ~kept;
	return 0;
}
