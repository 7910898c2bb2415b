/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console's text. Escape sequences (ECMA-48: CSI, OSC, two-byte ones) are dropped; those that
 * place the cursor or clear the screen end the line, since firmware menus come without newlines.
 */
#include "qemu-tests/vm/vm_console.h"

#include <regex.h>

enum state { PLAIN, ESCAPE, CSI, OSC, OSC_ESCAPE, CHARSET };

/* A line longer than this is cut, so that a search over the last one stays short. */
#define MAX_LINE 8192

void vm_console_done(struct vm_console *c)
{
	buf_done(&c->text);
	*c = (struct vm_console)VM_CONSOLE_INIT;
}

static void end_line(struct vm_console *c)
{
	if (c->text.len && c->text.data[c->text.len - 1] != '\n')
		buf_append(&c->text, "\n", 1);
	c->line_len = 0;
}

static void plain(struct vm_console *c, uint8_t ch)
{
	if (ch == '\r') {
		c->carriage_return = true;
		return;
	}
	if (ch == '\n') {
		buf_append(&c->text, "\n", 1);
		c->line_len = 0;
	} else if (ch >= ' ' || ch == '\t') {
		if (c->carriage_return)
			end_line(c); /* a line written over, such as a progress display */
		buf_append(&c->text, &ch, 1);
		if (++c->line_len == MAX_LINE)
			end_line(c);
	}
	c->carriage_return = false;
}

static void escape(struct vm_console *c, uint8_t ch)
{
	if (ch == '[')
		c->state = CSI;
	else if (ch == ']' || ch == 'P')
		c->state = OSC;
	else if (ch == '(' || ch == ')' || ch == '#' || ch == ' ')
		c->state = CHARSET;
	else
		c->state = PLAIN;
}

static void feed_byte(struct vm_console *c, uint8_t ch)
{
	if (c->state != PLAIN && ch == '\n')
		c->state = PLAIN; /* no sequence spans lines: a cut one must not eat what follows */
	switch ((enum state)c->state) {
	case PLAIN:
		if (ch == 0x1b)
			c->state = ESCAPE;
		else
			plain(c, ch);
		break;
	case ESCAPE:
		escape(c, ch);
		break;
	case CSI:
		if (ch < 0x40 || ch > 0x7e)
			break;
		if (strchr("HfJ", ch))
			end_line(c);
		c->state = PLAIN;
		break;
	case OSC:
		if (ch == 0x07)
			c->state = PLAIN;
		else if (ch == 0x1b)
			c->state = OSC_ESCAPE;
		break;
	case OSC_ESCAPE:
	case CHARSET:
		c->state = PLAIN;
		break;
	}
}

void vm_console_feed(struct vm_console *c, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		feed_byte(c, p[i]);
}

static void free_regexes(regex_t *r, const struct vm_pattern *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (patterns[i].regex)
			regfree(&r[i]);
	free(r);
}

static int compile(const struct vm_pattern *patterns, size_t n, regex_t **ret, struct err *e)
{
	regex_t *r = calloc(MAX(n, (size_t)1), sizeof(*r));
	char why[128];

	if (!r)
		return err_oom(e);
	for (size_t i = 0; i < n; i++) {
		int code = patterns[i].regex ? regcomp(&r[i], patterns[i].text, REG_EXTENDED) : 0;
		if (code) {
			regerror(code, &r[i], why, sizeof(why));
			free_regexes(r, patterns, i);
			return err_set(e, -EINVAL, "console pattern '%s': %s", patterns[i].text,
				       why);
		}
	}
	*ret = r;
	return 0;
}

struct match {
	size_t start, end;
};

static bool find(const struct vm_pattern *p, const regex_t *r, const char *line, size_t len,
		 struct match *m)
{
	regmatch_t at = { 0, (regoff_t)len };

	if (p->regex) {
		if (regexec(r, line, 1, &at, REG_STARTEND) != 0)
			return false;
		*m = (struct match){ (size_t)at.rm_so, (size_t)at.rm_eo };
		return true;
	}
	const char *found = memmem(line, len, p->text, strlen(p->text));
	if (!found)
		return false;
	*m = (struct match){ (size_t)(found - line), (size_t)(found - line) + strlen(p->text) };
	return true;
}

/* The earliest match of any pattern in one line; Return: its index, or -1. */
static int find_any(const struct vm_pattern *patterns, const regex_t *r, size_t n, const char *line,
		    size_t len, bool whole, struct match *best)
{
	int which = -1;
	struct match m;

	for (size_t i = 0; i < n; i++)
		if ((whole || !patterns[i].failure) && find(&patterns[i], &r[i], line, len, &m) &&
		    (which < 0 || m.start < best->start)) {
			which = (int)i;
			*best = m;
		}
	return which;
}

/* The whole line around an offset, of which the cursor may have passed a part. */
static char *line_around(const struct vm_console *c, size_t at)
{
	size_t start = at, end = at;

	while (start && c->text.data[start - 1] != '\n')
		start--;
	while (end < c->text.len && c->text.data[end] != '\n')
		end++;
	return strndup((const char *)c->text.data + start, end - start);
}

static int match_lines(struct vm_console *c, const struct vm_pattern *patterns, const regex_t *r,
		       size_t n, size_t *ret_at)
{
	while (c->cursor < c->text.len) {
		const char *line = (const char *)c->text.data + c->cursor;
		const char *newline = memchr(line, '\n', c->text.len - c->cursor);
		size_t len = newline ? (size_t)(newline - line) : c->text.len - c->cursor;
		struct match m = { 0, 0 };
		int which = find_any(patterns, r, n, line, len, newline, &m);

		if (which >= 0) {
			*ret_at = c->cursor + m.start;
			c->cursor += m.end;
			return which;
		}
		if (!newline)
			break;
		c->cursor += len + 1;
	}
	return -EAGAIN;
}

int vm_console_match(struct vm_console *c, const struct vm_pattern *patterns, size_t n,
		     char **ret_line, struct err *e)
{
	regex_t *r = NULL;
	size_t at = 0;

	if (buf_failed(&c->text))
		return err_oom(e);
	int code = compile(patterns, n, &r, e);
	if (code < 0)
		return code;
	int which = match_lines(c, patterns, r, n, &at);
	free_regexes(r, patterns, n);
	if (which < 0)
		return err_set(e, which, "no such line yet");
	if (ret_line) {
		char *line = line_around(c, at);
		if (!line)
			return err_oom(e);
		*ret_line = line;
	}
	return which;
}
