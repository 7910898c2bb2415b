/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/openssl.h"

#include <openssl/err.h>
#include <stdarg.h>

/* The first error in the queue is the cause, later ones say who passed it on. */
int openssl_err(struct err *e, int code, const char *fmt, ...)
{
	unsigned long first = ERR_get_error();
	const char *reason = first ? ERR_reason_error_string(first) : NULL;
	char text[512];
	va_list ap;

	ERR_clear_error();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return reason ? err_set(e, code, "%s: %s", text, reason) : err_set(e, code, "%s", text);
}

int buf_append_x509(struct buf *b, X509 *cert, struct err *e)
{
	int len = i2d_X509(cert, NULL);
	uint8_t *p = len > 0 ? buf_grow(b, (size_t)len) : NULL;

	if (!p)
		return err_oom(e);
	i2d_X509(cert, &p);
	b->len += (size_t)len;
	b->data[b->len] = '\0';
	return 0;
}
