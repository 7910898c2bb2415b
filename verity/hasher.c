/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/hasher.h"

#include "base/digest.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define CHUNK_BYTES 64

static const uint32_t initial_state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

#if defined(__x86_64__)
/* OpenSSL uses the SHA instructions where the CPU has them. */
static bool has_sha_instructions(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1U << 29));
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

/* By throughput: 16 lanes, then the SHA instructions, then 8 lanes. */
static int choose_lanes(struct hasher *h, enum hasher_kind kind)
{
	__builtin_cpu_init();
	if (kind == HASHER_OPENSSL)
		return 0;
	if (has_avx512() && (kind == HASHER_AUTO || kind == HASHER_AVX512)) {
		h->n_lanes = 16;
		h->compress = sha256_lanes_avx512;
	} else if (__builtin_cpu_supports("avx2") &&
		   (kind == HASHER_AVX2 || (kind == HASHER_AUTO && !has_sha_instructions()))) {
		h->n_lanes = 8;
		h->compress = sha256_lanes_avx2;
	}
	return kind == HASHER_AUTO || h->compress ? 0 : -EOPNOTSUPP;
}
#else
static int choose_lanes(struct hasher *h unused_, enum hasher_kind kind)
{
	return kind == HASHER_AUTO || kind == HASHER_OPENSSL ? 0 : -EOPNOTSUPP;
}
#endif

static void spread(uint32_t *state, unsigned int n_lanes, const uint32_t from[8])
{
	for (unsigned int w = 0; w < 8; w++)
		for (unsigned int i = 0; i < n_lanes; i++)
			state[w * n_lanes + i] = from[w];
}

/* Every lane takes in the salt; any of them is the state wanted. */
static void salt_lanes(struct hasher *h, const uint8_t *salt)
{
	uint32_t state[8 * HASHER_LANES_MAX];

	spread(state, h->n_lanes, initial_state);
	h->compress(state, salt, 0, h->salt_bytes / CHUNK_BYTES);
	for (unsigned int w = 0; w < 8; w++)
		h->salted_state[w] = state[w * h->n_lanes];
}

int hasher_init(struct hasher *h, enum hasher_kind kind, const uint8_t *salt, size_t salt_bytes,
		struct err *e)
{
	*h = (struct hasher){ .salt_bytes = salt_bytes };
	int r = choose_lanes(h, kind);
	if (r < 0)
		return err_set(e, r, "this CPU lacks the instructions");
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->salted = EVP_MD_CTX_new();
	if (!h->md || !h->salted || !EVP_DigestInit_ex(h->salted, h->md, NULL) ||
	    !EVP_DigestUpdate(h->salted, salt, salt_bytes)) {
		hasher_done(h);
		return err_set(e, -ENOMEM, "OpenSSL cannot set up SHA-256");
	}
	if (h->compress && salt_bytes % CHUNK_BYTES == 0)
		salt_lanes(h, salt);
	else
		h->compress = NULL;
	return 0;
}

void hasher_done(struct hasher *h)
{
	EVP_MD_CTX_free(h->salted);
	EVP_MD_free(h->md);
	*h = (struct hasher)HASHER_INIT;
}

static int run_openssl(const struct hasher *h, const uint8_t *data, size_t block_bytes,
		       size_t n_blocks, uint8_t *digests, struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL;

	for (size_t i = 0; i < n_blocks && ok; i++)
		ok = EVP_MD_CTX_copy_ex(ctx, h->salted) &&
		     EVP_DigestUpdate(ctx, data + i * block_bytes, block_bytes) &&
		     EVP_DigestFinal_ex(ctx, digests + i * SHA256_BYTES, NULL);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : err_oom(e);
}

static void put_digests(const struct hasher *h, const uint32_t *state, uint8_t *digests)
{
	for (unsigned int i = 0; i < h->n_lanes; i++)
		for (unsigned int w = 0; w < 8; w++)
			put_be32(digests + i * SHA256_BYTES + w * 4, state[w * h->n_lanes + i]);
}

int hasher_run(const struct hasher *h, const uint8_t *data, size_t block_bytes, size_t n_blocks,
	       uint8_t *digests, struct err *e)
{
	uint32_t state[8 * HASHER_LANES_MAX];
	uint64_t message_bits = (uint64_t)(h->salt_bytes + block_bytes) * 8;
	uint8_t last[CHUNK_BYTES] = {
		0x80
	}; /* the message ends on a chunk: this one is all padding */

	if (!h->compress || n_blocks < h->n_lanes)
		return run_openssl(h, data, block_bytes, n_blocks, digests, e);
	put_be32(last + 56, (uint32_t)(message_bits >> 32));
	put_be32(last + 60, (uint32_t)message_bits);
	for (size_t i = 0; i < n_blocks; i += h->n_lanes) {
		/* The last round goes over some blocks again, rather than leave lanes empty. */
		size_t at = MIN(i, n_blocks - h->n_lanes);
		spread(state, h->n_lanes, h->salted_state);
		h->compress(state, data + at * block_bytes, block_bytes, block_bytes / CHUNK_BYTES);
		h->compress(state, last, 0, 1);
		put_digests(h, state, digests + at * SHA256_BYTES);
	}
	return 0;
}
