/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/json_writer.h"

#include <assert.h>
#include <stdarg.h>

#include "base/utf8.h"

#define DEPTH_OF_LINES 2

static void new_line(struct json_writer *w)
{
	buf_append_str(w->out, "\n");
}

/* What stands between this value and the one before. */
static void begin_value(struct json_writer *w)
{
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (w->more)
		buf_append_str(w->out, ",");
	if (w->depth && w->depth <= DEPTH_OF_LINES)
		new_line(w);
}

void json_open(struct json_writer *w, char bracket)
{
	begin_value(w);
	buf_append(w->out, &bracket, 1);
	w->depth++;
	w->more = false;
}

void json_close(struct json_writer *w, char bracket)
{
	assert(w->depth && !w->keyed);
	if (w->more && w->depth <= DEPTH_OF_LINES)
		new_line(w);
	buf_append(w->out, &bracket, 1);
	w->more = true;
	if (--w->depth == 0)
		new_line(w);
}

void json_key(struct json_writer *w, const char *key)
{
	assert(!w->keyed);
	begin_value(w);
	buf_printf(w->out, "\"%s\":", key);
	w->keyed = true;
}

/* Those that RFC 8259 forbids in a string as they are. */
static void escape(struct buf *out, char c)
{
	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c == '\n')
		buf_append_str(out, "\\n");
	else if (c == '\t')
		buf_append_str(out, "\\t");
	else
		buf_printf(out, "\\u%04x", (unsigned char)c);
}

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

void json_string(struct json_writer *w, const char *value)
{
	begin_value(w);
	buf_append_str(w->out, "\"");
	for (const char *at = value; *at;) {
		size_t n = 0;
		uint32_t c;
		while (is_plain(at[n]))
			n++;
		buf_append(w->out, at, n);
		at += n;
		if (!*at)
			break;
		n = utf8_next(at, &c);
		if (n > 1)
			buf_append(w->out, at, n);
		else if (n == 1)
			escape(w->out, *at);
		else
			buf_append_str(w->out, "\xef\xbf\xbd");
		at += n ? n : 1;
	}
	buf_append_str(w->out, "\"");
	w->more = true;
}

void json_number(struct json_writer *w, uint64_t value)
{
	begin_value(w);
	buf_printf(w->out, "%llu", (unsigned long long)value);
	w->more = true;
}

void json_boolean(struct json_writer *w, bool value)
{
	begin_value(w);
	buf_append_str(w->out, value ? "true" : "false");
	w->more = true;
}

void json_hex(struct json_writer *w, const uint8_t *data, size_t len)
{
	char hex[2 * 64 + 1];

	assert(len <= 64);
	hex_encode(data, len, hex);
	json_string(w, hex);
}

void json_member(struct json_writer *w, const char *key, const char *value)
{
	json_key(w, key);
	json_string(w, value);
}

void json_memberf(struct json_writer *w, const char *key, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		w->out->failed = true;
		return;
	}
	json_member(w, key, text);
	free(text);
}

void json_member_open(struct json_writer *w, const char *key, char bracket)
{
	json_key(w, key);
	json_open(w, bracket);
}
