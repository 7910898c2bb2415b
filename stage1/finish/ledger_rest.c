/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ledger_rest.h"

#include <errno.h>

#include "stage1/finish/block.h"

#define MARK "@VERSION@"

void rest_add_line(struct buf *rest, struct span line)
{
	buf_append(rest, line.p, line.len);
	buf_append_str(rest, "\n");
}

void rest_add(struct buf *rest, struct span text)
{
	struct span line, tool;

	while (text.len) {
		const char *start = text.p;
		span_line(&text, &line);
		if (block_marker_tool(line, &tool))
			rest_add_line(rest,
				      (struct span){ start, (size_t)(tool.p + tool.len - start) });
		else
			buf_append(rest, start, (size_t)(text.p - start));
	}
}

static bool is_one_of(struct span line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(line, words[i]))
			return true;
	return false;
}

/* "abort-upgrade|abort-remove)", also with ";;" behind it */
static bool is_label(struct span line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] && strchr("abcdefghijklmnopqrstuvwxyz-|* \t", line.p[n]))
		n++;
	if (!n || n == line.len || line.p[n] != ')')
		return false;
	struct span more = span_trim((struct span){ line.p + n + 1, line.len - n - 1 });
	return !more.len || span_eq(more, ";;");
}

/* echo "…" >&2, where nothing within the quotes is run */
static bool is_complaint(struct span line)
{
	static const char begin[] = "echo \"", end[] = "\" >&2";
	const size_t b = sizeof(begin) - 1, n = sizeof(end) - 1;

	if (line.len < b + n || memcmp(line.p, begin, b) != 0 ||
	    memcmp(line.p + line.len - n, end, n) != 0)
		return false;
	for (size_t i = b; i < line.len - n; i++) {
		if (line.p[i] == '\\' && i + 1 < line.len - n)
			i++;
		else if (strchr("\"`\\", line.p[i]) || (line.p[i] == '$' && line.p[i + 1] == '('))
			return false;
	}
	return true;
}

/* Each of these has no effect wherever it stands, and none reaches into the next line. */
static bool line_is_nothing(struct span line)
{
	static const char *const words[] = { "set -e",	       "set -eu",    "set -u", "exit 0",
					     "exit 1",	       "exit 2",     ":",      "true",
					     "case \"$1\" in", "case $1 in", "esac",   ";;" };

	return !line.len || line.p[0] == '#' || is_one_of(line, words, ARRAY_SIZE(words)) ||
	       is_label(line) || is_complaint(line);
}

/* "#!/bin/sh -e" and the like, or no first line at all, as in triggers files */
static bool is_shell(struct span first)
{
	static const char *const shells[] = { "/bin/sh", "/bin/bash", "/bin/dash" };
	struct span program;

	if (first.len < 2 || memcmp(first.p, "#!", 2) != 0)
		return !first.len;
	first.p += 2, first.len -= 2;
	return span_word(&first, &program) && is_one_of(program, shells, ARRAY_SIZE(shells));
}

bool rest_is_nothing(const struct buf *rest)
{
	struct span text = { (const char *)rest->data, rest->len }, line = { "", 0 };

	if (span_line(&text, &line) && !is_shell(line))
		return false;
	while (span_line(&text, &line))
		if (!line_is_nothing(span_trim(line)))
			return false;
	return true;
}

/* The part of a name between dashes that is a version; empty if there is none. */
static struct span find_version(const char *name)
{
	for (const char *part = name; *part;) {
		size_t len = strcspn(part, "-");
		if (*part >= '0' && *part <= '9' && memchr(part, '.', len))
			return (struct span){ part, len };
		part += len + (part[len] == '-');
	}
	return (struct span){ name, 0 };
}

char *rest_package_name(const char *name, struct span *version)
{
	*version = find_version(name);
	if (!version->len)
		return strdup(name);
	return str_printf("%.*s" MARK "%s", (int)(version->p - name), name,
			  version->p + version->len);
}

int rest_replace(struct buf *rest, struct span version)
{
	_cleanup_buf_ struct buf old = *rest;
	const char *p = buf_str(&old), *end = p + old.len, *hit;

	*rest = (struct buf)BUF_INIT;
	while ((hit = memmem(p, (size_t)(end - p), version.p, version.len))) {
		buf_append(rest, p, (size_t)(hit - p));
		buf_append_str(rest, MARK);
		p = hit + version.len;
	}
	buf_append(rest, p, (size_t)(end - p));
	return buf_failed(rest) || old.failed ? -ENOMEM : 0;
}
