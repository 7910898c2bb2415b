/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/span.h"

#include <errno.h>

bool span_eq(struct span s, const char *with)
{
	return s.len == strlen(with) && memcmp(s.p, with, s.len) == 0;
}

int span_cmp(struct span a, struct span b)
{
	int c = memcmp(a.p, b.p, MIN(a.len, b.len));

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

char *span_dup(struct span s)
{
	char *p = malloc(s.len + 1);

	if (p) {
		memcpy(p, s.p, s.len);
		p[s.len] = '\0';
	}
	return p;
}

bool span_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span span_trim(struct span s)
{
	while (s.len && span_is_space(s.p[0]))
		s.p++, s.len--;
	while (s.len && span_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool span_word(struct span *s, struct span *ret)
{
	size_t n = 0;

	*s = span_trim(*s);
	if (!s->len)
		return false;
	while (n < s->len && !span_is_space(s->p[n]))
		n++;
	*ret = (struct span){ s->p, n };
	s->p += n, s->len -= n;
	return true;
}

bool span_line(struct span *s, struct span *ret)
{
	if (!s->len)
		return false;
	const char *nl = memchr(s->p, '\n', s->len);
	size_t n = nl ? (size_t)(nl - s->p) : s->len;

	*ret = (struct span){ s->p, n };
	s->p += n + (nl != NULL), s->len -= n + (nl != NULL);
	return true;
}

int span_u64(struct span s, uint64_t *ret)
{
	char digits[32];

	if (s.len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s.p, s.len);
	digits[s.len] = '\0';
	return parse_u64(digits, 10, ret);
}
