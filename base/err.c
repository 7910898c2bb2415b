/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>

static void format(struct err *e, const char *fmt, va_list ap)
{
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
}

/* Append as much as there is room for. */
static void append(struct err *e, const char *tail)
{
	size_t n = strlen(e->msg);

	snprintf(e->msg + n, sizeof(e->msg) - n, "%s", tail);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	return e->code = code;
}

int err_wrap(struct err *e, int code, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;

	assert(code < 0);
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	append(e, ": ");
	append(e, old);
	return e->code = code;
}

int err_sys(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	append(e, ": ");
	append(e, strerror(-code));
	return e->code = code;
}

int err_oom(struct err *e)
{
	return err_set(e, -ENOMEM, "out of memory");
}
