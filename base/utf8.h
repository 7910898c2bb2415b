/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* UTF-8, strictly. */
#include "base/util.h"

/**
 * utf8_next() - the first character of a string
 * @ret: its code point
 * Return: the bytes that it takes; 0: they are not UTF-8 (overlong, surrogate, over U+10FFFF, cut off)
 */
size_t utf8_next(const char *s, uint32_t *ret) must_check;

/** utf8_width() - for %-*s, which counts bytes: the width that pads @s to so many characters */
int utf8_width(const char *s, int characters);
