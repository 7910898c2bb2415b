/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/block.h"

#define FIRST_LINE "# Automatically added by dh_"
#define LAST_LINE  "# End automatically added section"

static bool span_has_prefix(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.p, prefix, len) == 0;
}

bool block_marker_tool(struct span line, struct span *ret)
{
	const size_t before = strlen(FIRST_LINE) - strlen("dh_");

	if (!span_has_prefix(line, FIRST_LINE))
		return false;
	struct span tool = { line.p + before, line.len - before };
	const char *slash = memchr(tool.p, '/', tool.len);
	if (slash)
		tool.len = (size_t)(slash - tool.p);
	*ret = span_trim(tool);
	return true;
}

bool block_next(struct span *script, struct span *before, struct block *ret)
{
	struct span rest = *script, line, tool;
	const char *start = rest.p;
	struct block b = { .text.p = NULL };

	while (span_line(&rest, &line)) {
		if (block_marker_tool(line, &tool)) {
			b.text.p = line.p;
			b.tool = tool;
			b.body.p = rest.p;
		} else if (b.text.p && span_eq(span_trim(line), LAST_LINE)) {
			b.body.len = (size_t)(line.p - b.body.p);
			b.text.len = (size_t)(rest.p - b.text.p);
			*before = (struct span){ start, (size_t)(b.text.p - start) };
			*script = rest;
			*ret = b;
			return true;
		}
	}
	*before = *script;
	*script = rest;
	return false;
}

void block_words_done(struct block_words *w)
{
	strv_done(&w->units);
	strv_done(&w->confs);
	strv_done(&w->inits);
}
