/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Stanzas of "Field: value" lines, as in Packages, Release, .sources and control files. Nothing is
 * copied: spans point into the text. Spec: deb822(5).
 */
#include "base/span.h"

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
