/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/deb822.h"

#include <errno.h>
#include <strings.h>

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
	if (!colon || colon == line.p || span_is_space(line.p[0]))
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
