/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The same meaningless bytes for the same seed, everywhere. */
#include "base/util.h"

static inline uint8_t *noise(uint8_t *p, size_t len, uint64_t seed)
{
	uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (uint8_t)(x >> 32);
	}
	return p;
}
