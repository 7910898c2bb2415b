/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"

START_TEST(interrupted)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct fixture f;
	struct err e = { 0 };

	fx_init(&f);
	ck_ok(pool_new(1, &pool, &e));
	pool_cancel(pool);
	f.p.pool = pool;
	ck_fails(finish_run(&f.p, &e), -ECANCELED, "interrupted");
	ck_assert_str_eq(e.msg, "interrupted"); /* it is no finisher's fault */
	ck_assert_uint_eq(tree_count(f.tree), 1);
	fx_done(&f);
}
END_TEST

TEST_MAIN("finish", interrupted)
