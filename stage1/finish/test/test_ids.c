/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ids.h"

#include "base/buf.h"
#include "base/test/support.h"

/* "u name", "g name 12" (fixed), "u name =12" (given); wishes are asked for by "f:<index>". */
static void wishes_of(const char *const *asked, struct id_wishes *w, struct strv *keep)
{
	for (size_t i = 0; asked[i]; i++) {
		size_t first = keep->n;
		ck_assert_int_eq(strv_addf(keep, "f:%zu", i), 0);
		ck_assert_int_eq(strv_split(keep, asked[i], " "), 0);
		const char *number = keep->n - first > 3 ? keep->v[first + 3] : NULL;
		struct id_wish wish = {
			.kind = *keep->v[first + 1] == 'u' ? ID_USER : ID_GROUP,
			.name = keep->v[first + 2],
			.where = keep->v[first],
			.how = !number		? ID_ANY
			       : *number == '=' ? ID_GIVEN
						: ID_FIXED,
		};
		if (number)
			wish.number = (uint32_t)atoi(number + (*number == '='));
		ck_assert_int_eq(id_wishes_add(w, &wish), 0);
	}
}

static int allot(const char *const *asked, const struct ids *previous, struct ids *ret,
		 struct err *e)
{
	_cleanup_strv_ struct strv keep = STRV_INIT;
	struct id_wishes w = { 0 };

	wishes_of(asked, &w, &keep);
	int r = ids_allot(&w, previous, ret, e);
	free(w.v);
	return r;
}

static int check(const char *const *asked, const struct ids *locked, struct err *e)
{
	_cleanup_strv_ struct strv keep = STRV_INIT;
	struct id_wishes w = { 0 };

	wishes_of(asked, &w, &keep);
	int r = ids_check(&w, locked, e);
	free(w.v);
	return r;
}

/* "g:adm=4 u:x=499! …"; ! is gone */
static void expect(const struct ids *s, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < s->n; i++)
		buf_printf(&b, "%s%c:%s=%u%s", i ? " " : "", *ids_kind_name(s->v[i].kind),
			   s->v[i].name, s->v[i].number, s->v[i].used ? "" : "!");
	ck_assert_str_eq(buf_str(&b), want);
}

#define ASKED(...)                              \
	(const char *const[])                   \
	{                                       \
		__VA_ARGS__ __VA_OPT__(, ) NULL \
	}

static const struct ids none = IDS_INIT;

/* One version after the other, each from what the one before left. */
static void next(struct ids *s, const char *const *asked, const char *want)
{
	struct ids new = IDS_INIT;
	struct err e;

	ck_ok(allot(asked, s, &new, &e));
	expect(&new, want);
	ck_ok(check(asked, &new, &e));
	ids_done(s);
	*s = new;
}

static void next_fails(const struct ids *s, const char *const *asked, const char *want)
{
	struct ids new = IDS_INIT;
	struct err e;

	ck_fails(allot(asked, s, &new, &e), -EEXIST, want);
	ck_assert_ptr_null(new.v);
}

START_TEST(allotted)
{
	_cleanup_ids_ struct ids s = IDS_INIT;

	next(&s,
	     ASKED("g adm =4", "u root =0", "u b", "g b", "u a", "g c", "u lone", "u one 300",
		   "g one"),
	     "g:adm=4 g:b=498 g:c=497 g:one=300 u:a=499 u:b=498 u:lone=496 u:one=300 u:root=0");
}
END_TEST

