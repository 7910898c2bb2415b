/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sys/file.h>

#include "base/blob.h"
#include "base/buf.h"
#include "base/near.h"
#include "base/outfile.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/run.h"
#include "base/sink.h"
#include "base/source.h"
#include "base/strv.h"
#include "base/test/support.h"

START_TEST(numbers_are_strict)
{
	uint64_t v = 7;

	ck_assert_int_eq(parse_u64("18446744073709551615", 10, &v), 0);
	ck_assert_uint_eq(v, UINT64_MAX);
	ck_assert_int_eq(parse_u64("18446744073709551616", 10, &v), -ERANGE);
	ck_assert_int_eq(parse_u64("", 10, &v), -EINVAL);
	ck_assert_int_eq(parse_u64("-1", 10, &v), -EINVAL);
	ck_assert_int_eq(parse_u64(" 1", 10, &v), -EINVAL);
	ck_assert_int_eq(parse_u64("8", 8, &v), -EINVAL);
	ck_assert_int_eq(parse_size("2G", &v), 0);
	ck_assert_uint_eq(v, 2 * GiB);
	ck_assert_int_eq(parse_size("16777216T", &v), -ERANGE);
	ck_assert_int_eq(parse_size("G", &v), -EINVAL);
}
END_TEST

START_TEST(hex_and_base64)
{
	uint8_t raw[3];
	char hex[7];

	ck_assert_int_eq(hex_decode("00fFa5", raw, 3), 0);
	hex_encode(raw, 3, hex);
	ck_assert_str_eq(hex, "00ffa5");
	ck_assert_int_eq(hex_decode("00ffa", raw, 3), -EINVAL);
	ck_assert_int_eq(hex_decode("00ffag", raw, 3), -EINVAL);
	static const char *const rfc4648[][2] = {
		{ "", "" },	   { "f", "Zg==" },	   { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }
	};
	for (size_t i = 0; i < ARRAY_SIZE(rfc4648); i++) {
		_cleanup_free_ char *b = base64_encode(rfc4648[i][0], strlen(rfc4648[i][0]));
		ck_assert_str_eq(b, rfc4648[i][1]);
	}
}
END_TEST

START_TEST(errors_read_like_a_sentence)
{
	struct err e;

	err_set(&e, -EIO, "truncated after %d bytes", 12);
	err_wrap(&e, -EINVAL, "package %s", "a");
	ck_assert_str_eq(e.msg, "package a: truncated after 12 bytes");
	ck_assert_int_eq(e.code, -EINVAL);
	for (int i = 0; i < 1000; i++)
		err_wrap(&e, -EIO, "a longer and longer message");
	ck_assert_uint_lt(strlen(e.msg), sizeof(e.msg));
}
END_TEST

