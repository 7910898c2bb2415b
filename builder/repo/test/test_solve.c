/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/solve.h"

#include "builder/repo/test/fixture.h"

#define MAX_SUITES 3
#define SHA	   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Packages written as "name version; field: value; field: value". */
static struct index *index_of(struct release *release, const char *const *lines)
{
	struct buf b = BUF_INIT;
	struct index *x = NULL;
	struct err e;

	for (; *lines; lines++) {
		_cleanup_strv_ struct strv parts = STRV_INIT, head = STRV_INIT;
		ck_assert_int_eq(strv_split(&parts, *lines, ";"), 0);
		ck_assert_int_eq(strv_split(&head, parts.v[0], " "), 0);
		buf_printf(&b, "Package: %s\nVersion: %s\n", head.v[0], head.v[1]);
		if (!strstr(*lines, "Architecture:"))
			buf_append_str(&b, "Architecture: amd64\n");
		for (size_t i = 1; i < parts.n; i++)
			buf_printf(&b, "%s\n", parts.v[i] + 1);
		buf_printf(&b, "Filename: pool/%s_%s.deb\nSize: 1\nSHA256: " SHA "\n\n", head.v[0],
			   head.v[1]);
	}
	ck_ok(index_parse(&b, "amd64", &x, &e));
	x->release = release;
	x->component = strdup("main");
	return x;
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct asked {
	const char *names, *without;
	const char *const *suites[MAX_SUITES];
	bool backwards; /* suites in the other order */
};

/* The answer as "name=version name=version", or the error; then " | " and what `without` was for. */
static char *answer(const struct asked *q, int *ret_rc)
{
	static const char *const suite_names[MAX_SUITES] = { "sid", "sid-security", "sid-updates" };
	struct release releases[MAX_SUITES] = { 0 };
	struct index *indices[MAX_SUITES];
	_cleanup_strv_ struct strv names = strv_of(q->names), asked = STRV_INIT;
	_cleanup_strv_ struct strv without = strv_of(q->without ? q->without : "");
	_cleanup_solve_result_ struct solve_result r = SOLVE_RESULT_INIT;
	struct buf out = BUF_INIT;
	struct err e;
	size_t n = 0;

	for (; n < MAX_SUITES && q->suites[n]; n++) {
		releases[n].suite = (char *)suite_names[n];
		indices[n] = index_of(&releases[n], q->suites[n]);
	}
	for (size_t i = 0; q->backwards && i < n / 2; i++) {
		struct index *x = indices[i];
		indices[i] = indices[n - 1 - i], indices[n - 1 - i] = x;
	}
	*ret_rc = solve_closure(
		&(struct solve_params){ .indices = (const struct index *const *)indices,
					.n_indices = n,
					.arch = "amd64",
					.names = &names,
					.without = &without,
					.asked_without = &asked },
		&r, &e);
	if (*ret_rc < 0)
		buf_append_str(&out, e.msg);
	for (size_t i = 0; i < r.n; i++)
		buf_printf(&out, "%s%.*s=%.*s", i ? " " : "", SPAN_ARG(r.packages[i]->name),
			   SPAN_ARG(r.packages[i]->version));
	for (size_t i = 0; *ret_rc == 0 && i < asked.n; i++)
		buf_printf(&out, "%s%s", i ? "," : " | ", asked.v[i]);
	for (size_t i = 0; i < n; i++)
		index_free(indices[i]);
	return buf_take_str(&out);
}

static void check_answer(struct asked q, int code, const char *want)
{
	for (int back = 0; back < 2; back++) {
		int rc;
		q.backwards = back;
		_cleanup_free_ char *got = answer(&q, &rc);
		ck_assert_msg(rc == code, "%d: %s", rc, got);
		if (code == 0)
			ck_assert_str_eq(got, want);
		else
			ck_assert_msg(strstr(got, want), "%s", got);
	}
}

#define check_set(want, names_, ...) \
	check_answer((struct asked){ .names = names_, .suites = { LINES(__VA_ARGS__) } }, 0, want)
#define check_error(code, want, names_, ...)                                                    \
	check_answer((struct asked){ .names = names_, .suites = { LINES(__VA_ARGS__) } }, code, \
		     want)

START_TEST(depends_and_pre_depends)
{
	check_set("a=1 b=1 c=2 d=1", "a", "a 1; Depends: b, c (>= 2); Recommends: r; Suggests: r",
		  "b 1; Pre-Depends: d", "c 2", "d 1; Essential: yes", "e 1; Essential: yes",
		  "r 1");
}
END_TEST

START_TEST(nothing_asked)
{
	check_set("", "", "a 1", "b 1; Essential: yes");
}
END_TEST

START_TEST(architectures)
{
	check_set("a=1 b=1 c=1", "a", "a 1; Depends: b:any, c", "b 1; Multi-Arch: allowed",
		  "c 1; Architecture: all; Multi-Arch: foreign");
}
END_TEST

START_TEST(newest_over_the_suites)
{
	const struct asked q = {
		.names = "a",
		.suites = { LINES("a 1.0-1; Depends: b", "b 1~rc1", "b 1:0.1"),
			    LINES("a 1.0-1+deb13u2; Depends: b", "b 9"),
			    LINES("a 1.0-1+deb13u1", "b 1") },
	};
	check_answer(q, 0, "a=1.0-1+deb13u2 b=1:0.1");
}
END_TEST

START_TEST(versions)
{
	check_error(-EXDEV, "nothing provides b >= 2 needed by a-1.amd64", "a",
		    "a 1; Depends: b (>= 2)", "b 1");
	check_error(-EXDEV, "nothing provides b = 1~ needed by a-1.amd64", "a",
		    "a 1; Depends: b (= 1~)", "b 1");
	check_set("a=1 b=2", "a", "a 1; Depends: b (>> 1), b (<< 3)", "b 2");
}
END_TEST

START_TEST(first_alternative)
{
	check_set("a=1 z=1", "a", "a 1; Depends: z | b", "b 1", "z 1");
	check_set("a=1 b=1", "a", "a 1; Depends: z | b", "b 1");
	check_set("a=1 b=1", "a b", "a 1; Depends: z | b", "b 1", "z 1");
	check_set("a=1 b=1 c=1", "a", "a 1; Depends: z | b, c", "b 1", "c 1; Depends: b", "z 1");
	check_set("a=1 b=1 c=1", "a c", "a 1; Depends: z | b", "b 1", "c 1; Conflicts: z", "z 1");
	check_set("a=1 y=1", "a", "a 1; Depends: y | z | b", "b 1; Priority: required", "z 1",
		  "y 1");
}
END_TEST

START_TEST(virtual_packages)
{
	check_set("a=1 n=1", "a", "a 1; Depends: v", "n 1; Provides: v", "o 1; Provides: v");
	check_set("a=1 o=1", "a", "a 1; Depends: v", "n 1; Provides: v",
		  "o 1; Provides: v; Priority: required");
	check_set("a=1 v=1", "a", "a 1; Depends: v (>= 1)", "n 1; Provides: v", "v 1");
	check_set("a=1 n=1", "a", "a 1; Depends: v (>= 1)", "n 1; Provides: v (= 2)");
	check_error(-EXDEV, "nothing provides v >= 1 needed by a-1.amd64", "a",
		    "a 1; Depends: v (>= 1)", "n 1; Provides: v");
	check_set("m=1", "m", "m 1; Provides: mta; Conflicts: mta", "n 1; Provides: mta");
}
END_TEST

START_TEST(conflicts_in_words)
{
	check_error(-EXDEV, "package b-1.amd64 conflicts with c provided by c-1.amd64", "b c",
		    "b 1; Conflicts: c", "c 1");
	check_error(-EXDEV, "package b-1.amd64 conflicts with c << 2 provided by c-1.amd64", "a",
		    "a 1; Depends: b, c", "b 1; Breaks: c (<< 2)", "c 1");
	check_error(-EXDEV, "nothing provides none needed by b-1.amd64", "a x",
		    "a 1; Depends: b | c", "b 1; Depends: none", "c 1; Conflicts: x", "x 1");
	check_error(-EXDEV, "nothing provides two needed by b-1.amd64", "a b", "a 1; Depends: one",
		    "b 1; Depends: two");
	check_error(-EXDEV, "nothing provides one needed by a-1.amd64", "a b", "a 1; Depends: one",
		    "b 1; Depends: two");
}
END_TEST

START_TEST(without)
{
	const struct asked q = {
		.names = "a",
		.without = "p unused nosuch",
		.suites = { LINES("a 1; Depends: p (>= 1), b | p, q", "b 1", "p 1; Depends: r",
				  "q 1; Depends: p | b; Pre-Depends: vp", "r 1",
				  "v 1; Provides: vp", "unused 1") },
	};
	check_answer(q, 0, "a=1 q=1 v=1 | p");
}
END_TEST

START_TEST(without_what_is_only_provided)
{
	const struct asked q = {
		.names = "a",
		.without = "awk lsb",
		.suites = { LINES("a 1; Depends: awk, lsb (>= 3) | x", "mawk 1; Provides: awk",
				  "x 1") },
	};
	check_answer(q, 0, "a=1 | awk,lsb");
}
END_TEST

START_TEST(without_a_provider)
{
	const struct asked q = {
		.names = "a",
		.without = "mawk",
		.suites = { LINES("a 1; Depends: awk", "gawk 1; Provides: awk",
				  "mawk 1; Provides: awk") },
	};
	check_answer(q, 0, "a=1 | mawk");
}
END_TEST

START_TEST(without_what_is_asked_for)
{
	const struct asked q = { .names = "a", .without = "a", .suites = { LINES("a 1") } };

	check_answer(q, -EINVAL, "package a is both asked for and under without");
}
END_TEST

START_TEST(unknown_names)
{
	check_error(-ENOENT, "no suite of the recipe has a package containrd; is it containerd?",
		    "containrd", "containerd 1", "runc 1");
	check_error(-ENOENT, "no suite of the recipe has a package xyz", "xyz", "containerd 1");
	check_error(-ENOENT,
		    "package awk is only a name that others provide: take one of gawk, mawk", "awk",
		    "mawk 1; Provides: awk", "gawk 1; Provides: awk");
	check_error(-ENOENT, "no suite of the recipe has a package a", "a",
		    "a 1; Architecture: arm64", "runc 1");
}
END_TEST

START_TEST(malformed_fields)
{
	check_error(-EBADMSG, "package a: malformed Depends", "a", "a 1; Depends: b\001");
	/* What libsolv makes of it is its affair, so long as it makes an answer. */
	static const char *const odd[] = {
		"a 1; Depends: ,,,",	"a 1; Depends: b (",	"a 1; Depends: | |",
		"a 1; Depends: (>= 1)", "a 1; Provides: a (= ",
	};
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct asked q = { .names = "a", .suites = { LINES(odd[i]) } };
		int rc;
		_cleanup_free_ char *got = answer(&q, &rc);
		ck_assert_ptr_nonnull(got);
		ck_assert(rc == 0 || rc == -EXDEV);
	}
}
END_TEST

START_TEST(cycles)
{
	check_set("a=1 b=1 c=1", "a", "a 1; Depends: b", "b 1; Depends: c", "c 1; Depends: a");
}
END_TEST

TEST_MAIN("solve", depends_and_pre_depends, nothing_asked, architectures, newest_over_the_suites,
	  versions, first_alternative, virtual_packages, conflicts_in_words, without,
	  without_what_is_only_provided, without_a_provider, without_what_is_asked_for,
	  unknown_names, malformed_fields, cycles)