START_TEST(any_order)
{
	static const char *const orders[][6] = {
		{ "u c", "g c", "u a", "g b", "u x 499", NULL },
		{ "u x 499", "g b", "u a", "g c", "u c", NULL },
		{ "g c", "u x 499", "u a", "u c", "g b", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		_cleanup_ids_ struct ids s = IDS_INIT;
		next(&s, orders[i], "g:b=497 g:c=496 u:a=498 u:c=496 u:x=499");
	}
}
END_TEST

/* Names come, go and come back: no number changes, none goes to another name. */
START_TEST(carried)
{
	_cleanup_ids_ struct ids s = IDS_INIT;

	next(&s, ASKED("u m", "g m"), "g:m=499 u:m=499");
	next(&s, ASKED("u m", "g m", "u a", "g a"), "g:a=498 g:m=499 u:a=498 u:m=499");
	next(&s, ASKED("u a", "g a"), "g:a=498 g:m=499! u:a=498 u:m=499!");
	next(&s, ASKED("u a", "g a", "u b", "g z"),
	     "g:a=498 g:m=499! g:z=496 u:a=498 u:b=497 u:m=499!");
	next(&s, ASKED("u m"), "g:a=498! g:m=499! g:z=496! u:a=498! u:b=497! u:m=499");
	next(&s, ASKED(NULL), "g:a=498! g:m=499! g:z=496! u:a=498! u:b=497! u:m=499!");
}
END_TEST

START_TEST(group_and_user)
{
	_cleanup_ids_ struct ids s = IDS_INIT;

	/* A group that comes later gets the number of its user; not if another has it. */
	next(&s, ASKED("u a", "u b", "g x =498"), "g:x=498 u:a=499 u:b=497");
	next(&s, ASKED("u a", "u b", "g x =498", "g a", "g b"),
	     "g:a=499 g:b=497 g:x=498 u:a=499 u:b=497");
	/* Its number is fixed where another group has it: as sysusers does, another one. */
	_cleanup_ids_ struct ids t = IDS_INIT;
	next(&t, ASKED("g adm =4", "u sync =4", "u late 4", "g late"),
	     "g:adm=4 g:late=499 u:late=499 u:sync=4");
	next(&t, ASKED("g adm =4", "u sync =4", "u late 4", "g late"),
	     "g:adm=4 g:late=499 u:late=499 u:sync=4");
}
END_TEST

START_TEST(fixed)
{
	_cleanup_ids_ struct ids s = IDS_INIT;

	next(&s, ASKED("u a", "u b"), "u:a=499 u:b=498");
	/* The number that it has is now fixed by its package, and is not any more. */
	next(&s, ASKED("u a 499", "u b"), "u:a=499 u:b=498");
	next(&s, ASKED("u a", "u b"), "u:a=499 u:b=498");
	next_fails(&s, ASKED("u a 300", "u b"), "f:0: user a shall have id 300, and has 499");
	next_fails(&s, ASKED("u a =300", "u b"), "\"u a 499\" in a sysusers.d file");
	next_fails(&s, ASKED("u a", "u b", "u c 498"),
		   "f:2: user c shall have id 498, which the lock keeps for user b");
	next_fails(&s, ASKED("u a", "u c =498"), "take its line out of the lock");
	/* A group may have the number of a user of another name if a package wants it so. */
	next(&s, ASKED("u a", "u b", "g c 498"), "g:c=498 u:a=499 u:b=498");
}
END_TEST

/* Two users of passwd with one number, as root and toor. */
START_TEST(given_twice)
{
	_cleanup_ids_ struct ids s = IDS_INIT;

	next(&s, ASKED("u root =0", "u toor =0", "u x"), "u:root=0 u:toor=0 u:x=499");
	next(&s, ASKED("u root =0", "u toor =0"), "u:root=0 u:toor=0 u:x=499!");
}
END_TEST

START_TEST(exhausted)
{
	_cleanup_ids_ struct ids s = IDS_INIT, again = IDS_INIT;
	_cleanup_strv_ struct strv names = STRV_INIT;
	struct err e;

	for (int i = IDS_MIN; i < IDS_MAX; i++)
		ck_assert_int_eq(strv_addf(&names, "u n%d", i), 0);
	ck_assert_int_eq(strv_add(&names, "u last"), 0);
	ck_ok(allot((const char *const *)names.v, &none, &s, &e));
	ck_assert_uint_eq(s.n, IDS_MAX - IDS_MIN + 1);
	ck_assert_uint_eq(s.v[s.n - 1].number, IDS_MIN);
	ck_fails(allot(ASKED("g more"), &s, &again, &e), -EINVAL,
		 "f:0: no id from 101 to 499 is free for group more");
}
END_TEST

START_TEST(checked)
{
	_cleanup_ids_ struct ids s = IDS_INIT;
	struct err e;

	next(&s, ASKED("u a", "u old"), "u:a=499 u:old=498");
	next(&s, ASKED("u a"), "u:a=499 u:old=498!");
	ck_fails(check(ASKED("u a", "g b"), &s, &e), -ESTALE,
		 "f:1: the lock does not have group b: run slipway lock (with --keep-packages");
	ck_fails(check(ASKED("u a", "u old"), &s, &e), -ESTALE,
		 "f:1: the lock does not have user old");
	ck_fails(check(ASKED(NULL), &s, &e), -ESTALE,
		 "the lock has user a, which the image has no more: run slipway lock");
	ck_fails(check(ASKED("u a 5"), &s, &e), -EEXIST, "and has 499");
}
END_TEST

START_TEST(names)
{
	static const char *const good[] = { "a", "_apt", "systemd-network", "x.y", "A9", "host$" };
	static const char *const bad[] = { "", "-a", "a b", "a:b", "a\n", "\xc3\xa4", "a,b" };
	struct ids s = IDS_INIT;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_assert_msg(ids_name_ok(good[i], strlen(good[i])), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!ids_name_ok(bad[i], strlen(bad[i])), "%s", bad[i]);
	ck_assert(!ids_name_ok("a\0b", 3));
	ck_fails(allot(ASKED("u a:b"), &none, &s, &e), -EINVAL,
		 "f:0: \"a:b\" is no name of a user");
}
END_TEST

TEST_MAIN("ids", allotted, any_order, carried, group_and_user, fixed, given_twice, exhausted,
	  checked, names)
