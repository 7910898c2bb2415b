/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utc.h"

#include <errno.h>
#include <time.h>

#define DAY_CHARS  (sizeof("2026-11-21") - 1)
#define LAST	   UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define UTC_FORMAT "%Y-%m-%dT%H:%M:%SZ"

void utc_format(uint64_t seconds, char out[UTC_CHARS])
{
	time_t t = (time_t)MIN(seconds, LAST);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, UTC_CHARS, UTC_FORMAT, &tm);
}

int utc_parse(const char *s, uint64_t *ret)
{
	_cleanup_free_ char *whole =
		str_printf("%s%s", s, strlen(s) == DAY_CHARS ? "T00:00:00Z" : "");
	struct tm tm = { 0 };
	char again[UTC_CHARS];

	if (!whole)
		return -ENOMEM;
	const char *end = strptime(whole, UTC_FORMAT, &tm);
	time_t t = end && !*end ? timegm(&tm) : -1;
	if (t < 0)
		return -EINVAL;
	/* The 30th of February is another day. */
	utc_format((uint64_t)t, again);
	if (!str_eq(again, whole))
		return -EINVAL;
	*ret = (uint64_t)t;
	return 0;
}
