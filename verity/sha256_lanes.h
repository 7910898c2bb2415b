/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compression function of SHA-256 for many messages at once, one in each 32-bit lane of a vector.
 * To be included once by a file that defines, for its instruction set:
 *
 *   LANES, vec, TARGET, NAME     lanes of a vector, its type, its target attribute, the function
 *   ADD XOR3 ROR SHR CH MAJ SET1 operations on vectors of 32-bit words
 *   LOAD STORE                   of vectors of the state, unaligned
 *   load_chunk(w, data, stride)  w[0..15]: the words of 64 bytes of each message
 *
 * Spec: FIPS 180-4, 4.1.2, 4.2.2 and 6.2.2
 */
#include "verity/hasher.h"

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2
};

#define BIG_SIGMA0(x)	XOR3(ROR(x, 2), ROR(x, 13), ROR(x, 22))
#define BIG_SIGMA1(x)	XOR3(ROR(x, 6), ROR(x, 11), ROR(x, 25))
#define SMALL_SIGMA0(x) XOR3(ROR(x, 7), ROR(x, 18), SHR(x, 3))
#define SMALL_SIGMA1(x) XOR3(ROR(x, 17), ROR(x, 19), SHR(x, 10))

/* The letters rotate from round to round instead of the values. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                        \
	do {                                                                    \
		vec t_ = ADD(ADD(h, ADD(SET1(round_constants[t + (i)]), w[i])), \
			     ADD(BIG_SIGMA1(e), CH(e, f, g)));                  \
		d = ADD(d, t_);                                                 \
		h = ADD(t_, ADD(BIG_SIGMA0(a), MAJ(a, b, c)));                  \
	} while (0)

#define EIGHT_ROUNDS(i)                                 \
	do {                                            \
		ROUND(a, b, c, d, e, f, g, h, (i) + 0); \
		ROUND(h, a, b, c, d, e, f, g, (i) + 1); \
		ROUND(g, h, a, b, c, d, e, f, (i) + 2); \
		ROUND(f, g, h, a, b, c, d, e, (i) + 3); \
		ROUND(e, f, g, h, a, b, c, d, (i) + 4); \
		ROUND(d, e, f, g, h, a, b, c, (i) + 5); \
		ROUND(c, d, e, f, g, h, a, b, (i) + 6); \
		ROUND(b, c, d, e, f, g, h, a, (i) + 7); \
	} while (0)

/* The schedule's next word takes the place of the one 16 before it. */
#define EXPAND(i)                                                             \
	(w[(i) % 16] = ADD(ADD(w[(i) % 16], SMALL_SIGMA0(w[((i) + 1) % 16])), \
			   ADD(w[((i) + 9) % 16], SMALL_SIGMA1(w[((i) + 14) % 16]))))

#define EXPAND_FOUR(i) (EXPAND(i), EXPAND((i) + 1), EXPAND((i) + 2), EXPAND((i) + 3))

TARGET void NAME(uint32_t *state, const uint8_t *data, size_t stride, size_t n_chunks)
{
	vec s[8], w[16];

	for (int i = 0; i < 8; i++)
		s[i] = LOAD(state + (size_t)i * LANES);
	for (; n_chunks; n_chunks--, data += 64) {
		vec a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
		load_chunk(w, data, stride);
		for (int t = 0;; t += 16) {
			EIGHT_ROUNDS(0);
			EIGHT_ROUNDS(8);
			if (t == 48)
				break;
			(void)(EXPAND_FOUR(0), EXPAND_FOUR(4), EXPAND_FOUR(8), EXPAND_FOUR(12));
		}
		const vec end[8] = { a, b, c, d, e, f, g, h };
		for (int i = 0; i < 8; i++)
			s[i] = ADD(s[i], end[i]);
	}
	for (int i = 0; i < 8; i++)
		STORE(state + (size_t)i * LANES, s[i]);
}
