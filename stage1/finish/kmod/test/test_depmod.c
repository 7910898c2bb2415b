/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file against the machine's depmod, on made modules and, where there are any, on real ones:
 * /lib/modules, or the directory of the same shape that SLIPWAY_TEST_MODULES names.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/outfile.h"
#include "base/run.h"
#include "stage1/finish/kmod/test/tree_maker.h"

static const char *depmod(void)
{
	static const char *const paths[] = { "/usr/sbin/depmod", "/sbin/depmod",
					     "/usr/bin/depmod" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* kmod's major version, for the order in which it writes nodes. */
static int kmod_version(void)
{
	const char *const argv[] = { depmod(), "--version", NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };
	int v = 0;

	ck_ok(run_program(&(struct run_params){ .argv = argv, .out = &out }, NULL, &e));
	ck_assert_int_eq(sscanf(buf_str(&out), "kmod version %d", &v), 1);
	return v;
}

static void make_dir(const char *path)
{
	ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "%s", path);
}

static int write_node(struct tree_node *n, void *ctx, struct err *e)
{
	_cleanup_free_ char *path = tree_path(n);
	_cleanup_free_ char *whole = str_printf("%s/%s", (const char *)ctx, path);

	if (!tree_is_dir(n))
		return outfile_write(whole, 0644, n->inode->blob->data, n->inode->blob->len, e);
	make_dir(whole);
	return 0;
}

static void sort_lines(struct buf *b)
{
	_cleanup_strv_ struct strv lines = STRV_INIT;

	ck_assert_int_eq(strv_split(&lines, buf_str(b), "\n"), 0);
	strv_sort(&lines);
	b->len = 0;
	for (size_t i = 0; i < lines.n; i++)
		buf_printf(b, "%s\n", lines.v[i]);
}

static void expect_equal(const struct module_output *o, const struct module_index *x,
			 const char *path, enum index_layout layout)
{
	_cleanup_buf_ struct buf ours = BUF_INIT, theirs = BUF_INIT;
	_cleanup_(blob_unref) struct blob *b = NULL;
	struct err e = { 0 };

	ck_ok(o->make(x, layout, &ours, &e));
	ck_ok(blob_new_file(AT_FDCWD, path, &b, &e));
	buf_append(&theirs, b->data, b->len);
	if (str_eq(o->name, "modules.symbols")) {
		sort_lines(&ours);
		sort_lines(&theirs);
	}
	ck_assert_msg(ours.len == theirs.len &&
			      memcmp(buf_str(&ours), buf_str(&theirs), ours.len) == 0,
		      "%s differs: %zu and depmod's %zu bytes", o->name, ours.len, theirs.len);
}

/* @base: holds lib/modules/<version>, where depmod may write */
static void compare(const struct tree *t, const char *version, const char *base)
{
	_cleanup_(module_index_free) struct module_index *x = NULL;
	const char *const argv[] = { depmod(), "-b", base, version, NULL };
	int kmod = kmod_version();
	struct err e = { 0 };

	ck_ok(run_program(&(struct run_params){ .argv = argv }, NULL, &e));
	ck_ok(module_index_scan(t, version, NULL, &x, &e));
	for (const struct module_output *o = module_outputs(); o->name; o++) {
		_cleanup_free_ char *path =
			str_printf("%s/lib/modules/%s/%s", base, version, o->name);
		if (kmod < 33 && str_eq(o->name, "modules.weakdep"))
			continue;
		expect_equal(o, x, path, kmod < 34 ? INDEX_CHILDREN_FIRST : INDEX_PARENTS_FIRST);
	}
}

START_TEST(equal_on_made_modules)
{
	if (!depmod())
		test_skip("no depmod");
	_cleanup_(tree_free) struct tree *t = make_tree();
	_cleanup_free_ char *dir = test_dir(), *lib = str_printf("%s/lib", dir);
	struct err e = { 0 };

	ck_ok(tree_walk(tree_root(t), write_node, dir, &e));
	ck_assert_int_eq(symlink("usr/lib", lib), 0);
	compare(t, VERSION, dir);
	test_dir_remove(TAKE_PTR(dir));
}
END_TEST

static bool is_generated(const char *name)
{
	for (const struct module_output *o = module_outputs(); o->name; o++)
		if (str_eq(o->name, name))
			return true;
	return false;
}

/* A directory's files, into the tree. */
static void take_dir(struct tree *t, const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct err e = { 0 };

	ck_assert_msg(d != NULL, "%s", from);
	for (struct dirent *de = readdir(d); de; de = readdir(d)) {
		_cleanup_free_ char *path = str_printf("%s/%s", from, de->d_name);
		_cleanup_free_ char *name = str_printf("%s/%s", to, de->d_name);
		struct stat st;
		if (de->d_name[0] == '.' || is_generated(de->d_name) || lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			take_dir(t, path, name);
		if (!S_ISREG(st.st_mode))
			continue;
		struct blob *b = NULL;
		struct tree_meta m = { .mode = 0644 };
		ck_ok(blob_new_file(AT_FDCWD, path, &b, &e));
		ck_ok(tree_add_file(t, name, &m, b, NULL, &e));
	}
	closedir(d);
}

/* What depmod reads, as symlinks, so that it can write beside them. */
static void link_dir(const char *from, const char *to)
{
	DIR *d = opendir(from);

	make_dir(to);
	for (struct dirent *de = readdir(d); de; de = readdir(d)) {
		_cleanup_free_ char *target = str_printf("%s/%s", from, de->d_name);
		_cleanup_free_ char *path = str_printf("%s/%s", to, de->d_name);
		if (de->d_name[0] != '.' && !is_generated(de->d_name))
			ck_assert_int_eq(symlink(target, path), 0);
	}
	closedir(d);
}

static void compare_real(const char *modules, const char *version, const char *dir)
{
	_cleanup_free_ char *from = str_printf("%s/%s", modules, version);
	_cleanup_free_ char *to = str_printf("%s/lib/modules/%s", dir, version);
	_cleanup_free_ char *in_tree = str_printf(MODULES_ROOT "/%s", version);
	_cleanup_(tree_free) struct tree *t = tree_new();

	take_dir(t, from, in_tree);
	link_dir(from, to);
	compare(t, version, dir);
}

START_TEST(equal_on_real_modules)
{
	const char *env = getenv("SLIPWAY_TEST_MODULES"), *modules = env ? env : "/lib/modules";
	DIR *d = depmod() ? opendir(modules) : NULL;
	size_t n = 0;

	if (!d)
		test_skip("no depmod, or no modules in %s", modules);
	_cleanup_free_ char *dir = test_dir(), *lib = str_printf("%s/lib", dir);
	_cleanup_free_ char *lib_modules = str_printf("%s/lib/modules", dir);
	make_dir(lib);
	make_dir(lib_modules);
	for (struct dirent *de = readdir(d); de; de = readdir(d)) {
		_cleanup_free_ char *order = str_printf("%s/%s/modules.order", modules, de->d_name);
		if (de->d_name[0] == '.' || access(order, R_OK) != 0)
			continue;
		compare_real(modules, de->d_name, dir);
		n++;
	}
	closedir(d);
	test_dir_remove(TAKE_PTR(dir));
	if (!n)
		test_skip("no modules in %s", modules);
}
END_TEST

TEST_MAIN("kmod depmod", equal_on_made_modules, equal_on_real_modules)
