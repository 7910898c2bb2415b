/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Numbers that look random and are the same everywhere, for tests that can be repeated. */
#include <stdint.h>

/** splitmix64() - the next number of a series; any @state begins one. By Sebastiano Vigna. */
static inline uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}
