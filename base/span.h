/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A stretch of somebody else's text: nothing is copied, and no NUL ends it. */
#include "base/util.h"

struct span {
	const char *p;
	size_t len;
};

/* For "%.*s". */
#define SPAN_ARG(s) (int)(s).len, (s).p

/** span_of() - all of a string, without its NUL */
static inline struct span span_of(const char *s)
{
	return (struct span){ s, strlen(s) };
}

bool span_eq(struct span s, const char *with);
/** span_cmp() - in byte order */
int span_cmp(struct span a, struct span b);
/** span_dup() - a heap string; NULL when out of memory */
char *span_dup(struct span s) must_check;
/** span_is_space() - space, tab, newline or carriage return */
bool span_is_space(char c);
/** span_trim() - without spaces, tabs and newlines at both ends */
struct span span_trim(struct span s);
/** span_word() - take the next word off @s; false when there is none */
bool span_word(struct span *s, struct span *ret);
/** span_line() - take the next line off @s, without its newline; false at the end */
bool span_line(struct span *s, struct span *ret);
/** span_u64() - parse_u64() of a span, decimal */
int span_u64(struct span s, uint64_t *ret) must_check;
