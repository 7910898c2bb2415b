/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utc.h"

#include "base/test/support.h"

START_TEST(there_and_back)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} v[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2024-02-29T23:59:59Z", 1709251199 },
		{ "2026-11-21T10:00:00Z", 1795255200 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
	};
	char text[UTC_CHARS];
	uint64_t t;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		utc_format(v[i].seconds, text);
		ck_assert_str_eq(text, v[i].text);
		ck_assert_int_eq(utc_parse(v[i].text, &t), 0);
		ck_assert_uint_eq(t, v[i].seconds);
	}
	utc_format(UINT64_MAX, text);
	ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
	ck_assert_int_eq(utc_parse("2024-02-29", &t), 0);
	ck_assert_uint_eq(t, 1709164800);
}
END_TEST

START_TEST(refused)
{
	static const char *const bad[] = {
		"",
		"2024",
		"2023-02-29",
		"2024-13-01",
		"2024-1-1",
		"24-01-01",
		"2024-01-01T",
		"2024-01-01T24:00:00Z",
		"2024-01-01T10:00:00",
		"2024-01-01 10:00:00Z",
		"2024-01-01T10:00:00Zx",
		" 2024-01-01T10:00:00Z",
		"1969-12-31",
		"1795255200",
	};
	uint64_t t = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(utc_parse(bad[i], &t) == -EINVAL, "%s is accepted", bad[i]);
	ck_assert_uint_eq(t, 7);
}
END_TEST

TEST_MAIN("utc", there_and_back, refused)
