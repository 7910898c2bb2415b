/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/os_release.h"

bool os_release_find(struct span text, const char *key, struct span *ret)
{
	size_t n = strlen(key);
	struct span line;

	while (span_line(&text, &line)) {
		if (line.len <= n || strncmp(line.p, key, n) != 0 || line.p[n] != '=')
			continue;
		*ret = (struct span){ line.p + n + 1, line.len - n - 1 };
		return true;
	}
	return false;
}

char *os_release_value(struct span text, const char *key)
{
	struct span v;

	if (!os_release_find(text, key, &v))
		return NULL;
	v = span_trim(v);
	if (v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0])
		v = (struct span){ v.p + 1, v.len - 2 };
	return span_dup(v);
}
