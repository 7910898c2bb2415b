/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The machine's apt sources: sources.list, and sources.list.d. */
#include "base/err.h"
#include "base/strv.h"

struct apt_source {
	struct strv uris, suites, components;
	char *signed_by; /* path, fingerprint or a whole key; NULL: none given */
};

struct apt_sources {
	struct apt_source *v; /* enabled ones of type deb, in apt's order of reading */
	size_t n;
	struct strv looked_at; /* the files that were read */
};

#define APT_SOURCES_INIT           \
	{                          \
		NULL, 0, STRV_INIT \
	}
void apt_sources_done(struct apt_sources *s);
#define _cleanup_apt_sources_ __attribute__((cleanup(apt_sources_done)))

/**
 * apt_sources_read() - all sources below a directory; lines that make no sense are passed over, as
 * they are apt's business
 * @dir: usually /etc/apt; files that are not there are no error
 * Return: 0; negative errno of reading; -ENOMEM
 * Spec: sources.list(5)
 */
int apt_sources_read(const char *dir, struct apt_sources *ret, struct err *e) must_check;
