/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/tar_write.h"

#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/package/tar.h"

/* 100, 101 and 255 bytes of a path, cut at slashes that a header can use. */
static char *long_path(size_t dir_len, size_t name_len)
{
	char *s = str_printf("%0*d/%0*d", (int)dir_len, 0, (int)name_len, 1);

	ck_assert_uint_eq(strlen(s), dir_len + 1 + name_len);
	return s;
}

static void expect(struct tar *t, const char *path, const char *content)
{
	_cleanup_tar_entry_ struct tar_entry n = { 0 };
	struct err e;

	ck_assert_int_eq(tar_next(t, &n, &e), 1);
	ck_assert_str_eq(n.path, path);
	ck_assert_int_eq((int)n.type, TAR_FILE);
	ck_assert_uint_eq(n.mode, 0644);
	ck_assert_uint_eq(n.uid + n.gid, 0);
	ck_assert_int_eq(n.mtime, 1750000000);
	ck_assert_uint_eq(n.size_bytes, strlen(content));
	ck_assert_int_eq(memcmp(t->data + n.offset, content, strlen(content)), 0);
}

START_TEST(read_back)
{
	static const size_t dirs[] = { 49, 1, 99, 155 }, names[] = { 50, 100, 99, 100 };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = long_path(dirs[i], names[i]);
		ck_ok(tar_put_file(&out, path, 1750000000, "text", i, &e));
	}
	tar_put_end(&out);
	ck_assert_uint_eq(out.len % 512, 0);
	struct tar t = { .data = out.data, .len = out.len };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = long_path(dirs[i], names[i]);
		_cleanup_free_ char *content = strndup("text", i);
		expect(&t, path, content);
	}
	_cleanup_tar_entry_ struct tar_entry none = { 0 };
	ck_assert_int_eq(tar_next(&t, &none, &e), 0);
}
END_TEST

/* tar finds every entry and its content. */
START_TEST(read_by_tar)
{
	const char *const argv[] = { "tar", "-xO", "a/b", NULL };
	_cleanup_buf_ struct buf archive = BUF_INIT, out = BUF_INIT;
	struct err e;

	if (!test_has_program("tar"))
		test_skip("no tar");
	ck_ok(tar_put_file(&archive, "a/a", 0, "no", 2, &e));
	ck_ok(tar_put_file(&archive, "a/b", 1, "yes\n", 4, &e));
	tar_put_end(&archive);
	ck_ok(run_program(&(struct run_params){ .argv = argv,
						.input = archive.data,
						.input_len = archive.len,
						.out = &out },
			  NULL, &e));
	ck_assert_str_eq(buf_str(&out), "yes\n");
}
END_TEST

START_TEST(what_does_not_fit)
{
	_cleanup_free_ char *name = long_path(1, 101), *dir = long_path(156, 1);
	_cleanup_free_ char *deep = long_path(156, 100);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e;

	ck_fails(tar_put_file(&out, name, 0, "", 0, &e), -ENAMETOOLONG, "tar header");
	ck_fails(tar_put_file(&out, dir, 0, "", 0, &e), -ENAMETOOLONG, "tar header");
	ck_fails(tar_put_file(&out, deep, 0, "", 0, &e), -ENAMETOOLONG, "tar header");
	ck_fails(tar_put_file(&out, "a", -1, "", 0, &e), -EFBIG, "a: size or time");
	ck_fails(tar_put_file(&out, "a", INT64_C(1) << 33, "", 0, &e), -EFBIG, "a: size or time");
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

TEST_MAIN("tar_write", read_back, read_by_tar, what_does_not_fit)
