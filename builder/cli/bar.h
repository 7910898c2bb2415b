/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A drawing of a disk in text, to scale. */
#include "base/util.h"

struct bar_part {
	const char *label;
	uint64_t bytes, used_bytes;
};

/**
 * bar_print() - on standard output, as wide as the terminal; each part has a column at least
 *
 * Lines are drawn in Unicode on a terminal whose locale has it, else in ASCII.
 */
void bar_print(const struct bar_part *v, size_t n);
