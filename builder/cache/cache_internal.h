/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The inside of a cache. */
#include <stdatomic.h>
#include <sys/stat.h>

#include "builder/cache/cache.h"

#define CACHE_KEY_CHARS (SHA256_HEX - 1)
#define CACHE_NAME_MAX	(CACHE_KEY_CHARS + 64) /* of any path inside the cache, with its NUL */

struct cache {
	struct unpack_store store; /* first, so that a store is its cache */
	char *path;
	int fd;
	atomic_uint n_temporary; /* names of temporary files */
};

/** cache_key_is_valid() - 64 lowercase hex digits? */
bool cache_key_is_valid(const char *key);

/**
 * cache_temporary() - a file with a name of its own, locked while it is open: cache_clean() knows by
 * the lock that somebody writes it
 * @dir: "partial" or "unpacked"
 * @ret_name: relative to the cache
 * Return: fd; negative errno
 */
int cache_temporary(struct cache *c, const char *dir, const char *key,
		    char ret_name[CACHE_NAME_MAX]) must_check;

/** cache_remove_left() - temporary files that nobody writes: of processes that were killed */
void cache_remove_left(struct cache *c);

/** cache_hash() - SHA-256 of a file's bytes from 0 to its end, into @s; Return: 0 or negative errno */
int cache_hash(int fd, struct sha256 *s, uint64_t *ret_bytes) must_check;

/* What unpacked/<key>.ok says of unpacked/<key>.tar. */
struct cache_note {
	uint64_t size_bytes;
	int64_t mtime_sec;
	uint32_t mtime_nsec;
};

/** cache_note_read() - Return: 0; -ENOENT there is none, or it is not whole */
int cache_note_read(const struct cache *c, const char *key, struct cache_note *ret) must_check;
bool cache_note_fits(const struct cache_note *n, const struct stat *st);

void cache_unpack_store_init(struct cache *c);
