/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protobuf as the cases speak it: examples of its specification, and what is no message. */
#include "base/test/support.h"
#include "qemu-tests/cases/cri.h"

static struct err e;

static struct pb_view view(const struct buf *b)
{
	return (struct pb_view){ b->data, b->len };
}

/* "Encoding" at protobuf.dev: {1: 150}, {2: "testing"}, {3: {1: 150}} */
START_TEST(bytes_of_the_specification)
{
	static const uint8_t want[] = { 0x08, 0x96, 0x01, 0x12, 0x07, 't',  'e',  's', 't',
					'i',  'n',  'g',  0x1a, 0x03, 0x08, 0x96, 0x01 };
	_cleanup_buf_ struct buf out = BUF_INIT, inner = BUF_INIT;

	pb_put_number(&out, 1, 150);
	pb_put_string(&out, 2, "testing");
	pb_put_number(&inner, 1, 150);
	pb_put_message(&out, 3, &inner);
	ck_assert_uint_eq(inner.len, 0);
	ck_assert_uint_eq(out.len, sizeof(want));
	ck_assert_mem_eq(out.data, want, sizeof(want));
}
END_TEST

START_TEST(found_by_number_and_kind)
{
	_cleanup_buf_ struct buf out = BUF_INIT, inner = BUF_INIT;
	struct pb_view m;
	uint64_t number = 0;

	pb_put_string(&out, 1, "one");
	pb_put_number(&out, 16, UINT64_MAX);
	pb_put_number(&inner, 2, 7);
	pb_put_message(&out, 1000, &inner);
	pb_put_number(&out, 16, 1);
	ck_ok(pb_get(view(&out), 16, NULL, &number, &e));
	ck_assert(number == UINT64_MAX);
	ck_ok(pb_get(view(&out), 1, &m, NULL, &e));
	ck_assert_uint_eq(m.len, 3);
	ck_assert_mem_eq(m.data, "one", 3);
	ck_ok(pb_get(view(&out), 1000, &m, NULL, &e));
	ck_ok(pb_get(m, 2, NULL, &number, &e));
	ck_assert_uint_eq(number, 7);
	number = 5;
	ck_assert_int_eq(pb_get(view(&out), 1, NULL, &number, &e), -ENOENT);
	ck_assert_int_eq(pb_get(view(&out), 2, &m, NULL, &e), -ENOENT);
	ck_assert_uint_eq(number, 5);
}
END_TEST

START_TEST(not_messages)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
	} bad[] = {
		{ { 0x08 }, 1 },	     /* no value */
		{ { 0x08, 0x80 }, 2 },	     /* a number without an end */
		{ { 0x12, 0x02, 'a' }, 3 },  /* longer than what there is */
		{ { 0x0d, 0, 0, 0, 0 }, 5 }, /* of a kind that no message here has */
		{ { 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 12 },
	};
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct pb_view m = { bad[i].bytes, bad[i].len };
		ck_assert_int_eq(pb_get(m, 9, NULL, &number, &e), -EBADMSG);
	}
}
END_TEST

TEST_MAIN("cri", bytes_of_the_specification, found_by_number_and_kind, not_messages)
