/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Storing a package whose bytes arrive bit by bit, perhaps over several runs. */
#include <fcntl.h>
#include <sys/file.h>

#include "base/sink.h"
#include "builder/cache/cache_internal.h"

struct cache_writer {
	struct cache *c;
	char key[CACHE_KEY_CHARS + 1];
	char name[CACHE_NAME_MAX]; /* of the partial file, relative to the cache */
	bool is_private;	   /* not to be resumed */
	int fd;
	uint64_t size_bytes, len;
	struct sha256 *sha256;
};

static void writer_free(struct cache_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	sha256_free(w->sha256);
	free(w);
}
DEFINE_CLEANUP(struct cache_writer *, writer_free)

/* Is the file that we have locked still the one of this name? */
static bool still_named(const struct cache_writer *w)
{
	struct stat a, b;

	return fstat(w->fd, &a) == 0 && fstatat(w->c->fd, w->name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Return: 0 locked and ours; -EAGAIN another process has it; -ESTALE it has just gone; other errors */
static int open_partial(struct cache_writer *w)
{
	snprintf(w->name, sizeof(w->name), "partial/%s", w->key);
	w->fd = openat(w->c->fd, w->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0)
		return -errno;
	int r = flock(w->fd, LOCK_EX | LOCK_NB) < 0 ? (errno == EWOULDBLOCK ? -EAGAIN : -errno)
						    : (still_named(w) ? 0 : -ESTALE);
	if (r < 0) {
		close(w->fd);
		w->fd = -1;
	}
	return r;
}

/* What is there is hashed again. Bytes that cannot be right are thrown away. */
static int resume(struct cache_writer *w)
{
	struct stat st;

	if (fstat(w->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size > w->size_bytes && ftruncate(w->fd, 0) < 0)
		return -errno;
	return cache_hash(w->fd, w->sha256, &w->len);
}

static int begin(struct cache_writer *w)
{
	int r;

	do
		r = open_partial(w);
	while (r == -ESTALE && !cache_has_package(w->c, w->key, w->size_bytes));
	if (r == -EAGAIN) {
		/* Two downloads of the same package: slower, but none waits for the other. */
		w->fd = cache_temporary(w->c, "partial", w->key, w->name);
		w->is_private = true;
		return w->fd < 0 ? w->fd : 0;
	}
	if (r == 0 && cache_has_package(w->c, w->key, w->size_bytes)) {
		unlinkat(w->c->fd, w->name, 0);
		return -EEXIST;
	}
	return r == -ESTALE ? -EEXIST : r < 0 ? r : resume(w);
}

int cache_writer_begin(struct cache *c, const char *sha256, uint64_t size_bytes,
		       struct cache_writer **ret, uint64_t *ret_offset, struct err *e)
{
	_cleanup_(writer_free) struct cache_writer *w = NULL;

	if (!cache_key_is_valid(sha256))
		return err_set(e, -EINVAL, "\"%s\" is not a SHA-256 in hex", sha256);
	if (cache_has_package(c, sha256, size_bytes))
		return err_set(e, -EEXIST, "%s is in the cache already", sha256);
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_oom(e);
	w->fd = -1;
	w->c = c;
	w->size_bytes = size_bytes;
	memcpy(w->key, sha256, sizeof(w->key));
	w->sha256 = sha256_new();
	if (!w->sha256)
		return err_oom(e);
	int r = begin(w);
	if (r == -EEXIST)
		return err_set(e, r, "%s is in the cache already", sha256);
	if (r < 0)
		return cache_advise(err_sys(e, r, "cache %s: store %s", c->path, sha256), e);
	*ret_offset = w->len;
	*ret = TAKE_PTR(w);
	return 0;
}

int cache_writer_restart(struct cache_writer *w, struct err *e)
{
	uint8_t unused[SHA256_BYTES];

	if (ftruncate(w->fd, 0) < 0)
		return err_sys(e, -errno, "cache %s/%s", w->c->path, w->name);
	sha256_final(w->sha256, unused);
	w->len = 0;
	return 0;
}

int cache_writer_write(struct cache_writer *w, const void *data, size_t len, struct err *e)
{
	struct sink s;

	if (len > w->size_bytes - w->len)
		return err_set(e, -EBADMSG, "it is longer than the %llu bytes it must have",
			       (unsigned long long)w->size_bytes);
	sink_init_fd(&s, w->fd);
	int r = sink_pwrite(&s, w->len, data, len, e);
	if (r < 0)
		return err_wrap(e, r, "cache %s/%s", w->c->path, w->name);
	sha256_update(w->sha256, data, len);
	w->len += len;
	return 0;
}

static int check(struct cache_writer *w, struct err *e)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	if (w->len < w->size_bytes)
		return err_set(e, -EBADMSG, "truncated: %llu of %llu bytes are there",
			       (unsigned long long)w->len, (unsigned long long)w->size_bytes);
	sha256_final(w->sha256, digest);
	hex_encode(digest, sizeof(digest), hex);
	if (str_eq(hex, w->key))
		return 0;
	unlinkat(w->c->fd, w->name, 0);
	return err_set(e, -EBADMSG, "its SHA-256 is %s and has to be %s", hex, w->key);
}

int cache_writer_commit(struct cache_writer *w, struct err *e)
{
	char name[CACHE_NAME_MAX];

	int r = check(w, e);
	if (r < 0) {
		cache_writer_abort(w);
		return r;
	}
	snprintf(name, sizeof(name), "packages/%s", w->key);
	if (fchmod(w->fd, 0444) < 0 || renameat(w->c->fd, w->name, w->c->fd, name) < 0)
		r = err_sys(e, -errno, "cache %s/%s", w->c->path, name);
	writer_free(w);
	return r;
}

void cache_writer_abort(struct cache_writer *w)
{
	if (!w)
		return;
	if (w->is_private || w->len == 0)
		unlinkat(w->c->fd, w->name, 0);
	writer_free(w);
}
