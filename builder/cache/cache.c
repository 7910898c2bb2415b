/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cache/cache.h"

#include <fcntl.h>
#include <sys/file.h>

#include "builder/cache/cache_internal.h"

#define HASH_BUFFER_BYTES (256 * KiB)
#define ADVICE		  "set XDG_CACHE_HOME to a directory that can be written to"

bool cache_key_is_valid(const char *key)
{
	return strspn(key, "0123456789abcdef") == CACHE_KEY_CHARS && !key[CACHE_KEY_CHARS];
}

static int make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + 1; *copy && (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int make_dirs(struct cache *c)
{
	static const char *const dirs[] = { "packages", "partial", "unpacked" };

	int r = make_parents(c->path);
	if (r < 0)
		return r;
	if (mkdir(c->path, 0700) < 0 && errno != EEXIST)
		return -errno;
	c->fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(c->fd, dirs[i], 0700) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

int cache_advise(int r, struct err *e)
{
	const struct err cause = *e;

	return r == -EROFS || r == -EACCES ? err_set(e, r, "%s: " ADVICE, cause.msg) : r;
}

int cache_open(const char *path, struct cache **ret, struct err *e)
{
	_cleanup_(cache_close) struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return err_oom(e);
	c->fd = -1;
	c->path = strdup(path);
	if (!c->path)
		return err_oom(e);
	int r = make_dirs(c);
	if (r < 0)
		return err_set(e, r, "cache %s: %s: " ADVICE, path, strerror(-r));
	cache_unpack_store_init(c);
	cache_remove_left(c);
	*ret = TAKE_PTR(c);
	return 0;
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c->path);
	free(c);
}

const char *cache_path(const struct cache *c)
{
	return c->path;
}

char *cache_package_path(const struct cache *c, const char *sha256)
{
	return str_printf("%s/packages/%s", c->path, sha256);
}

int cache_package_open(const struct cache *c, const char *sha256, uint64_t size_bytes,
		       struct err *e)
{
	char name[CACHE_NAME_MAX];
	struct stat st;

	if (!cache_key_is_valid(sha256))
		return err_set(e, -EINVAL, "\"%s\" is not a SHA-256 in hex", sha256);
	snprintf(name, sizeof(name), "packages/%s", sha256);
	_cleanup_close_ int fd = openat(c->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, -errno, "cache %s/%s", c->path, name);
	if (size_bytes && (uint64_t)st.st_size != size_bytes) {
		unlinkat(c->fd, name, 0);
		return -ENOENT;
	}
	return TAKE_FD(fd);
}

bool cache_has_package(const struct cache *c, const char *sha256, uint64_t size_bytes)
{
	struct err e;
	_cleanup_close_ int fd = cache_package_open(c, sha256, size_bytes, &e);

	return fd >= 0;
}

int cache_temporary(struct cache *c, const char *dir, const char *key,
		    char ret_name[CACHE_NAME_MAX])
{
	for (;;) {
		snprintf(ret_name, CACHE_NAME_MAX, "%s/.%s.%ld.%u", dir, key, (long)getpid(),
			 atomic_fetch_add(&c->n_temporary, 1));
		_cleanup_close_ int fd = openat(
			c->fd, ret_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		/* Lost to a cleaning that came in between: once more. */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && faccessat(c->fd, ret_name, F_OK, 0) == 0)
			return TAKE_FD(fd);
	}
}

int cache_hash(int fd, struct sha256 *s, uint64_t *ret_bytes)
{
	_cleanup_free_ uint8_t *buf = malloc(HASH_BUFFER_BYTES);
	uint64_t off = 0;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		ssize_t n = pread(fd, buf, HASH_BUFFER_BYTES, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		sha256_update(s, buf, (size_t)n);
		off += (uint64_t)n;
	}
	*ret_bytes = off;
	return 0;
}
