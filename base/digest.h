/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* SHA-256 of bytes and of streams, by OpenSSL; SHA-1 where a format demands it. */
#include "base/util.h"

#define SHA256_BYTES 32
#define SHA256_HEX   (2 * SHA256_BYTES + 1)

/** sha256_bytes() - digest of @len bytes; @out: 32 bytes. Aborts when OpenSSL has no SHA-256. */
void sha256_bytes(const void *data, size_t len, uint8_t out[SHA256_BYTES]);

/**
 * uuid_derive() - the UUID that follows from @len bytes and from what it is for, of version 8 (RFC 9562)
 * @uuid: as UUID text has it: byte 0 first
 */
void uuid_derive(const void *from, size_t len, const char *what, uint8_t uuid[16]);

#define SHA1_BYTES 20
#define SHA1_HEX   (2 * SHA1_BYTES + 1)

/** sha1_bytes() - for formats that name files by it: it protects nothing */
void sha1_bytes(const void *data, size_t len, uint8_t out[SHA1_BYTES]);

struct sha256;
/** sha256_new() - the digest of content that comes in pieces; NULL when out of memory */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *s);
DEFINE_CLEANUP(struct sha256 *, sha256_free)
/** sha256_update() - the next piece */
void sha256_update(struct sha256 *s, const void *data, size_t len);
/** sha256_final() - writes the digest of all updates since the start or the last final */
void sha256_final(struct sha256 *s, uint8_t out[SHA256_BYTES]);
