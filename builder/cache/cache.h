/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The cache: packages by the SHA-256 of their bytes, and beside each its decompressed data archive,
 * ready to map. Several processes may use one cache at once; a process may be killed at any moment.
 *
 *     packages/<sha256>        a whole, checked package
 *     partial/<sha256>         a download that was interrupted, to be resumed
 *     unpacked/<sha256>.tar    the package's data archive, decompressed
 *     unpacked/<sha256>.ok     its size and time, written after it
 *
 * Trust: whoever can write to the directory is trusted as the builder is; it is made for the user
 * alone (0700). Bytes from outside are checked once, when they come in. Against accidents (a full
 * disk, a crash, an editor) sizes are checked at each use, and of unpacked files the time as well;
 * cache_verify() reads and unpacks everything again.
 */
#include "base/digest.h"
#include "base/strv.h"
#include "stage1/package/package.h"

struct cache;

/**
 * cache_open() - open a cache, made if it is not there (missing parents too); temporary files that
 * killed processes left go
 * Return: 0; negative errno with the path
 */
int cache_open(const char *path, struct cache **ret, struct err *e) must_check;
void cache_close(struct cache *c);
DEFINE_CLEANUP(struct cache *, cache_close)

/** cache_advise() - what to do if an error is that a cache cannot be written to; Return: @r */
int cache_advise(int r, struct err *e);

/** cache_path() - where it lies; borrowed */
const char *cache_path(const struct cache *c) must_check;

/** cache_package_path() - where the package with this digest is or would be; NULL when out of memory */
char *cache_package_path(const struct cache *c, const char *sha256) must_check;

/**
 * cache_package_open() - a package's file, read-only
 * @sha256: 64 hex digits
 * @size_bytes: what it must have; 0: not checked. A file of another size is removed.
 * Return: fd; -ENOENT (without a message) not in the cache; -EINVAL not a digest; negative errno
 */
int cache_package_open(const struct cache *c, const char *sha256, uint64_t size_bytes,
		       struct err *e) must_check;

/** cache_has_package() - is it there, of this size? */
bool cache_has_package(const struct cache *c, const char *sha256, uint64_t size_bytes);

/**
 * cache_package_check() - has a package's file still the bytes that its name says?
 *
 * One that has not is removed, so that it can be fetched again.
 */
bool cache_package_check(const struct cache *c, const char *sha256);

struct cache_writer;

/**
 * cache_writer_begin() - begin, or resume, to store a package
 * @sha256: 64 lowercase hex digits, what the bytes must have
 * @size_bytes: exactly how many there must be
 * @ret_offset: bytes that are there already from an interrupted download (they are hashed again
 *              now): ask for the rest. 0 when another process is busy with the same package.
 * Return: 0; -EEXIST it is in the cache already; -EINVAL; negative errno
 */
int cache_writer_begin(struct cache *c, const char *sha256, uint64_t size_bytes,
		       struct cache_writer **ret, uint64_t *ret_offset, struct err *e) must_check;

/** cache_writer_restart() - forget what is there: the server begins at offset 0 */
int cache_writer_restart(struct cache_writer *w, struct err *e) must_check;

/**
 * cache_writer_write() - append
 * Return: 0; -EBADMSG more bytes than expected; -ENOSPC and other errors of writing
 */
int cache_writer_write(struct cache_writer *w, const void *data, size_t len,
		       struct err *e) must_check;

/**
 * cache_writer_commit() - check size and digest; the package gets its name. @w is freed.
 * Return: 0; -EBADMSG too short (what is there is kept, to be resumed) or another digest (nothing is
 *         kept); negative errno
 */
int cache_writer_commit(struct cache_writer *w, struct err *e) must_check;

/** cache_writer_abort() - what came so far is kept, to be resumed; @w, which may be NULL, is freed */
void cache_writer_abort(struct cache_writer *w);
DEFINE_CLEANUP(struct cache_writer *, cache_writer_abort)

/** cache_unpack_store() - where package_read() keeps decompressed archives; lives as long as @c */
struct unpack_store *cache_unpack_store(struct cache *c);

struct cache_stats {
	uint64_t n_files, bytes;
};

/**
 * cache_clean() - remove what is not needed
 * @keep: digests whose package and unpacked archive stay; NULL: none
 * @removed: what was removed, added up; may be NULL
 *
 * Interrupted downloads go, but for those that a process is writing. A build that uses the cache at
 * the same time keeps the files that it has open.
 */
int cache_clean(struct cache *c, const struct strv *keep, struct cache_stats *removed,
		struct err *e) must_check;

/**
 * cache_verify() - hash all packages again, unpack them again, and remove what is not right
 * @bad: what was removed, added up; may be NULL
 */
int cache_verify(struct cache *c, struct cache_stats *bad, struct err *e) must_check;
