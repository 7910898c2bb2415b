/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * File content that need not be in memory of ours: heap bytes, or a stretch of a mapped file (an
 * unpacked package in the cache, an overlay file). A blob never changes; it is counted, and its
 * content is addressable for as long as a reference is held.
 */
#include <stdatomic.h>

#include "base/digest.h"
#include "base/err.h"

/* A file mapped read-only, shared by the blobs that lie in it. */
struct mapping {
	atomic_uint refs;
	const uint8_t *data;
	uint64_t len;
};

/**
 * mapping_new() - map a whole file
 * @fd: borrowed; the file must not shrink while the mapping lives
 * Return: 0; negative errno of fstat or mmap; -ENOMEM
 */
int mapping_new(int fd, struct mapping **ret, struct err *e) must_check;
struct mapping *mapping_ref(struct mapping *m);
void mapping_unref(struct mapping *m);
DEFINE_CLEANUP(struct mapping *, mapping_unref)

struct blob {
	atomic_uint refs;
	atomic_uint digest_state;
	const uint8_t *data; /* @len bytes, NULL when empty */
	uint64_t len;
	struct mapping *mapping; /* NULL: data is on the heap */
	uint8_t sha256[SHA256_BYTES];
};

/** blob_new() - a copy of @len bytes; NULL when out of memory */
struct blob *blob_new(const void *data, size_t len) must_check;

/** blob_new_str() - a copy of a string, without its NUL */
struct blob *blob_new_str(const char *s) must_check;

/** blob_new_take() - heap bytes that become the blob's own, freed on failure too */
struct blob *blob_new_take(void *data, size_t len) must_check;

/** blob_new_mapped() - @len bytes at @off of a mapping, which it takes a reference of */
struct blob *blob_new_mapped(struct mapping *m, uint64_t off, uint64_t len) must_check;

/** blob_new_file() - a file's content, mapped */
int blob_new_file(int dirfd, const char *path, struct blob **ret, struct err *e) must_check;

/** blob_ref() - one owner more; any thread may call it, as blob_unref(); Return: @b */
struct blob *blob_ref(struct blob *b);
/** blob_unref() - one owner less; the last one frees it; NULL is fine */
void blob_unref(struct blob *b);
DEFINE_CLEANUP(struct blob *, blob_unref)

/** blob_digest() - SHA-256 of the content, computed once; may be called from any thread */
void blob_digest(struct blob *b, uint8_t out[SHA256_BYTES]);

/** blob_set_digest() - what blob_digest() will answer: for one who has just computed it */
void blob_set_digest(struct blob *b, const uint8_t sha256[SHA256_BYTES]);

/** blob_equal() - the same bytes? */
bool blob_equal(struct blob *a, struct blob *b);
