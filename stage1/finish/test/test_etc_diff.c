/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway-etc-diff is in images that can run it; what it says is test-etc-diff.sh's. */
#include "stage1/finish/test/fixture.h"

#define PATH "usr/lib/slipway/etc-diff"
#define LINK "usr/bin/slipway-etc-diff"

static const char *const needed[] = { "usr/bin/sh", "usr/bin/sha256sum", "usr/bin/stat",
				      "usr/lib/systemd/systemd" };

/* An image with all that it needs but for one file. */
static void image(struct fixture *f, const char *without)
{
	fx_init(f);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!without || !str_eq(needed[i], without))
			fx_file(f, needed[i], "");
}

START_TEST(is_there)
{
	struct fixture f;
	struct err e;

	image(&f, NULL);
	ck_ok(finish_etc_diff(&f.p, &e));
	fx_expect_mode(&f, PATH, 0755, 0, 0);
	fx_expect_holds(&f, PATH, "#!/bin/sh\n");
	fx_expect_link(&f, LINK, "../lib/slipway/etc-diff");
	fx_done(&f);
}
END_TEST

START_TEST(not_where_it_cannot_run)
{
	struct fixture f;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		image(&f, needed[i]);
		ck_ok(finish_etc_diff(&f.p, &e));
		ck_assert_ptr_null(tree_lookup(f.tree, PATH));
		fx_done(&f);
	}
}
END_TEST

TEST_MAIN("etc-diff", is_there, not_where_it_cannot_run)