START_TEST(sha256_vectors)
{
	uint8_t d[SHA256_BYTES];
	char hex[SHA256_HEX];

	sha256_bytes("abc", 3, d);
	hex_encode(d, sizeof(d), hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	_cleanup_(sha256_free) struct sha256 *s = sha256_new();
	for (int twice = 0; twice < 2; twice++) {
		sha256_update(s, "a", 1);
		sha256_update(s, "bc", 2);
		sha256_final(s, d);
		hex_encode(d, sizeof(d), hex);
		ck_assert(str_has_prefix(hex, "ba7816bf"));
	}
}
END_TEST

struct count {
	atomic_uint n;
	struct pool *pool;
	size_t fail_at;
};

static int add_one(void *ctx, size_t i, struct err *e)
{
	struct count *c = ctx;

	atomic_fetch_add(&c->n, 1);
	return i >= c->fail_at ? err_set(e, -EIO, "job %zu", i) : 0;
}

static int nested(void *ctx, size_t i unused_, struct err *e)
{
	struct count *c = ctx;

	return pool_run(c->pool, 50, add_one, c, e);
}

START_TEST(pool_runs_all_and_nests)
{
	struct err e = { 0 };

	for (unsigned int threads = 1; threads <= 8; threads++) {
		_cleanup_(pool_free) struct pool *p = NULL;
		ck_ok(pool_new(threads, &p, &e));
		struct count c = { .pool = p, .fail_at = SIZE_MAX };
		ck_ok(pool_run(p, 1000, add_one, &c, &e));
		ck_assert_uint_eq(c.n, 1000);
		ck_ok(pool_run(p, 20, nested, &c, &e));
		ck_assert_uint_eq(c.n, 2000);
		c.fail_at = 5;
		ck_fails(pool_run(p, 100000, add_one, &c, &e), -EIO, "job 5");
		ck_assert_uint_lt(c.n, 102000);
		pool_cancel(p);
		ck_fails(pool_run(p, 10, add_one, &c, &e), -ECANCELED, "interrupted");
	}
}
END_TEST

START_TEST(windows_are_bounded)
{
	struct err e = { 0 };
	struct source s, w;
	char two[2];

	source_init_bytes(&s, "abcdef", 6);
	ck_ok(source_init_window(&w, &s, 2, 3, &e));
	ck_ok(source_pread(&w, 1, two, 2, &e));
	ck_assert_mem_eq(two, "de", 2);
	ck_fails(source_pread(&w, 2, two, 2, &e), -ERANGE, "past the end");
	ck_fails(source_pread(&w, UINT64_MAX, two, 2, &e), -ERANGE, "past the end");
	ck_fails(source_init_window(&w, &s, 2, 5, &e), -ERANGE, "past the end");
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct sink all, part;
	sink_init_buf(&all, &b);
	sink_init_window(&part, &all, 4, 4);
	ck_ok(sink_pwrite(&part, 2, "xy", 2, &e));
	ck_assert_uint_eq(b.len, 8);
	ck_assert_mem_eq(b.data, "\0\0\0\0\0\0xy", 8);
	ck_fails(sink_pwrite(&part, 3, "xy", 2, &e), -ENOSPC, "do not fit");
}
END_TEST

/* Left by a process that was killed: goes with the next one. In use by another: stays. */
START_TEST(outfile_leaves_nothing_that_grows)
{
	struct err e = { 0 };
	_cleanup_free_ char *dir = test_dir(), *path = str_printf("%s/f", dir),
			    *stale = str_printf("%s/.f.4000001.part", dir),
			    *busy = str_printf("%s/.f.4000002.part", dir),
			    *other = str_printf("%s/.f.x.part", dir);

	ck_ok(outfile_write(stale, 0644, "", 0, &e));
	ck_ok(outfile_write(busy, 0644, "", 0, &e));
	ck_ok(outfile_write(other, 0644, "", 0, &e));
	_cleanup_close_ int fd = open(busy, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_ok(outfile_write(path, 0644, "x", 1, &e));
	ck_assert_int_ne(access(stale, F_OK), 0);
	ck_assert_int_eq(access(busy, F_OK), 0);
	ck_assert_int_eq(access(other, F_OK), 0);
	test_dir_remove(TAKE_PTR(dir));
}
END_TEST

START_TEST(outfile_appears_whole_or_not_at_all)
{
	struct err e = { 0 };
	_cleanup_free_ char *dir = test_dir(), *path = str_printf("%s/f", dir);
	struct outfile o = OUTFILE_INIT;

	ck_ok(outfile_open(&o, path, 0644, &e));
	ck_assert_int_ne(access(path, F_OK), 0);
	outfile_done(&o);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_ok(outfile_write(path, 0644, "old", 3, &e));
	ck_ok(outfile_write(path, 0644, "new!", 4, &e));
	_cleanup_(blob_unref) struct blob *b = NULL;
	ck_ok(blob_new_file(AT_FDCWD, path, &b, &e));
	ck_assert_uint_eq(b->len, 4);
	ck_assert_mem_eq(b->data, "new!", 4);
	ck_fails(outfile_write("/nonexistent/f", 0644, "", 0, &e), -ENOENT, "/nonexistent/f");
	test_dir_remove(TAKE_PTR(dir));
}
END_TEST

START_TEST(programs_run)
{
	struct err e = { 0 };
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *const cat[] = { "cat", NULL }, *const none[] = { "no-such-program", NULL };
	const char *const sh[] = { "sh", "-c", "echo why >&2; exit 3", NULL };
	int status;

	struct run_params p = { .argv = cat, .input = "hello", .input_len = 5, .out = &out };
	ck_ok(run_program(&p, NULL, &e));
	ck_assert_str_eq(buf_str(&out), "hello");
	ck_fails(run_program(&(struct run_params){ .argv = none }, NULL, &e), -ENOENT,
		 "no-such-program");
	ck_fails(run_program(&(struct run_params){ .argv = sh }, NULL, &e), -EIO, "status 3: why");
	ck_ok(run_program(&(struct run_params){ .argv = sh }, &status, &e));
	ck_assert_int_eq(status, 3);
}
END_TEST

START_TEST(string_lists)
{
	_cleanup_strv_ struct strv l = STRV_INIT;

	ck_assert_int_eq(strv_split(&l, "  b a\tb ", " \t"), 0);
	ck_assert_uint_eq(l.n, 3);
	strv_sort(&l);
	strv_uniq(&l);
	ck_assert_uint_eq(l.n, 2);
	ck_assert_str_eq(l.v[0], "a");
	ck_assert(strv_contains(&l, "b"));
	ck_assert_ptr_null(l.v[2]);
}
END_TEST

static void has_parts(const char *path, const char *dir, const char *last)
{
	_cleanup_free_ char *got = path_dir(path);

	ck_assert_str_eq(got, dir);
	ck_assert_str_eq(path_last(path), last);
}

START_TEST(parts_of_paths)
{
	has_parts("a", ".", "a");
	has_parts("a/b/c", "a/b", "c");
	has_parts("/a", "/", "a");
	has_parts("/a/b", "/a", "b");
	has_parts("a/", "a", "");
}
END_TEST

static void is_tidied(const char *dir, const char *from, const char *to)
{
	_cleanup_free_ char *path = str_printf("%s%s", dir, from);
	_cleanup_free_ char *want = str_printf("%s%s", dir, to);
	_cleanup_free_ char *got = path_tidy(path);

	ck_assert_str_eq(got, want);
}

START_TEST(tidy_paths)
{
	char *dir = test_dir();
	_cleanup_free_ char *make =
		str_printf("mkdir -p '%s/a/b' && ln -s / '%s/link' && : >'%s/file'", dir, dir, dir);

	ck_assert_int_eq(system(make), 0);
	is_tidied("", "/", "/");
	is_tidied("", "//./..", "/");
	is_tidied("", "", ".");
	is_tidied("", "./.", ".");
	is_tidied("", "./x//y/", "x/y");
	is_tidied("", "../../x", "../../x");
	is_tidied(dir, "/a/../c", "/c");
	is_tidied(dir, "/a/b/../../c/./", "/c");
	is_tidied(dir, "/a/..", "");
	is_tidied(dir, "/link/../c", "/link/../c");
	is_tidied(dir, "/none/../c", "/none/../c");
	is_tidied(dir, "/none/../../c", "/none/../../c");
	is_tidied(dir, "/file/../c", "/file/../c");
	ck_assert_int_eq(chdir(dir), 0);
	is_tidied("", "a/../c", "c");
	is_tidied("", "a/..", ".");
	is_tidied("", "a/../..", "..");
	test_dir_remove(dir);
}
END_TEST

START_TEST(quoted_paths)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "lib/a b", "lib/a b" },
		{ "d\\x2d", "d\\\\x2d" },
		{ "\x1b[2J\n\x7f", "\\x1b[2J\\x0a\\x7f" },
		{ "\xc3\xbc", "\xc3\xbc" },
		{ "\xc2\x9b", "\\xc2\\x9b" }, /* a control character of eight bits */
		{ "a\xff\xc3", "a\\xff\\xc3" },
		{ "\xe2\x80\xae"
		  "cod.exe",
		  "\\xe2\\x80\\xae"
		  "cod.exe" }, /* right to left */
		{ "\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = path_quote(cases[i][0]);
		ck_assert_str_eq(got, cases[i][1]);
	}
	_cleanup_free_ char *message = path_quote_message("d\\x2d: \x1b[2J\n");
	ck_assert_str_eq(message, "d\\x2d: \\x1b[2J\\x0a");
}
END_TEST

START_TEST(near_names)
{
	static const char *const names[] = { "lock", "build", "boot", "initrd" };

	ck_assert_uint_eq(near_distance("", "abc"), 3);
	ck_assert_uint_eq(near_distance("abc", ""), 3);
	ck_assert_uint_eq(near_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(near_distance("biuld", "build"), 1);
	ck_assert_uint_eq(near_distance("abcd", "badc"), 2);
	ck_assert_str_eq(near_name("lok", names, ARRAY_SIZE(names)), "lock");
	ck_assert_str_eq(near_name("biuld", names, ARRAY_SIZE(names)), "build");
	ck_assert_ptr_null(near_name("verify", names, ARRAY_SIZE(names)));
}
END_TEST

TEST_MAIN("base", near_names, parts_of_paths, tidy_paths, quoted_paths, numbers_are_strict,
	  hex_and_base64, errors_read_like_a_sentence, sha256_vectors, pool_runs_all_and_nests,
	  windows_are_bounded, outfile_appears_whole_or_not_at_all,
	  outfile_leaves_nothing_that_grows, programs_run, string_lists)
