/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/licence.h"

#include "base/test/support.h"

#define FORMAT "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"

static struct err e;

static char *read_text(const char *text, struct licence_texts *texts)
{
	char *ret;

	ck_ok(licence_read(text, strlen(text), texts, &ret, &e));
	return ret;
}

static void expect(const char *text, const char *want)
{
	struct licence_texts texts = LICENCE_TEXTS_INIT;
	_cleanup_free_ char *have = read_text(text, &texts);

	if (want)
		ck_assert_str_eq(have, want);
	else
		ck_assert_ptr_null(have);
	licence_texts_done(&texts);
}

static void expect_names(const char *names, const char *want)
{
	_cleanup_free_ char *text = str_printf(FORMAT "Files: *\nLicense: %s\n", names);

	expect(text, want);
}

START_TEST(names_of_the_list)
{
	expect_names("GPL-2+", "GPL-2.0-or-later");
	expect_names("expat", "MIT");
	expect_names("BSD-3-clause", "BSD-3-Clause");
	expect_names("GPL-3+ or LGPL-2.1", "(GPL-3.0-or-later OR LGPL-2.1-only)");
	expect_names("GPL-2 and ISC", "GPL-2.0-only AND ISC");
	expect_names("ISC and GPL-2 and ISC", "GPL-2.0-only AND ISC");
	expect_names("GPL-2+ with Libtool exception", "GPL-2.0-or-later WITH Libtool-exception");
	expect_names("GPL-2 with Linux-syscall-note exception OR BSD-3-Clause",
		     "(BSD-3-Clause OR GPL-2.0-only WITH Linux-syscall-note)");
}
END_TEST

/* "and" first, then "or", then what commas part. */
START_TEST(precedence)
{
	expect_names("GPL-2 or ISC and Zlib", "((ISC AND Zlib) OR GPL-2.0-only)");
	expect_names("GPL-2 or ISC, and Zlib", "(GPL-2.0-only OR ISC) AND Zlib");
	expect_names("GPL-2 and ISC, or Zlib", "((GPL-2.0-only AND ISC) OR Zlib)");
	expect_names("GPL-2+ or AFL-2.1, and Expat and ISC",
		     "(AFL-2.1 OR GPL-2.0-or-later) AND ISC AND MIT");
}
END_TEST

/* Of one name or of a whole that nothing tells how to take apart, the text stands for it. */
START_TEST(references)
{
	struct licence_texts t = LICENCE_TEXTS_INIT;
	_cleanup_free_ char *first = read_text(FORMAT "Files: *\nLicense: ISC and odd\n\n"
						      "Files: a\nLicense: GPL-2 with sugar, ISC\n"
						      " Take it.\n .\n Or not.\n\n"
						      "Files: b\nLicense:\n No name at all.\n\n"
						      "License: odd\n You may\n   indeed.\n",
					       &t);

	ck_assert_uint_eq(t.n, 3);
	ck_assert_str_eq(t.v[2].name, "odd");
	ck_assert_str_eq(t.v[2].text, "You may\n  indeed.");
	ck_assert_str_eq(t.v[1].name, "GPL-2 with sugar, ISC");
	ck_assert_str_eq(t.v[1].text, "Take it.\n\nOr not.");
	ck_assert_str_eq(t.v[0].name, "");
	ck_assert_str_eq(t.v[0].text, "No name at all.");
	_cleanup_free_ char *want =
		str_printf("ISC AND %s AND %s AND %s", t.v[0].id, t.v[1].id, t.v[2].id);
	ck_assert_str_eq(first, want);
	/* The same text is the same licence, another text of the same name another one. */
	_cleanup_free_ char *same =
		read_text(FORMAT "Files: *\nLicense: odd\n You may\n   indeed.\n", &t);
	ck_assert_str_eq(same, t.v[2].id);
	ck_assert_uint_eq(t.n, 3);
	_cleanup_free_ char *other =
		read_text(FORMAT "Files: *\nLicense: odd\n You may not.\n", &t);
	ck_assert_str_ne(other, same);
	ck_assert_uint_eq(t.n, 4);
	licence_texts_done(&t);
}
END_TEST

START_TEST(no_guesses)
{
	static const char *const unsure[] = { "GPL",	  "LGPL",
					      "BSD",	  "public-domain",
					      "Artistic", "GPL-2+ with Autoconf exception" };

	expect("", NULL);
	expect("This is free software.\n", NULL);
	expect("Files: *\nLicense: GPL-2\n", NULL);	/* no Format */
	expect(FORMAT "License: GPL-2\n text\n", NULL); /* of no files */
	expect(FORMAT "Files: *\nLicense: GPL-2\n\nno field\n", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(unsure); i++) {
		struct licence_texts t = LICENCE_TEXTS_INIT;
		_cleanup_free_ char *text = str_printf(FORMAT "Files: *\nLicense: %s\n", unsure[i]);
		_cleanup_free_ char *have = read_text(text, &t);
		ck_assert(str_has_prefix(have, "LicenseRef-"));
		ck_assert(strstr(t.v[0].text, "does not quote it"));
		licence_texts_done(&t);
	}
}
END_TEST

START_TEST(odd_bytes)
{
	static const char zero[] = FORMAT "Files: *\nLicense: a\0b\n";
	struct licence_texts t = LICENCE_TEXTS_INIT;
	char *ret;

	ck_ok(licence_read(zero, sizeof(zero) - 1, &t, &ret, &e));
	free(ret);
	ck_ok(licence_read(FORMAT "Files: *\nLicense: ,,or and, \xff\n",
			   strlen(FORMAT "Files: *\nLicense: ,,or and, \xff\n"), &t, &ret, &e));
	ck_assert(str_has_prefix(ret, "LicenseRef-"));
	free(ret);
	licence_texts_done(&t);
}
END_TEST

TEST_MAIN("licence", names_of_the_list, precedence, references, no_guesses, odd_bytes)
