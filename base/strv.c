/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strv.h"

#include <errno.h>
#include <stdarg.h>

void strv_done(struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strv)STRV_INIT;
}

int strv_take(struct strv *l, char *s)
{
	if (!s)
		return -ENOMEM;
	if (l->n + 2 > l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 8;
		char **v = reallocarray(l->v, cap, sizeof(*v));
		if (!v) {
			free(s);
			return -ENOMEM;
		}
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
	return 0;
}

int strv_add(struct strv *l, const char *s)
{
	return strv_take(l, strdup(s));
}

int strv_addf(struct strv *l, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return strv_take(l, n < 0 ? NULL : s);
}

bool strv_contains(const struct strv *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

void strv_uniq(struct strv *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (kept && str_eq(l->v[kept - 1], l->v[i]))
			free(l->v[i]);
		else
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
	if (l->v)
		l->v[kept] = NULL;
}

int strv_split(struct strv *l, const char *s, const char *sep)
{
	while (*(s += strspn(s, sep))) {
		size_t n = strcspn(s, sep);
		int r = strv_take(l, strndup(s, n));
		if (r < 0)
			return r;
		s += n;
	}
	return 0;
}
