/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Small things that every module uses: attributes, ownership, arithmetic that checks, byte order,
 * strict parsing of numbers and hex.
 */
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define must_check	    __attribute__((warn_unused_result))
#define printf_format(f, a) __attribute__((format(printf, f, a)))
#define unused_		    __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
#define KiB	      (UINT64_C(1) << 10)
#define MiB	      (UINT64_C(1) << 20)
#define GiB	      (UINT64_C(1) << 30)

/* Ownership moves: the variable is NULL (or -1) afterwards, so that its cleanup does nothing. */
#define TAKE_PTR(p)                        \
	({                                 \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})
#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})

/* DEFINE_CLEANUP(struct blob *, blob_unref) gives cleanup_blob_unref() for _cleanup_(blob_unref). */
#define DEFINE_CLEANUP(type, fn)                         \
	unused_ static inline void cleanup_##fn(type *p) \
	{                                                \
		if (*p)                                  \
			fn(*p);                          \
	}
#define _cleanup_(fn) __attribute__((cleanup(cleanup_##fn)))

static inline void cleanup_free_ptr(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ __attribute__((cleanup(cleanup_free_ptr)))

static inline void cleanup_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_close_ __attribute__((cleanup(cleanup_close_fd)))

DEFINE_CLEANUP(FILE *, fclose)
#define _cleanup_fclose_ _cleanup_(fclose)

/**
 * align_up() - the next multiple of a power of two
 * @v: no more than UINT64_MAX - align
 */
static inline uint64_t align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline uint64_t div_round_up(uint64_t v, uint64_t by)
{
	return v / by + (v % by != 0);
}

static inline bool is_power_of_2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* True if the sum or product does not fit; *ret holds the wrapped value then. */
#define add_overflows(a, b, ret) __builtin_add_overflow(a, b, ret)
#define mul_overflows(a, b, ret) __builtin_mul_overflow(a, b, ret)

static inline uint16_t get_le16(const void *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t get_le32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t get_le64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint32_t get_be32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t get_be64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline void put_le16(void *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le32(void *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le64(void *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_be32(void *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_be64(void *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

/** mem_is_zero() - true for no bytes at all, too */
static inline bool mem_is_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/** str_has_suffix() - true for an equal string, and for "" as the suffix */
bool str_has_suffix(const char *s, const char *suffix);

/**
 * str_printf() - formatted string on the heap
 * Return: to be freed by the caller; NULL when out of memory
 */
char *str_printf(const char *fmt, ...) printf_format(1, 2) must_check;

/**
 * parse_u64() - a whole number, all of the string, no sign, no space
 * @base: 8, 10 or 16; no prefix is taken
 * Return: 0; -EINVAL not such a number; -ERANGE over UINT64_MAX
 */
int parse_u64(const char *s, int base, uint64_t *ret) must_check;

/**
 * parse_size() - bytes, with an optional binary suffix K, M, G or T
 * Return: 0; -EINVAL; -ERANGE
 */
int parse_size(const char *s, uint64_t *ret) must_check;

/**
 * hex_encode() - lowercase hex
 * @out: 2 * len + 1 bytes, NUL-terminated
 */
void hex_encode(const void *data, size_t len, char *out);

#define UUID_TEXT_BYTES 37

/** uuid_format() - 16 bytes as UUID text, byte 0 first, with its NUL */
void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_BYTES]);

/**
 * hex_decode() - strict: exactly 2 * len digits of either case and then NUL
 * Return: 0; -EINVAL
 */
int hex_decode(const char *hex, void *out, size_t len) must_check;

/**
 * base64_encode() - RFC 4648, padded, no line breaks
 * Return: on the heap; NULL when out of memory
 */
char *base64_encode(const void *data, size_t len) must_check;
