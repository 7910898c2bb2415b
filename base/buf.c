/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <stdarg.h>

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

uint8_t *buf_grow(struct buf *b, size_t len)
{
	size_t need;

	if (b->failed || add_overflows(b->len, len, &need) ||
	    add_overflows(need, (size_t)1, &need)) {
		b->failed = true;
		return NULL;
	}
	if (need > b->cap) {
		size_t cap = MAX(MAX(need, (size_t)64), b->cap + b->cap / 2);
		uint8_t *p = realloc(b->data, cap);
		if (!p) {
			b->failed = true;
			return NULL;
		}
		b->data = p;
		b->cap = cap;
	}
	return b->data + b->len;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
	uint8_t *p = buf_grow(b, len);

	if (!p)
		return;
	if (len)
		memcpy(p, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_append_zero(struct buf *b, size_t len)
{
	uint8_t *p = buf_grow(b, len);

	if (!p)
		return;
	memset(p, 0, len + 1);
	b->len += len;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		s = NULL;
		b->failed = true;
		return;
	}
	buf_append(b, s, (size_t)n);
}

void buf_pad(struct buf *b, size_t align)
{
	buf_append_zero(b, (size_t)align_up(b->len, align) - b->len);
}

const char *buf_str(const struct buf *b)
{
	return b->len ? (const char *)b->data : "";
}

char *buf_take_str(struct buf *b)
{
	char *s;

	if (b->failed)
		return NULL;
	if (!b->data)
		return strdup("");
	s = (char *)b->data;
	*b = (struct buf)BUF_INIT;
	return s;
}
