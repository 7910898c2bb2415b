/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/version.h"

#include "base/run.h"
#include "base/test/support.h"

static int sign_of(int r)
{
	return (r > 0) - (r < 0);
}

static void ck_older(const char *a, const char *b)
{
	ck_assert_msg(version_compare(a, b) < 0, "%s is not older than %s", a, b);
	ck_assert_msg(version_compare(b, a) > 0, "%s is not newer than %s", b, a);
	ck_assert_int_eq(version_compare(a, a), 0);
}

/* The chain of the specification's examples, each older than the next. */
START_TEST(orders_as_specified)
{
	static const char *const chain[] = { "122.1",	"123~rc1-1", "123",	"123-a",
					     "123-a.1", "123-1",     "123-1.1", "123^post1",
					     "123.a-1", "123.1-1",   "123a-1",	"124-1" };

	for (size_t i = 0; i < ARRAY_SIZE(chain); i++)
		for (size_t k = i + 1; k < ARRAY_SIZE(chain); k++)
			ck_older(chain[i], chain[k]);
	ck_older("9", "10");
	ck_older("1", "1.0");
	ck_older("A", "a");
	ck_older("1~", "1");
	ck_assert_int_eq(version_compare("1", "01"), 0);
	ck_older("1_0", "10");
}
END_TEST

/* systemd's own opinion of one pair: 11 the first is newer, 12 the second is, 0 equal. */
static int ask_systemd(const char *a, const char *b)
{
	const char *const argv[] = { "systemd-analyze", "compare-versions", a, b, NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };
	int status = -1;

	ck_ok(run_program(&(struct run_params){ .argv = argv, .out = &out }, &status, &e));
	return status == 0 ? 0 : status == 11 ? 1 : -1;
}

/* Random versions of few characters, so that they have much in common. */
START_TEST(agrees_with_systemd)
{
	static const char chars[] = "0129aBz.-~^+_";
	char v[2][8];
	unsigned int seed = 1;

	if (!test_has_program("systemd-analyze"))
		test_skip("systemd-analyze is missing");
	for (int n = 0; n < 300; n++) {
		for (int i = 0; i < 2; i++) {
			size_t len = 1 + (size_t)rand_r(&seed) % 6;
			for (size_t k = 0; k < len; k++)
				v[i][k] = chars[(size_t)rand_r(&seed) % (k ? 13 : 7)];
			v[i][len] = '\0';
		}
		int ours = sign_of(version_compare(v[0], v[1]));
		ck_assert_msg(ours == ask_systemd(v[0], v[1]), "%s and %s: %d", v[0], v[1], ours);
	}
}
END_TEST

START_TEST(knows_versions)
{
	ck_assert(version_is_valid("1"));
	ck_assert(version_is_valid("2026.11-rc~1+b^2"));
	ck_assert(!version_is_valid(""));
	ck_assert(!version_is_valid("."));
	ck_assert(!version_is_valid("1/2"));
	ck_assert(!version_is_valid("1\n"));
}
END_TEST

TEST_MAIN("publish_version", orders_as_specified, agrees_with_systemd, knows_versions)
