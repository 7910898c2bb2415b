/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 8 messages at once: AVX2. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define LANES	      8
#define NAME	      sha256_lanes_avx2
#define TARGET	      __attribute__((target("avx2")))
#define vec	      __m256i
#define ADD(a, b)     _mm256_add_epi32(a, b)
#define XOR(a, b)     _mm256_xor_si256(a, b)
#define AND(a, b)     _mm256_and_si256(a, b)
#define SHR(x, n)     _mm256_srli_epi32(x, n)
#define ROR(x, n)     _mm256_or_si256(SHR(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define XOR3(a, b, c) XOR(XOR(a, b), c)
#define CH(e, f, g)   XOR(g, AND(e, XOR(f, g)))
/* b ^ c was the last round's a ^ b: the compiler keeps it. */
#define MAJ(a, b, c) XOR(b, AND(XOR(a, b), XOR(b, c)))
#define SET1(k)	     _mm256_set1_epi32((int)(k))
#define LOAD(p)	     _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v)  _mm256_storeu_si256((__m256i *)(void *)(p), v)

/* Eight rows of 32 bytes become columns: 4x4 words inside 128 bits first, then the halves. */
TARGET static inline void load_half(vec w[8], const uint8_t *data, size_t stride)
{
	const vec swap = _mm256_broadcastsi128_si256(
		_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	vec q[2][4]; /* q[rows / 4][column % 4] */

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *row = data + 4 * i * stride;
		vec r0 = LOAD(row), r1 = LOAD(row + stride);
		vec r2 = LOAD(row + 2 * stride), r3 = LOAD(row + 3 * stride);
		vec lo01 = _mm256_unpacklo_epi32(r0, r1), hi01 = _mm256_unpackhi_epi32(r0, r1);
		vec lo23 = _mm256_unpacklo_epi32(r2, r3), hi23 = _mm256_unpackhi_epi32(r2, r3);
		q[i][0] = _mm256_unpacklo_epi64(lo01, lo23);
		q[i][1] = _mm256_unpackhi_epi64(lo01, lo23);
		q[i][2] = _mm256_unpacklo_epi64(hi01, hi23);
		q[i][3] = _mm256_unpackhi_epi64(hi01, hi23);
	}
	for (size_t j = 0; j < 4; j++) {
		vec lo = _mm256_permute2x128_si256(q[0][j], q[1][j], 0x20);
		vec hi = _mm256_permute2x128_si256(q[0][j], q[1][j], 0x31);
		w[j] = _mm256_shuffle_epi8(lo, swap);
		w[4 + j] = _mm256_shuffle_epi8(hi, swap);
	}
}

TARGET static inline void load_chunk(vec w[16], const uint8_t *data, size_t stride)
{
	load_half(w, data, stride);
	load_half(w + 8, data + 32, stride);
}

#include "verity/sha256_lanes.h"
#else
typedef int sha256_avx2_is_x86_only;
#endif
