/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 16 messages at once: AVX-512 F and BW. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define LANES	      16
#define NAME	      sha256_lanes_avx512
#define TARGET	      __attribute__((target("avx512f,avx512bw")))
#define vec	      __m512i
#define ADD(a, b)     _mm512_add_epi32(a, b)
#define ROR(x, n)     _mm512_ror_epi32(x, n)
#define SHR(x, n)     _mm512_srli_epi32(x, n)
#define XOR3(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0x96)
#define CH(e, f, g)   _mm512_ternarylogic_epi32(e, f, g, 0xca)
#define MAJ(a, b, c)  _mm512_ternarylogic_epi32(a, b, c, 0xe8)
#define SET1(k)	      _mm512_set1_epi32((int)(k))
#define LOAD(p)	      _mm512_loadu_si512(p)
#define STORE(p, v)   _mm512_storeu_si512(p, v)

/* Rows of 64 bytes become columns: 4x4 words inside each 128 bits first, then the 128-bit pieces. */
TARGET static inline void load_chunk(vec w[16], const uint8_t *data, size_t stride)
{
	const vec swap = _mm512_broadcast_i32x4(
		_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	vec q[4][4]; /* q[rows / 4][column % 4] */

	for (size_t i = 0; i < 4; i++) {
		const uint8_t *row = data + 4 * i * stride;
		vec r0 = LOAD(row), r1 = LOAD(row + stride);
		vec r2 = LOAD(row + 2 * stride), r3 = LOAD(row + 3 * stride);
		vec lo01 = _mm512_unpacklo_epi32(r0, r1), hi01 = _mm512_unpackhi_epi32(r0, r1);
		vec lo23 = _mm512_unpacklo_epi32(r2, r3), hi23 = _mm512_unpackhi_epi32(r2, r3);
		q[i][0] = _mm512_unpacklo_epi64(lo01, lo23);
		q[i][1] = _mm512_unpackhi_epi64(lo01, lo23);
		q[i][2] = _mm512_unpacklo_epi64(hi01, hi23);
		q[i][3] = _mm512_unpackhi_epi64(hi01, hi23);
	}
	for (size_t j = 0; j < 4; j++) {
		vec lo01 = _mm512_shuffle_i32x4(q[0][j], q[1][j], 0x44);
		vec hi01 = _mm512_shuffle_i32x4(q[0][j], q[1][j], 0xee);
		vec lo23 = _mm512_shuffle_i32x4(q[2][j], q[3][j], 0x44);
		vec hi23 = _mm512_shuffle_i32x4(q[2][j], q[3][j], 0xee);
		w[j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(lo01, lo23, 0x88), swap);
		w[4 + j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(lo01, lo23, 0xdd), swap);
		w[8 + j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(hi01, hi23, 0x88), swap);
		w[12 + j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(hi01, hi23, 0xdd), swap);
	}
}

#include "verity/sha256_lanes.h"
#else
typedef int sha256_avx512_is_x86_only;
#endif
