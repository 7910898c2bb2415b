/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The finisher and the closure. */
#include "stage1/finish/finish.h"
#include "stage1/finish/kmod/test/tree_maker.h"

static void expect_closure(const struct tree *t, const char *names, const char *want)
{
	_cleanup_(module_index_free) struct module_index *x = NULL;
	_cleanup_strv_ struct strv list = STRV_INIT, paths = STRV_INIT, wanted = STRV_INIT;
	struct err e = { 0 };

	ck_ok(module_index_read(t, VERSION, NULL, &x, &e));
	ck_assert_int_eq(strv_split(&list, names, " "), 0);
	ck_assert_int_eq(strv_split(&wanted, want, " "), 0);
	ck_ok(module_index_closure(x, &list, &paths, &e));
	for (size_t i = 0; i < paths.n && i < wanted.n; i++)
		ck_assert_str_eq(paths.v[i] + strlen(DIR_PATH "/"), wanted.v[i]);
	ck_assert_uint_eq(paths.n, wanted.n);
}

static void expect_closures(const struct tree *t)
{
	expect_closure(t, "", "");
	expect_closure(t, "base_lib", "kernel/lib/base-lib.ko.xz");
	expect_closure(t, "base-lib", "kernel/lib/base-lib.ko.xz");
	expect_closure(t, "mid mid built-one built_two",
		       "kernel/lib/base-lib.ko.xz kernel/lib/mid.ko.zst");
	expect_closure(t, "over", "updates/over.ko");
	expect_closure(t, "lone", "kernel/lone.ko.xz kernel/weak.ko");
	/* Hard ones, the alias crc32c of two modules, and what lone softly needs. */
	expect_closure(t, "top",
		       "kernel/crc32c-fast.ko.xz kernel/crc32c-slow.ko.xz kernel/dev.ko.xz "
		       "kernel/dot.ko kernel/lib/base-lib.ko.xz kernel/lib/mid.ko.zst "
		       "kernel/lone.ko.xz kernel/plain.ko.xz kernel/top.ko kernel/weak.ko "
		       "updates/over.ko");
}

static void expect_unknown(const struct tree *t)
{
	_cleanup_(module_index_free) struct module_index *x = NULL;
	_cleanup_strv_ struct strv paths = STRV_INIT, one = STRV_INIT, other = STRV_INIT;
	struct err e = { 0 };

	ck_ok(module_index_read(t, VERSION, NULL, &x, &e));
	ck_assert_int_eq(strv_split(&one, "mid crc32_fast", " "), 0);
	ck_fails(module_index_closure(x, &one, &paths, &e), -ENOENT, "\"crc32_fast\"");
	ck_assert_ptr_nonnull(strstr(e.msg, "did you mean \"crc32c_fast\""));
	ck_assert_int_eq(strv_split(&other, "hidden", " "), 0);
	ck_fails(module_index_closure(x, &other, &paths, &e), -ENOENT, "\"hidden\"");
	ck_assert_uint_eq(paths.n, 0);
}

static struct finish_params params(struct tree *t, struct pool *pool)
{
	return (struct finish_params){ .tree = t, .time = 1234567890, .pool = pool };
}

START_TEST(closure_of_modules)
{
	_cleanup_(tree_free) struct tree *t = make_tree();

	expect_closures(t);
	expect_unknown(t);
}
END_TEST

START_TEST(closure_from_the_finished_index)
{
	_cleanup_(tree_free) struct tree *t = make_tree();
	struct finish_params p = params(t, NULL);
	struct err e = { 0 };

	ck_ok(finish_module_index(&p, &e));
	/* It is really read from there: the modules themselves are not looked at any more. */
	put_text(t, DIR_PATH "/kernel/lib/mid.ko.zst", "no module");
	expect_closures(t);
	expect_unknown(t);
	tree_remove(t, tree_lookup(t, DIR_PATH "/kernel/dot.ko"));
	_cleanup_(module_index_free) struct module_index *x = NULL;
	ck_fails(module_index_read(t, VERSION, NULL, &x, &e), -EBADMSG, "modules.dep does not fit");
}
END_TEST

