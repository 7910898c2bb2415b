/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Stanzas of "Field: value" lines, as in Packages, Release and .sources files. Nothing is copied:
 * spans point into the text. Spec: deb822(5).
 */
#include "base/util.h"

struct span {
	const char *p;
	size_t len;
};

/* For "%.*s". */
#define SPAN_ARG(s) (int)(s).len, (s).p

bool span_eq(struct span s, const char *with);
/** span_cmp() - in byte order */
int span_cmp(struct span a, struct span b);
/** span_dup() - a heap string; NULL when out of memory */
char *span_dup(struct span s) must_check;
/** span_trim() - without spaces, tabs and newlines at both ends */
struct span span_trim(struct span s);
/** span_word() - take the next word off @s; false when there is none */
bool span_word(struct span *s, struct span *ret);
/** span_line() - take the next line off @s, without its newline; false at the end */
bool span_line(struct span *s, struct span *ret);
/** span_u64() - parse_u64() of a span, decimal */
int span_u64(struct span s, uint64_t *ret) must_check;

/**
 * deb822_stanza() - take the next stanza off @text; empty lines before it are skipped
 * @ret: its lines, all of them
 * Return: false at the end of the text
 */
bool deb822_stanza(struct span *text, struct span *ret);

/**
 * deb822_field() - take the next field off a stanza
 * @value: trimmed; continuation lines are in it with their newlines; comment lines too
 * Return: 1; 0 at the end; -EBADMSG a line is no field (the stanza then starts at it)
 */
int deb822_field(struct span *stanza, struct span *name, struct span *value);

/** deb822_get() - value of a field, by name in any case; false if there is none */
bool deb822_get(struct span stanza, const char *name, struct span *value);
