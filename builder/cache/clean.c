/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what is not needed, or not right. Files that the cache does not know are left alone. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "builder/cache/cache_internal.h"

struct cleaning {
	struct cache *c;
	const struct strv *keep;
	struct cache_stats stats;
};

static void close_dir(DIR *d)
{
	closedir(d);
}
DEFINE_CLEANUP(DIR *, close_dir)

static int list_names(const struct cache *c, const char *dir, struct strv *names, struct err *e)
{
	int fd = openat(c->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_dir) DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (!d) {
		int r = -errno;
		if (fd >= 0)
			close(fd);
		return err_sys(e, r, "cache %s/%s", c->path, dir);
	}
	for (;;) {
		errno = 0;
		const struct dirent *n = readdir(d);
		if (!n)
			break;
		if (!str_eq(n->d_name, ".") && !str_eq(n->d_name, "..") &&
		    strv_add(names, n->d_name) < 0)
			return err_oom(e);
	}
	if (errno)
		return err_sys(e, -errno, "cache %s/%s", c->path, dir);
	strv_sort(names);
	return 0;
}

/* The digest that a name begins with, after a dot or not; its rest is left in *ret_suffix. */
static bool parse_name(const char *name, char key[CACHE_KEY_CHARS + 1], const char **ret_suffix)
{
	name += *name == '.';
	size_t len = strnlen(name, CACHE_KEY_CHARS);
	memcpy(key, name, len);
	key[len] = '\0';
	*ret_suffix = name + len;
	return cache_key_is_valid(key);
}

static void remove_file(struct cleaning *k, const char *name)
{
	struct stat st;

	if (fstatat(k->c->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    unlinkat(k->c->fd, name, 0) == 0) {
		k->stats.n_files++;
		k->stats.bytes += (uint64_t)st.st_size;
	}
}

static void remove_unless_locked(struct cleaning *k, const char *name)
{
	_cleanup_close_ int fd =
		openat(k->c->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_file(k, name);
}

static void clean_one(struct cleaning *k, const char *dir, const char *name)
{
	char key[CACHE_KEY_CHARS + 1];
	const char *suffix;

	if (!parse_name(name, key, &suffix))
		return;
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	if (!path)
		return;
	if (name[0] == '.' || str_eq(dir, "partial"))
		remove_unless_locked(k, path);
	else if (!k->keep || !strv_contains(k->keep, key))
		remove_file(k, path);
}

void cache_remove_left(struct cache *c)
{
	static const char *const dirs[] = { "partial", "unpacked" };
	struct cleaning k = { .c = c };
	char key[CACHE_KEY_CHARS + 1];
	const char *suffix;
	struct err ignored;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strv_ struct strv names = STRV_INIT;
		if (list_names(c, dirs[i], &names, &ignored) < 0)
			continue;
		for (size_t n = 0; n < names.n; n++) {
			_cleanup_free_ char *path = str_printf("%s/%s", dirs[i], names.v[n]);
			if (path && names.v[n][0] == '.' && parse_name(names.v[n], key, &suffix))
				remove_unless_locked(&k, path);
		}
	}
}

static bool is_right_package(const char *key, int fd)
{
	_cleanup_(sha256_free) struct sha256 *s = sha256_new();
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];
	uint64_t len;

	if (!s || hex_decode(key, want, SHA256_BYTES) < 0 || cache_hash(fd, s, &len) < 0)
		return false;
	sha256_final(s, got);
	return memcmp(want, got, SHA256_BYTES) == 0;
}

bool cache_package_check(const struct cache *c, const char *sha256)
{
	char name[CACHE_NAME_MAX];
	struct err e;
	_cleanup_close_ int fd = cache_package_open(c, sha256, 0, &e);

	if (fd >= 0 && is_right_package(sha256, fd))
		return true;
	snprintf(name, sizeof(name), "packages/%s", sha256);
	if (fd >= 0)
		unlinkat(c->fd, name, 0);
	return false;
}

/* A store that holds what is unpacked now against what was. */
struct comparing_store {
	struct unpack_store store;
	int fd; /* of the unpacked file in the cache */
	bool equal;
};

static int compare_open(struct unpack_store *s unused_, const char *key unused_,
			struct err *e unused_)
{
	return -ENOENT;
}

static int compare_create(struct unpack_store *s unused_, const char *key unused_, struct err *e)
{
	int fd = memfd_create("verify", MFD_CLOEXEC);

	return fd < 0 ? err_sys(e, -errno, "memory file") : fd;
}

static void compare_commit(struct unpack_store *s, const char *key unused_, int fd)
{
	struct comparing_store *k = (struct comparing_store *)s;
	_cleanup_(mapping_unref) struct mapping *a = NULL, *b = NULL;
	struct err e;

	k->equal = mapping_new(k->fd, &a, &e) == 0 && mapping_new(fd, &b, &e) == 0 &&
		   a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Unpacked again, the package must give the same. Without the package nobody can tell. */
static bool is_right_archive(const struct cache *c, const char *key, int fd)
{
	struct comparing_store k = {
		.store = { .open = compare_open,
			   .create = compare_create,
			   .commit = compare_commit },
		.fd = fd,
	};
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(package_free) struct package *pkg = NULL;
	struct cache_note n;
	struct stat st;
	struct err e;

	if (cache_note_read(c, key, &n) < 0 || fstat(fd, &st) < 0 || !cache_note_fits(&n, &st))
		return false;
	int package = cache_package_open(c, key, 0, &e);
	if (package < 0 || source_init_fd(&src, package, &e) < 0)
		return false;
	return package_read_deb(&src, key, &k.store, &pkg, &e) == 0 && k.equal;
}

/* The packages come first, so that an archive is compared with a package that is right. */
static void verify_one(struct cleaning *k, const char *dir, const char *name)
{
	char key[CACHE_KEY_CHARS + 1];
	const char *suffix;

	if (name[0] == '.' || str_eq(dir, "partial") || !parse_name(name, key, &suffix) ||
	    str_eq(suffix, ".ok"))
		return;
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	if (!path)
		return;
	_cleanup_close_ int fd = openat(k->c->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool right = fd >= 0 && (str_eq(dir, "packages") ? is_right_package(key, fd)
							 : is_right_archive(k->c, key, fd));
	if (!right)
		remove_file(k, path);
}

static int for_all(struct cleaning *k, void (*fn)(struct cleaning *, const char *, const char *),
		   struct cache_stats *ret, struct err *e)
{
	static const char *const dirs[] = { "packages", "partial", "unpacked" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strv_ struct strv names = STRV_INIT;
		int r = list_names(k->c, dirs[i], &names, e);
		if (r < 0)
			return r;
		for (size_t n = 0; n < names.n; n++)
			fn(k, dirs[i], names.v[n]);
	}
	if (ret) {
		ret->n_files += k->stats.n_files;
		ret->bytes += k->stats.bytes;
	}
	return 0;
}

int cache_clean(struct cache *c, const struct strv *keep, struct cache_stats *removed,
		struct err *e)
{
	struct cleaning k = { .c = c, .keep = keep };

	return for_all(&k, clean_one, removed, e);
}

int cache_verify(struct cache *c, struct cache_stats *bad, struct err *e)
{
	struct cleaning k = { .c = c };

	return for_all(&k, verify_one, bad, e);
}
