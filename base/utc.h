/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Times as people write them, in UTC: "2026-11-21T10:00:00Z". */
#include "base/util.h"

#define UTC_CHARS sizeof("2026-11-21T10:00:00Z") /* with the NUL */

/** utc_format() - seconds since 1970, up to the year 9999, as text */
void utc_format(uint64_t seconds, char out[UTC_CHARS]);

/**
 * utc_parse() - what utc_format() writes, or the day alone, which means its first second
 * Return: 0; -EINVAL; -ENOMEM
 */
int utc_parse(const char *s, uint64_t *ret) must_check;
