/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/deb822.h"

#include "base/test/support.h"

START_TEST(stanzas)
{
	struct span text = span_of("\n \nA: 1\nB: 2\n\n\nC: 3"), s;

	ck_assert(deb822_stanza(&text, &s));
	ck_assert(span_eq(s, "A: 1\nB: 2\n"));
	ck_assert(deb822_stanza(&text, &s));
	ck_assert(span_eq(s, "C: 3"));
	ck_assert(!deb822_stanza(&text, &s));
	text = span_of("");
	ck_assert(!deb822_stanza(&text, &s));
	text = span_of("\n\n");
	ck_assert(!deb822_stanza(&text, &s));
}
END_TEST

START_TEST(fields)
{
	struct span s = span_of("# c\nName:  x y \nLong:\n one\n# within\n two\nEmpty:\n"), n, v;

	ck_assert_int_eq(deb822_field(&s, &n, &v), 1);
	ck_assert(span_eq(n, "Name") && span_eq(v, "x y"));
	ck_assert_int_eq(deb822_field(&s, &n, &v), 1);
	ck_assert(span_eq(n, "Long") && span_eq(v, "one\n# within\n two"));
	ck_assert_int_eq(deb822_field(&s, &n, &v), 1);
	ck_assert(span_eq(n, "Empty") && v.len == 0);
	ck_assert_int_eq(deb822_field(&s, &n, &v), 0);
}
END_TEST

START_TEST(not_fields)
{
	static const char *const bad[] = { "no colon\n", ": no name\n", " starts with a space\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct span s = span_of(bad[i]), n, v;
		ck_assert_int_eq(deb822_field(&s, &n, &v), -EBADMSG);
	}
}
END_TEST

START_TEST(get_in_any_case)
{
	struct span v;

	ck_assert(deb822_get(span_of("A: 1\nsigned-BY: k\n"), "Signed-By", &v));
	ck_assert(span_eq(v, "k"));
	ck_assert(!deb822_get(span_of("AB: 1\n"), "A", &v));
}
END_TEST

START_TEST(words_and_numbers)
{
	struct span s = span_of("  12\n 0x3 "), w;
	uint64_t n;

	ck_assert(span_word(&s, &w));
	ck_assert_int_eq(span_u64(w, &n), 0);
	ck_assert_uint_eq(n, 12);
	ck_assert(span_word(&s, &w));
	ck_assert_int_eq(span_u64(w, &n), -EINVAL);
	ck_assert(!span_word(&s, &w));
	ck_assert_int_eq(span_u64(span_of("1234567890123456789012345678901234567890"), &n),
			 -EINVAL);
	ck_assert_int_lt(span_cmp(span_of("a"), span_of("ab")), 0);
	ck_assert_int_gt(span_cmp(span_of("b"), span_of("ab")), 0);
}
END_TEST

TEST_MAIN("deb822", stanzas, fields, not_fields, get_in_any_case, words_and_numbers)
