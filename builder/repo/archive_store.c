/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The archive on disk: files that appear whole and never change, links, times. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/outfile.h"
#include "base/path.h"
#include "base/sink.h"
#include "builder/repo/archive_internal.h"

static const struct timespec no_time[2];

int archive_open_file(const struct archive *a, const char *path, struct err *e)
{
	_cleanup_close_ int fd =
		openat(a->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, -errno, "%s/%s", a->p->dir, path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s/%s is no regular file", a->p->dir, path);
	return TAKE_FD(fd);
}

static void count_done(struct archive *a, const struct archive_piece *n)
{
	if (!n->package)
		return;
	uint64_t bytes = n->package->size_bytes;
	progress_update(a->p->progress, "archive", atomic_fetch_add(&a->done_bytes, bytes) + bytes,
			a->total_bytes);
}

int archive_other_bytes(const struct archive *a, const char *path, struct err *e)
{
	return err_set(e, -EEXIST,
		       "%s/%s is there with other bytes than the lock says, and nothing in an "
		       "archive is ever replaced: move it away if it is damaged, or use another "
		       "directory",
		       a->p->dir, path);
}

static int check_piece(void *ctx, size_t i, struct err *e)
{
	struct archive *a = ctx;
	struct archive_piece *n = &a->pieces[i];
	_cleanup_source_ struct source s = SOURCE_INIT;
	uint8_t digest[SHA256_BYTES];
	int fd = archive_open_file(a, n->path, e);

	if (fd == -ENOENT)
		return 0;
	int r = fd < 0 ? fd : source_init_fd(&s, fd, e);
	if (r == 0)
		r = source_sha256(&s, digest, e);
	if (r < 0)
		return r;
	if (!n->any_content && memcmp(digest, n->sha256, sizeof(digest)) != 0)
		return archive_other_bytes(a, n->path, e);
	n->there = true;
	count_done(a, n);
	return 0;
}

int archive_check(struct archive *a, struct err *e)
{
	return pool_run(a->p->pool, a->n_pieces, check_piece, a, e);
}

/* The directories above a path. */
static int make_parents(const struct archive *a, const char *path, struct err *e)
{
	_cleanup_free_ char *dir = strdup(path);

	if (!dir)
		return err_oom(e);
	for (char *slash = dir; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (mkdirat(a->fd, dir, 0755) < 0 && errno != EEXIST)
			return err_sys(e, -errno, "%s/%s", a->p->dir, dir);
	}
	return 0;
}

/* All directories above a path are as an archive's are, whoever made them. */
static int settle_parents(const struct archive *a, const char *path, struct err *e)
{
	_cleanup_free_ char *dir = strdup(path);
	char *slash;

	if (!dir)
		return err_oom(e);
	while ((slash = strrchr(dir, '/'))) {
		*slash = '\0';
		if (fchmodat(a->fd, dir, 0755, 0) < 0 || utimensat(a->fd, dir, no_time, 0) < 0)
			return err_sys(e, -errno, "%s/%s", a->p->dir, dir);
	}
	return 0;
}

/* From the cache, checked once more on its way: what is on this disk may be damaged too. */
static int copy_package(const struct archive *a, const struct lock_package *k, struct sink *out,
			struct err *e)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	hex_encode(k->sha256, SHA256_BYTES, hex);
	int fd = cache_package_open(a->p->cache, hex, k->size_bytes, e);
	if (fd == -ENOENT)
		return err_set(e, fd, "package %s %s has gone from the cache", k->name, k->version);
	int r = fd < 0 ? fd : source_init_fd(&s, fd, e);
	if (r == 0 && !s.bytes)
		r = err_set(e, -EIO, "package %s %s cannot be mapped", k->name, k->version);
	if (r == 0)
		r = source_sha256(&s, digest, e);
	if (r < 0)
		return r;
	if (memcmp(digest, k->sha256, sizeof(digest)) != 0)
		return err_set(e, -EBADMSG,
			       "package %s %s is damaged in the cache: remove packages/%s there "
			       "and run this again",
			       k->name, k->version, hex);
	return sink_pwrite(out, 0, s.bytes, s.size_bytes, e);
}

