/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/allowed.h"

#include "base/path.h"

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

/* "[podman]" is for images called podman_…; Return: whether the line is such a one */
static bool is_section(const char *line, const char *image, bool *ret_applies)
{
	const char *file = path_last(image);
	size_t len = strlen(line);

	if (len < 3 || line[0] != '[' || line[len - 1] != ']')
		return false;
	*ret_applies = strncmp(file, line + 1, len - 2) == 0 && file[len - 2] == '_';
	return true;
}

static int add_line(struct allowed *a, char *line, struct err *e)
{
	if (!is_kind(line))
		return err_set(e, -EINVAL, "of no kind that is known: %.80s", line);
	if (!cut_reason(line))
		return err_set(e, -EINVAL, "a reason is missing: # why");
	return strv_add(&a->patterns, line) < 0 ? err_oom(e) : 0;
}

/* What is not for this image has to be good as well. */
int allowed_add(struct allowed *a, const char *text, size_t len, const char *image,
		const char *name, struct err *e)
{
	struct allowed others = { 0 };
	const char *end = text + len;
	bool applies = true;
	int r = 0;

	for (size_t number = 1; r == 0 && text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);
		_cleanup_free_ char *line = strndup(text, n);
		if (!line) {
			r = err_oom(e);
			break;
		}
		text += n + 1;
		if (*line == '\0' || *line == '#' || is_section(line, image, &applies))
			continue;
		r = add_line(applies ? a : &others, line, e);
		if (r < 0)
			err_wrap(e, r, "%s:%zu", name, number);
	}
	allowed_done(&others);
	return r;
}

int allowed_add_own(struct allowed *a, const char *image, struct err *e)
{
	return allowed_add(a, allowed_list_start, (size_t)(allowed_list_end - allowed_list_start),
			   image, "the suite's own list", e);
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