START_TEST(finisher_indexes_every_version)
{
	_cleanup_(tree_free) struct tree *t = make_tree();
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct err e = { 0 };

	put_text(t, MODULES_ROOT "/6.13/modules.order", "");
	put_text(t, MODULES_ROOT "/6.13/modules.builtin", "kernel/a.ko\n");
	ck_ok(pool_new(2, &pool, &e));
	struct finish_params p = params(t, pool);
	ck_ok(finish_module_index(&p, &e));
	for (const struct module_output *o = module_outputs(); o->name; o++) {
		_cleanup_free_ char *one = str_printf(DIR_PATH "/%s", o->name);
		_cleanup_free_ char *two = str_printf(MODULES_ROOT "/6.13/%s", o->name);
		const struct tree_node *n = tree_lookup(t, one);
		ck_assert_msg(n && tree_lookup(t, two), "%s", o->name);
		ck_assert_uint_eq(n->inode->mode, S_IFREG | 0644);
		ck_assert_int_eq(n->inode->mtime, 1234567890);
		ck_assert_int_eq(n->inode->origin->kind, TREE_ORIGIN_FINISHER);
		ck_assert_str_eq(n->inode->origin->name, "module-index");
	}
}
END_TEST

START_TEST(threads_make_no_difference)
{
	_cleanup_(tree_free) struct tree *first = make_tree();
	struct finish_params p = params(first, NULL);
	struct err e = { 0 };

	ck_ok(finish_module_index(&p, &e));
	for (unsigned int threads = 1; threads <= 4; threads++) {
		_cleanup_(tree_free) struct tree *t = make_tree();
		_cleanup_(pool_free) struct pool *pool = NULL;
		ck_ok(pool_new(threads, &pool, &e));
		p = params(t, pool);
		ck_ok(finish_module_index(&p, &e));
		for (const struct module_output *o = module_outputs(); o->name; o++) {
			_cleanup_free_ char *path = str_printf(DIR_PATH "/%s", o->name);
			ck_assert_msg(blob_equal(tree_file_blob(first, path),
						 tree_file_blob(t, path)),
				      "%s", o->name);
		}
	}
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	_cleanup_(tree_free) struct tree *t = make_tree(), *none = tree_new();
	struct finish_params p = params(none, NULL);
	struct err e = { 0 };

	/* An image without a kernel has nothing to index. */
	ck_ok(finish_module_index(&p, &e));
	p = params(t, NULL);
	put_text(t, "usr/lib/depmod.d/x.conf", "search updates\n");
	ck_fails(finish_module_index(&p, &e), -ENOTSUP, "usr/lib/depmod.d/x.conf");
	tree_remove(t, tree_lookup(t, "usr/lib/depmod.d"));
	ck_ok(finish_module_index(&p, &e));
	tree_remove(t, tree_lookup(t, DIR_PATH "/modules.builtin"));
	ck_fails(finish_module_index(&p, &e), -ENOENT, DIR_PATH "/modules.builtin is missing");
	tree_remove(t, tree_lookup(t, DIR_PATH "/modules.order"));
	ck_fails(finish_module_index(&p, &e), -ENOENT, DIR_PATH "/modules.order is missing");
	_cleanup_(module_index_free) struct module_index *x = NULL;
	ck_fails(module_index_read(t, "6.99", NULL, &x, &e), -ENOENT, "6.99: no such directory");
}
END_TEST

START_TEST(circles_are_named)
{
	_cleanup_(tree_free) struct tree *t = make_tree();
	struct finish_params p = params(t, NULL);
	struct err e = { 0 };

	put_module(t, "kernel/lib/base-lib.ko.xz",
		   (struct maker){ .exports = "base_one", .imports = "mid_one" });
	ck_fails(finish_module_index(&p, &e), -ELOOP, "kernel/lib/mid.ko.zst");
}
END_TEST

TEST_MAIN("kmod modules", closure_of_modules, closure_from_the_finished_index,
	  finisher_indexes_every_version, threads_make_no_difference, what_is_missing_is_named,
	  circles_are_named)
