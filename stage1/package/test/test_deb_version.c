/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/package/deb_version.h"

/* In ascending order; those of one row are equal. */
static const char *const order[][3] = {
	{ "0~" },
	{ "0", "0:0", "00" },
	{ "0-1" },
	{ "0.0" },
	{ "1~~" },
	{ "1~~a" },
	{ "1~" },
	{ "1~rc1" },
	{ "1~rc1-1" },
	{ "1", "01", "1-0" },
	{ "1-1~bpo1" },
	{ "1-1" },
	{ "1-1+b1" },
	{ "1-1.1" },
	{ "1-10" },
	{ "1a" },
	{ "1z" },
	{ "1+" },
	{ "1+dfsg-1" },
	{ "1.~" },
	{ "1.0~git1" },
	{ "1.0", "1.00" },
	{ "1.0-2-1" },
	{ "1.1" },
	{ "1.9" },
	{ "1.10" },
	{ "1.a" },
	{ "1.a1" },
	{ "2.99999999999999999999999999999" },
	{ "2.100000000000000000000000000000" },
	{ "10" },
	{ "1:0.1", "01:0.1" },
	{ "1:1.0" },
	{ "2:0" },
	{ "10:0" },
};

static int sign(int c)
{
	return c < 0 ? -1 : c > 0;
}

START_TEST(policy_order)
{
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t k = 0; k < ARRAY_SIZE(order); k++)
			for (size_t a = 0; a < 3 && order[i][a]; a++)
				for (size_t b = 0; b < 3 && order[k][b]; b++)
					ck_assert_msg(sign(deb_version_compare(order[i][a],
									       order[k][b])) ==
							      sign((int)i - (int)k),
						      "%s and %s", order[i][a], order[k][b]);
}
END_TEST

START_TEST(order_is_that_of_dpkg)
{
	const char *const probe[] = { "dpkg", "--version", NULL };
	struct err e = { 0 };

	if (run_program(&(struct run_params){ .argv = probe }, NULL, &e) < 0)
		test_skip("no dpkg");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t k = i; k < MIN(i + 3, ARRAY_SIZE(order)); k++) {
			const char *relation = i == k ? "eq" : "lt", *b = order[k][0];
			if (i == k && order[k][1])
				b = order[k][1];
			const char *const argv[] = { "dpkg",	  "--compare-versions",
						     order[i][0], relation,
						     b,		  NULL };
			int status;
			ck_ok(run_program(&(struct run_params){ .argv = argv }, &status, &e));
			ck_assert_msg(status == 0, "%s %s %s", order[i][0], relation, b);
		}
}
END_TEST

START_TEST(malformed_versions)
{
	static const char *const good[] = { "1", "1:2-3", "1.0-2-3", "0~a+b.c-1~x+y.z", "1:2:3" };
	static const char *const bad[] = { "",	  "a",	 ":1",	  "x:1", "1:",	 "1-",
					   "1_2", "1 2", "1-a_b", "-1",	 "1:-1", "3000000000:1" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_ok(deb_version_check(good[i], &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_fails(deb_version_check(bad[i], &e), -EINVAL, "is not a version");
}
END_TEST

START_TEST(relations)
{
	ck_assert(deb_version_satisfies("1.0", "<<", "1.1"));
	ck_assert(!deb_version_satisfies("1.0", "<<", "1.0"));
	ck_assert(deb_version_satisfies("1.0", "<=", "1.0"));
	ck_assert(deb_version_satisfies("1.0", "<", "1.0"));
	ck_assert(deb_version_satisfies("1.0", "=", "1.00"));
	ck_assert(deb_version_satisfies("1.0", ">=", "1.0"));
	ck_assert(deb_version_satisfies("1.1", ">>", "1.0"));
	ck_assert(!deb_version_satisfies("1.0", ">>", "1.0"));
	ck_assert(!deb_version_satisfies("1.0", "!=", "1.1"));
	ck_assert(!deb_relation_covers(NULL, "a", "1"));
	ck_assert(!deb_relation_covers("", "a", "1"));
	const char *field = "aa, b (<< 2.0~),\n c:any (>=1) , d | e(= 1-1), f ( <= 3 ), g (<< )";
	ck_assert(deb_relation_covers(field, "aa", "7"));
	ck_assert(!deb_relation_covers(field, "a", "7"));
	ck_assert(deb_relation_covers(field, "b", "1.9"));
	ck_assert(!deb_relation_covers(field, "b", "2.0"));
	ck_assert(deb_relation_covers(field, "c", "1"));
	ck_assert(!deb_relation_covers(field, "c", "0"));
	ck_assert(deb_relation_covers(field, "d", "0"));
	ck_assert(deb_relation_covers(field, "e", "1-1"));
	ck_assert(!deb_relation_covers(field, "e", "1-2"));
	ck_assert(deb_relation_covers(field, "f", "3"));
	ck_assert(!deb_relation_covers(field, "h", "3"));
}
END_TEST

TEST_MAIN("deb_version", policy_order, order_is_that_of_dpkg, malformed_versions, relations)
