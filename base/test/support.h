/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What every unit test file starts with: the check library, a main() and a few helpers.
 *
 *     START_TEST(parses_hex) { … ck_assert_int_eq(…); } END_TEST
 *     TEST_MAIN("util", parses_hex, …)
 *
 * A test that cannot run here (a program is missing) calls test_skip("why") and returns: the line is
 * counted as skipped, not as passed.
 */
#include <check.h>

#include "base/err.h"
#include "base/util.h"

/* Where all takes several times as long, large volumes are smaller: of as many kinds. */
#if defined(__SANITIZE_ADDRESS__) /* gcc */
#define TEST_SANITIZED true
#elif defined(__has_feature)
#define TEST_SANITIZED __has_feature(address_sanitizer)
#else
#define TEST_SANITIZED false
#endif

#define TEST_MAIN(suite_name, ...)                                       \
	int main(void)                                                   \
	{                                                                \
		const TTest *tests_[] = { __VA_ARGS__ };                 \
		return test_run(suite_name, tests_, ARRAY_SIZE(tests_)); \
	}

/* @setup and @teardown, which may be NULL, run once, around all tests. */
static inline int test_run_with(const char *name, const TTest *const *tests, size_t n, SFun setup,
				SFun teardown)
{
	Suite *s = suite_create(name);
	TCase *c = tcase_create(name);

	tcase_set_timeout(c, 0);
	tcase_add_unchecked_fixture(c, setup, teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int test_run(const char *name, const TTest *const *tests, size_t n)
{
	return test_run_with(name, tests, n, NULL, NULL);
}

/* The runner looks for this line and takes the test off the passed ones. */
#define test_skip(...)                       \
	do {                                 \
		printf("SKIP " __VA_ARGS__); \
		printf("\n");                \
		fflush(stdout);              \
		return;                      \
	} while (0)

/* A call that must work, with its message if it does not. */
#define ck_ok(call)                                                   \
	do {                                                          \
		int r_ = (call);                                      \
		if (r_ < 0)                                           \
			ck_abort_msg("%s: %d: %s", #call, r_, e.msg); \
	} while (0)

/* The same where the error is behind a pointer called e. */
#define ck_ok_p(call)                                                  \
	do {                                                           \
		int r_ = (call);                                       \
		if (r_ < 0)                                            \
			ck_abort_msg("%s: %d: %s", #call, r_, e->msg); \
	} while (0)

/* A call that must fail with this code and a message that holds this text. */
#define ck_fails(call, want_code, want_text)                                      \
	do {                                                                      \
		int r_ = (call);                                                  \
		ck_assert_int_eq(r_, want_code);                                  \
		ck_assert_msg(strstr(e.msg, want_text), "message is: %s", e.msg); \
	} while (0)

/** test_dir() - a new empty directory below $TMPDIR, to be removed by test_dir_remove() */
static inline char *test_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path = str_printf("%s/slipway-test-XXXXXX", tmp ? tmp : "/tmp");

	ck_assert_ptr_nonnull(path);
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static inline void test_dir_remove(char *path)
{
	_cleanup_free_ char *cmd = str_printf("rm -rf '%s'", path);

	ck_assert_int_eq(system(cmd), 0);
	free(path);
}

/** test_has_program() - is there such a program in PATH? */
static inline bool test_has_program(const char *name)
{
	_cleanup_free_ char *cmd = str_printf("command -v '%s' >/dev/null 2>&1", name);

	return system(cmd) == 0;
}
