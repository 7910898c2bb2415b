/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * SHA-256 of salt‖block for many blocks. The state after the salt is computed once. Where the CPU
 * has wide vectors, 8 or 16 blocks are hashed side by side, one in each lane.
 */
#include <openssl/evp.h>

#include "base/err.h"

#define HASHER_LANES_MAX 16

/*
 * Compresses @n_chunks times 64 bytes into each lane's state: lane i reads at @data + i * @stride.
 * @state: word w of lane i at [w * lanes + i]
 */
typedef void hasher_lanes_fn(uint32_t *state, const uint8_t *data, size_t stride, size_t n_chunks);

#if defined(__x86_64__)
hasher_lanes_fn sha256_lanes_avx2, sha256_lanes_avx512;
#endif

enum hasher_kind {
	HASHER_AUTO, /* the fastest that this CPU has */
	HASHER_OPENSSL,
	HASHER_AVX2,
	HASHER_AVX512,
};

struct hasher {
	EVP_MD *md;
	EVP_MD_CTX *salted; /* has taken in the salt */
	size_t salt_bytes;
	unsigned int n_lanes;	   /* 0: OpenSSL only */
	hasher_lanes_fn *compress; /* NULL: OpenSSL only */
	uint32_t salted_state[8];
};

#define HASHER_INIT \
	{           \
		0   \
	}
#define _cleanup_hasher_ __attribute__((cleanup(hasher_done)))

/**
 * hasher_init() - compute the state after the salt
 * @kind: a wide one is used only with a salt of whole 64-byte blocks (none is fine)
 * Return: 0; -EOPNOTSUPP this CPU has no such @kind; -ENOMEM
 */
int hasher_init(struct hasher *h, enum hasher_kind kind, const uint8_t *salt, size_t salt_bytes,
		struct err *e) must_check;
void hasher_done(struct hasher *h);

/**
 * hasher_run() - digests of @n_blocks consecutive blocks; may be called from several threads at once
 * @block_bytes: a multiple of 64
 * @digests: receives 32 bytes a block
 * Return: 0; -ENOMEM
 */
int hasher_run(const struct hasher *h, const uint8_t *data, size_t block_bytes, size_t n_blocks,
	       uint8_t *digests, struct err *e) must_check;
