/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompressed archives. A file gets its name when it is whole, and a note beside it after that, which
 * says what it is: a file without a note that fits does not count. So nothing needs to be flushed to
 * disk: after a crash of the machine the size or the time is another.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>

#include "base/sink.h"
#include "builder/cache/cache_internal.h"

static void name_of(const char *key, const char *suffix, char name[CACHE_NAME_MAX])
{
	snprintf(name, CACHE_NAME_MAX, "unpacked/%s.%s", key, suffix);
}

int cache_note_read(const struct cache *c, const char *key, struct cache_note *ret)
{
	char name[CACHE_NAME_MAX], text[80], end;
	struct cache_note n;

	name_of(key, "ok", name);
	_cleanup_close_ int fd = openat(c->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (len <= 0 || text[len - 1] != '\n')
		return -ENOENT;
	text[len] = '\0';
	if (sscanf(text, "%" SCNu64 " %" SCNd64 ".%" SCNu32 "%c", &n.size_bytes, &n.mtime_sec,
		   &n.mtime_nsec, &end) != 4 ||
	    end != '\n')
		return -ENOENT;
	*ret = n;
	return 0;
}

bool cache_note_fits(const struct cache_note *n, const struct stat *st)
{
	return S_ISREG(st->st_mode) && (uint64_t)st->st_size == n->size_bytes &&
	       st->st_mtim.tv_sec == n->mtime_sec && (uint32_t)st->st_mtim.tv_nsec == n->mtime_nsec;
}

static int store_open(struct unpack_store *s, const char *key, struct err *e unused_)
{
	const struct cache *c = (const struct cache *)s;
	char name[CACHE_NAME_MAX];
	struct cache_note n;
	struct stat st;

	if (!cache_key_is_valid(key) || cache_note_read(c, key, &n) < 0)
		return -ENOENT;
	name_of(key, "tar", name);
	_cleanup_close_ int fd = openat(c->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !cache_note_fits(&n, &st))
		return -ENOENT;
	return TAKE_FD(fd);
}

static int store_create(struct unpack_store *s, const char *key, struct err *e)
{
	struct cache *c = (struct cache *)s;
	char name[CACHE_NAME_MAX];

	if (!cache_key_is_valid(key))
		return err_set(e, -EINVAL, "\"%s\" is not a SHA-256 in hex", key);
	int fd = openat(c->fd, "unpacked", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		fd = cache_temporary(c, "unpacked", key, name);
	else if (fd < 0)
		fd = -errno;
	return fd < 0 ? err_sys(e, fd, "cache %s/unpacked", c->path) : fd;
}

/* Where a file has a name, the name. Return: 1; 0 it has none; negative errno */
static int find_name(int fd, char *path, size_t size)
{
	char proc[64];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return 0;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(proc, path, size);
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	path[n] = '\0';
	return 1;
}

static int rename_to(struct cache *c, int fd, const char *key, const char *name)
{
	char path[4096], temporary[CACHE_NAME_MAX], proc[64];

	int r = find_name(fd, path, sizeof(path));
	if (r < 0)
		return r;
	if (r > 0)
		return renameat(AT_FDCWD, path, c->fd, name) < 0 ? -errno : 0;
	/* linkat() does not replace: a name beside it first. */
	snprintf(temporary, sizeof(temporary), "unpacked/.%s.%ld.%u", key, (long)getpid(),
		 atomic_fetch_add(&c->n_temporary, 1));
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 ||
	    linkat(AT_FDCWD, proc, c->fd, temporary, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	r = renameat(c->fd, temporary, c->fd, name) < 0 ? -errno : 0;
	if (r < 0)
		unlinkat(c->fd, temporary, 0);
	return r;
}

static int write_note(struct cache *c, const char *key, const struct cache_note *n)
{
	char temporary[CACHE_NAME_MAX], name[CACHE_NAME_MAX], text[80];
	struct err e;
	struct sink s;

	int len = snprintf(text, sizeof(text), "%" PRIu64 " %" PRId64 ".%" PRIu32 "\n",
			   n->size_bytes, n->mtime_sec, n->mtime_nsec);
	_cleanup_close_ int fd = cache_temporary(c, "unpacked", key, temporary);
	if (fd < 0)
		return fd;
	sink_init_fd(&s, fd);
	name_of(key, "ok", name);
	int r = sink_pwrite(&s, 0, text, (size_t)len, &e);
	if (r == 0 && renameat(c->fd, temporary, c->fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(c->fd, temporary, 0);
	return r;
}

static void store_discard(struct unpack_store *s unused_, const char *key unused_, int fd)
{
	char path[4096];

	if (find_name(fd, path, sizeof(path)) > 0)
		unlink(path);
}

static void store_commit(struct unpack_store *s, const char *key, int fd)
{
	struct cache *c = (struct cache *)s;
	char name[CACHE_NAME_MAX];
	struct stat st;

	if (fchmod(fd, 0400) < 0 || fstat(fd, &st) < 0) {
		store_discard(s, key, fd);
		return;
	}
	const struct cache_note n = {
		.size_bytes = (uint64_t)st.st_size,
		.mtime_sec = st.st_mtim.tv_sec,
		.mtime_nsec = (uint32_t)st.st_mtim.tv_nsec,
	};
	name_of(key, "tar", name);
	if (rename_to(c, fd, key, name) < 0)
		store_discard(s, key, fd);
	else if (write_note(c, key, &n) < 0)
		unlinkat(c->fd, name, 0);
}

void cache_unpack_store_init(struct cache *c)
{
	c->store = (struct unpack_store){
		.open = store_open,
		.create = store_create,
		.commit = store_commit,
		.discard = store_discard,
	};
}

struct unpack_store *cache_unpack_store(struct cache *c)
{
	return &c->store;
}