static int write_piece(void *ctx, size_t i, struct err *e)
{
	struct archive *a = ctx;
	struct archive_piece *n = &a->pieces[i];
	_cleanup_free_ char *path = str_printf("%s/%s", a->p->dir, n->path);
	_cleanup_outfile_ struct outfile out = OUTFILE_INIT;
	struct sink s;

	if (n->there)
		return 0;
	int r = path ? make_parents(a, n->path, e) : err_oom(e);
	if (r == 0)
		r = outfile_open(&out, path, 0644, e);
	if (r < 0)
		return r;
	sink_init_fd(&s, out.fd);
	r = n->package ? copy_package(a, n->package, &s, e)
		       : sink_pwrite(&s, 0, n->content.data, n->content.len, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	if (futimens(out.fd, no_time) < 0 || fsync(out.fd) < 0)
		return err_sys(e, -errno, "%s", path);
	r = outfile_commit(&out, e);
	if (r == 0)
		count_done(a, n);
	return r;
}

/* "../../" and so on: from the directory of @path to the archive's, and from there to @target. */
static char *relative_target(const char *path, const char *target)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (const char *p = path; (p = strchr(p, '/')); p++)
		buf_append_str(&b, "../");
	buf_append_str(&b, target);
	return buf_take_str(&b);
}

/* Replaces what is there in one step. Whoever changes links holds the archive's lock: one name will do. */
static int put_link(const struct archive *a, const char *path, const char *target, struct err *e)
{
	_cleanup_free_ char *part =
		str_printf("%.*s.%s.part", (int)(path_last(path) - path), path, path_last(path));

	if (!part)
		return err_oom(e);
	unlinkat(a->fd, part, 0);
	if (symlinkat(target, a->fd, part) < 0 ||
	    utimensat(a->fd, part, no_time, AT_SYMLINK_NOFOLLOW) < 0 ||
	    renameat(a->fd, part, a->fd, path) < 0)
		return err_sys(e, -errno, "%s/%s", a->p->dir, path);
	return 0;
}

static int write_link(const struct archive *a, const struct archive_link *l, struct err *e)
{
	_cleanup_free_ char *target = relative_target(l->path, l->target);
	char there[4096];
	ssize_t n = readlinkat(a->fd, l->path, there, sizeof(there) - 1);

	if (!target)
		return err_oom(e);
	if (n < 0 && errno != ENOENT)
		return err_sys(e, -errno, "%s/%s is no link of an archive", a->p->dir, l->path);
	there[MAX(n, 0)] = '\0';
	bool older = strcmp(path_last(there), path_last(target)) < 0;
	if (n < 0 || (l->kind == ARCHIVE_LINK_NEWEST && older))
		return put_link(a, l->path, target, e);
	if (l->kind != ARCHIVE_LINK_FIXED || str_eq(there, target))
		return 0;
	return err_set(e, -EEXIST,
		       "%s/%s leads to %s and would have to lead to %s: use another directory",
		       a->p->dir, l->path, there, target);
}

static int write_links(struct archive *a, struct err *e)
{
	int r = 0;

	if (flock(a->fd, LOCK_EX) < 0)
		return err_sys(e, -errno, "lock %s", a->p->dir);
	for (size_t i = 0; r == 0 && i < a->n_links; i++) {
		r = make_parents(a, a->links[i].path, e);
		if (r == 0)
			r = write_link(a, &a->links[i], e);
	}
	(void)flock(a->fd, LOCK_UN);
	return r;
}

static int settle(struct archive *a, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n_pieces; i++)
		r = settle_parents(a, a->pieces[i].path, e);
	for (size_t i = 0; r == 0 && i < a->n_links; i++)
		r = settle_parents(a, a->links[i].path, e);
	if (r == 0 && futimens(a->fd, no_time) < 0)
		r = err_sys(e, -errno, "%s", a->p->dir);
	return r;
}

int archive_write(struct archive *a, struct err *e)
{
	size_t last = a->n_pieces - 1;

	int r = pool_run(a->p->pool, last, write_piece, a, e);
	if (r == 0)
		r = write_links(a, e);
	if (r == 0)
		r = write_piece(a, last, e);
	return r < 0 ? r : settle(a, e);
}
