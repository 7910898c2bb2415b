/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line's pattern takes the signed line, and nothing that was added to it. */
#include <regex.h>

#include "base/buf.h"
#include "base/test/support.h"
#include "builder/stages/cmdline.h"

#define WORDS "console=ttyS0,115200 a.b=c*[d]^$\\ quiet"
#define HASH  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* As grep -x: the whole line. */
static bool matches(const char *words, const char *line)
{
	_cleanup_free_ char *pattern = cmdline_pattern(words);
	regmatch_t m;
	regex_t re;

	ck_assert_ptr_nonnull(pattern);
	size_t len = strlen(pattern);
	ck_assert_uint_eq(strcspn(pattern, "\n"), len - 1);
	pattern[len - 1] = '\0';
	ck_assert_int_eq(regcomp(&re, pattern, 0), 0);
	bool found = regexec(&re, line, 1, &m, 0) == 0 && m.rm_so == 0 &&
		     (size_t)m.rm_eo == strlen(line);
	regfree(&re);
	return found;
}

START_TEST(the_signed_line_matches)
{
	_cleanup_free_ char *line = cmdline_make(WORDS, HASH, "MIIBrAYJ+/o=");

	ck_assert(matches(WORDS, line));
	ck_assert_ptr_nonnull(strstr(line, " usrhash=" HASH " dm_verity.require_signatures=1 "));
	ck_assert_ptr_nonnull(
		strstr(line, "root-hash-signature=base64:MIIBrAYJ+/o=,panic-on-corruption"));
}
END_TEST

START_TEST(an_addition_does_not)
{
	static const char *const added[] = {
		" ", " init=/bin/sh", " systemd.unit=rescue.target", ",restart-on-corruption",
		" dm_verity.require_signatures=1 "
		"systemd.verity_usr_options=root-hash-signature=base64:"
		"MIIB,panic-on-corruption"
	};
	_cleanup_free_ char *line = cmdline_make(WORDS, HASH, "MIIB");

	for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
		_cleanup_free_ char *after = str_printf("%s%s", line, added[i]),
				    *before = str_printf("%s%s", added[i], line);
		ck_assert(!matches(WORDS, after));
		ck_assert(!matches(WORDS, before));
	}
}
END_TEST

START_TEST(another_line_does_not)
{
	static const struct {
		const char *words, *hash, *signature;
	} v[] = { { "console=ttyS0,115200 aXb=c*[d]^$\\ quiet", HASH, "MIIB" },
		  { "console=ttyS0,115200 a.b=ccc[d]^$\\ quiet", HASH, "MIIB" },
		  { WORDS, "0123", "MIIB" },
		  { WORDS, HASH " init=/bin/sh", "MIIB" },
		  { WORDS, HASH, "MIIB init=/bin/sh" } };

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		_cleanup_free_ char *line = cmdline_make(v[i].words, v[i].hash, v[i].signature);
		ck_assert(!matches(WORDS, line));
	}
}
END_TEST

START_TEST(words_in_front_of_the_builds)
{
	static const char *const good[] = {
		"", "quiet", "a  b ", "a.b=c*[d]^$\\ x", "mount.usrflags=ro", "rd.quiet --x -"
	};
	static const char *const bad[] = {
		"a usrhash=0",
		"rd.usrhash=0",
		"systemd.verity=no",
		"x systemd.verity-usr-data=/dev/sda",
		"rd.systemd.verity_usr_data=/dev/sda",
		"dm-verity.require_signatures=0",
		"mount.usr=/dev/sda",
		"roothash=0",
		"quiet --",
		"-- quiet",
		"\"systemd.verity_usr_data=/dev/sda\"",
		"init=\"",
		"a='b",
		"quiet\tx",
		"a\xc2\xa0x",
		"a\x7f",
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_ok(cmdline_check_words(good[i], &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(cmdline_check_words(bad[i], &e) == -EINVAL, "%s", bad[i]);
}
END_TEST

TEST_MAIN("cmdline", words_in_front_of_the_builds, the_signed_line_matches, an_addition_does_not,
	  another_line_does_not)
