/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The outer archive of a .deb: "!<arch>\n" and members behind 60-byte headers, as deb(5) has them. */
#include "base/source.h"

struct ar {
	const struct source *src;
	uint64_t next; /* offset of the next member's header */
};

struct ar_member {
	char name[17]; /* without the padding and the slash that some programs end it with */
	uint64_t offset, size_bytes; /* of the content; lies inside the source */
};

/** ar_init() - check the magic; Return: 0; -EBADMSG no such archive; errors of reading */
int ar_init(struct ar *a, const struct source *src, struct err *e) must_check;

/** ar_next() - Return: 1 with a member; 0 at the end; -EBADMSG malformed or truncated */
int ar_next(struct ar *a, struct ar_member *ret, struct err *e) must_check;
