/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/json_writer.h"

#include <json-c/json.h>

#include "base/test/support.h"

START_TEST(one_line_an_item)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct json_writer w = JSON_WRITER_INIT(&b);

	json_open(&w, '{');
	json_member(&w, "name", "a");
	json_member_open(&w, "list", '[');
	for (int i = 0; i < 2; i++) {
		json_open(&w, '{');
		json_memberf(&w, "f", "%d/%s", i, "x");
		json_key(&w, "n");
		json_number(&w, 7);
		json_member_open(&w, "deep", '[');
		json_boolean(&w, true);
		json_hex(&w, (const uint8_t *)"\x0f\xf0", 2);
		json_close(&w, ']');
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_member_open(&w, "none", '[');
	json_close(&w, ']');
	json_close(&w, '}');
	ck_assert_str_eq(buf_str(&b), "{\n\"name\":\"a\",\n\"list\":[\n"
				      "{\"f\":\"0/x\",\"n\":7,\"deep\":[true,\"0ff0\"]},\n"
				      "{\"f\":\"1/x\",\"n\":7,\"deep\":[true,\"0ff0\"]}\n"
				      "],\n\"none\":[]\n}\n");
}
END_TEST

/* What it writes of any bytes, a parser of others' reads as the same text. */
START_TEST(strings_come_back)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain \x7f", "plain \x7f" },
		{ "quote \" backslash \\ \n\t\r\x01\x1f", "quote \" backslash \\ \n\t\r\x01\x1f" },
		{ "F\xc5\x91tan\xc3\xbas \xf0\x9f\x98\x80",
		  "F\xc5\x91tan\xc3\xbas \xf0\x9f\x98\x80" },
		{ "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct json_writer w = JSON_WRITER_INIT(&b);
		json_open(&w, '[');
		json_string(&w, cases[i].in);
		json_close(&w, ']');
		struct json_object *o = json_tokener_parse(buf_str(&b));
		ck_assert_ptr_nonnull(o);
		ck_assert_str_eq(json_object_get_string(json_object_array_get_idx(o, 0)),
				 cases[i].out);
		json_object_put(o);
	}
}
END_TEST

TEST_MAIN("json_writer", one_line_an_item, strings_come_back)
