/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/near.h"

#define MAX_LEN 63

/*
 * Levenshtein's distance, and two neighbours in the wrong order are one edit: the commonest slip. Of the
 * table there are the row that is made and the two above it.
 */
size_t near_distance(const char *a, const char *b)
{
	size_t n = strnlen(a, MAX_LEN), m = strnlen(b, MAX_LEN), rows[3][MAX_LEN + 1];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = MIN(change, MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], second[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
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
