/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/near.h"

#define MAX_LEN 63

/* Levenshtein's distance, one row of the table at a time. */
size_t near_distance(const char *a, const char *b)
{
	size_t n = strnlen(a, MAX_LEN), m = strnlen(b, MAX_LEN), row[MAX_LEN + 1];

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}

const char *near_name(const char *name, const char *const *names, size_t n)
{
	size_t best = strnlen(name, MAX_LEN) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = near_distance(name, names[i]);
		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
