/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* "Did you mean …?" for names that a person typed. */
#include "base/util.h"

/** near_distance() - how many characters to change, add or drop; the first 63 of each count */
size_t near_distance(const char *a, const char *b);

/**
 * near_name() - the candidate that is fewest edits away from @name
 * Return: borrowed from @names; NULL when none is near (more than a third of the name's length off)
 */
const char *near_name(const char *name, const char *const *names, size_t n);
