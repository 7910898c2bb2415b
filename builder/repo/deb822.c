/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/deb822.h"

#include <errno.h>
#include <strings.h>

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

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span span_trim(struct span s)
{
	while (s.len && is_space(s.p[0]))
		s.p++, s.len--;
	while (s.len && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool span_word(struct span *s, struct span *ret)
{
	size_t n = 0;

	*s = span_trim(*s);
	if (!s->len)
		return false;
	while (n < s->len && !is_space(s->p[n]))
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

static bool is_blank(struct span line)
{
	return !span_trim(line).len;
}

bool deb822_stanza(struct span *text, struct span *ret)
{
	struct span line, rest = *text;

	do {
		*text = rest;
		if (!span_line(&rest, &line))
			return false;
	} while (is_blank(line));
	const char *start = line.p, *end = rest.p;
	while (span_line(&rest, &line) && !is_blank(line))
		end = rest.p;
	*ret = (struct span){ start, (size_t)(end - start) };
	*text = rest;
	return true;
}

int deb822_field(struct span *stanza, struct span *name, struct span *value)
{
	struct span line, rest = *stanza;

	do {
		*stanza = rest;
		if (!span_line(&rest, &line))
			return 0;
	} while (line.len && line.p[0] == '#');
	const char *colon = memchr(line.p, ':', line.len);
	if (!colon || colon == line.p || is_space(line.p[0]))
		return -EBADMSG;
	const char *end = line.p + line.len;
	while (rest.len && (rest.p[0] == ' ' || rest.p[0] == '\t' || rest.p[0] == '#')) {
		struct span more;

		span_line(&rest, &more);
		end = more.p + more.len;
	}
	*name = span_trim((struct span){ line.p, (size_t)(colon - line.p) });
	*value = span_trim((struct span){ colon + 1, (size_t)(end - colon - 1) });
	*stanza = rest;
	return 1;
}

bool deb822_get(struct span stanza, const char *name, struct span *value)
{
	struct span n, v;

	while (deb822_field(&stanza, &n, &v) > 0)
		if (n.len == strlen(name) && strncasecmp(n.p, name, n.len) == 0) {
			*value = v;
			return true;
		}
	return false;
}
