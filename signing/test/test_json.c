/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/json.h"

#include "base/test/support.h"

static struct err e;

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;

	ck_ok(json_read_line(text, strlen(text), 4, &o, &e));
	return o;
}

START_TEST(one_object)
{
	static const char *const bad[] = {
		"", "[]", "{", "{} {}", "{\"a\":1,}", "{\"a\":[[[[]]]]}",
	};
	struct json_object *o = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(json_read_line(bad[i], strlen(bad[i]), 4, &o, &e) == -EBADMSG, "%s",
			      bad[i]);
		ck_assert_ptr_null(o);
	}
}
END_TEST

START_TEST(strings)
{
	_cleanup_(json_object_put) struct json_object *o =
		parse("{\"a\":\"text\",\"b\":7,\"c\":\"text\\u0000more\"}\n");
	const char *text = NULL;

	ck_fails(json_read_string(o, "b", &text, &e), -EBADMSG, "no string \"b\"");
	ck_fails(json_read_string(o, "d", &text, &e), -EBADMSG, "no string \"d\"");
	ck_fails(json_read_string(o, "c", &text, &e), -EBADMSG, "has a NUL in it");
	ck_assert_ptr_null(text);
	ck_ok(json_read_string(o, "a", &text, &e));
	ck_assert_str_eq(text, "text");
}
END_TEST

START_TEST(lists)
{
	_cleanup_(json_object_put) struct json_object *o =
		parse("{\"a\":[1,2],\"b\":[],\"c\":{\"d\":1}}");
	struct json_object *list;

	ck_assert_uint_eq(json_find_list(o, "b", &list), 0);
	ck_assert_uint_eq(json_find_list(o, "c", &list), 0);
	ck_assert_uint_eq(json_find_list(o, "d", &list), 0);
	ck_assert_uint_eq(json_find_list(o, "a", &list), 2);
	ck_assert_int_eq(json_object_get_int(json_object_array_get_idx(list, 1)), 2);
	ck_assert_uint_eq(json_find_list(list, "a", &list), 0); /* of what is no object */
	ck_assert_uint_eq(json_find_list(NULL, "a", &list), 0);
}
END_TEST

TEST_MAIN("json", one_object, strings, lists)
