/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/components.h"

#include "base/buf.h"

/* What needs no escape anywhere in one: unreserved characters, and the colon of a version's epoch. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:"

static void append(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_printf(b, strchr(PLAIN, *s) ? "%c" : "%%%02X", (unsigned char)*s);
}

char *purl_of_deb(const struct purl_deb *p)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "pkg:deb/");
	append(&b, p->id);
	buf_append_str(&b, "/");
	append(&b, p->name);
	buf_append_str(&b, "@");
	append(&b, p->version);
	buf_append_str(&b, "?arch=");
	append(&b, p->arch);
	buf_append_str(&b, "&distro=");
	append(&b, p->id);
	if (p->version_id) {
		buf_append_str(&b, "-");
		append(&b, p->version_id);
	}
	if (p->source) {
		buf_append_str(&b, "&upstream=");
		append(&b, p->source);
	}
	return buf_take_str(&b);
}
