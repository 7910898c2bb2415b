/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int bytes_pread(const struct source *s, uint64_t off, void *data, size_t len,
		       struct err *e unused_)
{
	memcpy(data, s->bytes + off, len);
	return 0;
}

static const struct source_ops bytes_ops = { .pread = bytes_pread };

void source_init_bytes(struct source *s, const void *data, uint64_t len)
{
	*s = (struct source){ .ops = &bytes_ops, .size_bytes = len, .bytes = data, .fd = -1 };
}

static int fd_pread(const struct source *s, uint64_t off, void *data, size_t len, struct err *e)
{
	uint8_t *p = data;

	while (len) {
		ssize_t n = pread(s->fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, -errno, "read %zu bytes at offset %llu", len,
				       (unsigned long long)off);
		if (n == 0)
			return err_set(e, -EIO,
				       "file became shorter while it was read (offset %llu)",
				       (unsigned long long)off);
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static void fd_done(struct source *s)
{
	if (s->bytes)
		munmap((void *)(uintptr_t)s->bytes, s->size_bytes);
	close(s->fd);
}

static const struct source_ops fd_ops = { .pread = fd_pread, .done = fd_done };

int source_init_fd_unmapped(struct source *s, int fd, struct err *e)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0) {
		int r = -errno;
		close(fd);
		return err_sys(e, r, "seek");
	}
	*s = (struct source){ .ops = &fd_ops, .size_bytes = (uint64_t)size, .fd = fd };
	return 0;
}

int source_init_fd(struct source *s, int fd, struct err *e)
{
	int r = source_init_fd_unmapped(s, fd, e);

	if (r == 0 && s->size_bytes) {
		void *p = mmap(NULL, s->size_bytes, PROT_READ, MAP_SHARED, fd, 0);
		if (p != MAP_FAILED)
			s->bytes = p;
	}
	return r;
}

int source_open(struct source *s, const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, -errno, "%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, -EINVAL, "%s: not a regular file", path);
	int r = source_init_fd(s, TAKE_FD(fd), e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

static int window_pread(const struct source *s, uint64_t off, void *data, size_t len, struct err *e)
{
	return source_pread(s->parent, s->offset + off, data, len, e);
}

static const struct source_ops window_ops = { .pread = window_pread };

int source_init_window(struct source *s, const struct source *parent, uint64_t off, uint64_t len,
		       struct err *e)
{
	if (off > parent->size_bytes || len > parent->size_bytes - off)
		return err_set(e, -ERANGE, "bytes %llu+%llu are past the end (%llu)",
			       (unsigned long long)off, (unsigned long long)len,
			       (unsigned long long)parent->size_bytes);
	*s = (struct source){
		.ops = &window_ops,
		.size_bytes = len,
		.bytes = parent->bytes ? parent->bytes + off : NULL,
		.parent = parent,
		.offset = off,
		.fd = -1,
	};
	return 0;
}

int source_pread(const struct source *s, uint64_t off, void *data, size_t len, struct err *e)
{
	if (off > s->size_bytes || len > s->size_bytes - off)
		return err_set(e, -ERANGE, "bytes %llu+%zu are past the end (%llu)",
			       (unsigned long long)off, len, (unsigned long long)s->size_bytes);
	return len ? s->ops->pread(s, off, data, len, e) : 0;
}

int source_sha256(const struct source *s, uint8_t out[SHA256_BYTES], struct err *e)
{
	_cleanup_(sha256_free) struct sha256 *hash = sha256_new();
	_cleanup_free_ uint8_t *piece = malloc(MiB);
	uint64_t at = 0;

	if (!hash || !piece)
		return err_oom(e);
	while (at < s->size_bytes) {
		size_t len = (size_t)MIN(MiB, s->size_bytes - at);
		int r = source_pread(s, at, piece, len, e);
		if (r < 0)
			return r;
		sha256_update(hash, piece, len);
		at += len;
	}
	sha256_final(hash, out);
	return 0;
}

void source_done(struct source *s)
{
	if (s->ops && s->ops->done)
		s->ops->done(s);
	*s = (struct source)SOURCE_INIT;
}
