/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/allowed.h"

#include <fnmatch.h>

#define SHOWN 8

extern const char allowed_list_start[], allowed_list_end[];

void allowed_done(struct allowed *a)
{
	strv_done(&a->patterns);
}

static bool is_kind(const char *line)
{
	static const char *const kinds[] = { "program ",  "set-id ",	     "capability ",
					     "writable ", "world-writable ", "listen ",
					     "secret " };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_has_prefix(line, kinds[i]))
			return true;
	return false;
}

/* Cuts the reason off, and the blanks before it. */
static bool cut_reason(char *line)
{
	char *hash = strstr(line, " #");

	if (!hash || hash[2 + strspn(hash + 2, " \t")] == '\0')
		return false;
	while (hash > line && strchr(" \t", hash[-1]))
		hash--;
	*hash = '\0';
	return true;
}

int allowed_add(struct allowed *a, const char *text, size_t len, const char *name, struct err *e)
{
	const char *end = text + len;

	for (size_t number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);
		_cleanup_free_ char *line = strndup(text, n);
		if (!line)
			return err_oom(e);
		text += n + 1;
		if (*line == '\0' || *line == '#')
			continue;
		if (!is_kind(line))
			return err_set(e, -EINVAL, "%s:%zu: of no kind that is known: %.80s", name,
				       number, line);
		if (!cut_reason(line))
			return err_set(e, -EINVAL, "%s:%zu: a reason is missing: # why", name,
				       number);
		if (strv_add(&a->patterns, line) < 0)
			return err_oom(e);
	}
	return 0;
}

int allowed_add_own(struct allowed *a, struct err *e)
{
	return allowed_add(a, allowed_list_start, (size_t)(allowed_list_end - allowed_list_start),
			   "the suite's own list", e);
}

bool allowed_test(const struct allowed *a, const char *finding)
{
	for (size_t i = 0; i < a->patterns.n; i++)
		if (fnmatch(a->patterns.v[i], finding, 0) == 0)
			return true;
	return false;
}

int allowed_judge(const struct allowed *a, const struct strv *findings, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++) {
		if (allowed_test(a, findings->v[i]))
			continue;
		if (n++ < SHOWN)
			buf_printf(&text, "%s%s", n > 1 ? "; " : "", findings->v[i]);
	}
	if (n == 0)
		return 0;
	if (buf_failed(&text))
		return err_oom(e);
	return err_set(e, -EBADMSG, "%zu that no list allows: %s%s", n, buf_str(&text),
		       n > SHOWN ? "; …" : "");
}
