/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/index.h"

#include "base/test/support.h"

static char *text_of(const char *s)
{
	char *copy = strdup(s);

	ck_assert_ptr_nonnull(copy);
	return copy;
}

static void put_version(struct publish_index *i, const char *version, uint8_t fill)
{
	struct publish_version v = { .version = text_of(version), .has_lock = fill % 2 };
	struct err e = { 0 };

	memset(v.root_hash, fill, sizeof(v.root_hash));
	memset(v.lock_sha256, v.has_lock ? fill : 0, sizeof(v.lock_sha256));
	for (size_t k = 0; k < PUBLISH_N_KINDS; k++) {
		/* One has no SPDX, as if nobody had made it. */
		if (k == PUBLISH_SPDX && fill == 2)
			continue;
		v.files[k] = (struct publish_file){ .bytes = 10 + k, .content_bytes = 20 + k };
		v.files[k].name = str_printf("node_%s%s.xz", version, publish_kind_suffix(k));
		memset(v.files[k].content_sha256, fill, SHA256_BYTES);
	}
	ck_ok(publish_index_put(i, &v, &e));
	publish_version_done(&v);
}

static struct publish_index *make(void)
{
	struct publish_index *i = calloc(1, sizeof(*i));

	*i = (struct publish_index){ .name = text_of("node"),
				     .arch = text_of("x86-64"),
				     .channel = text_of("stable"),
				     .signing_key = text_of("ABCD"),
				     .best_before = text_of("2026-12-31T00:00:00Z"),
				     .dropped_version = text_of("8"),
				     .serial = 7 };
	put_version(i, "9", 1);
	put_version(i, "10", 2);
	put_version(i, "10~rc1", 3);
	return i;
}

static void format(const struct publish_index *i, struct buf *b)
{
	struct err e = { 0 };

	ck_ok(publish_index_format(i, b, &e));
}

START_TEST(keeps_all_it_has)
{
	_cleanup_(publish_index_free) struct publish_index *i = make(), *again = NULL;
	_cleanup_(publish_index_free) struct publish_index *copy = publish_index_copy(i);
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT;
	struct err e = { 0 };

	format(i, &a);
	ck_ok(publish_index_parse(a.data, a.len, &again, &e));
	format(again, &b);
	format(copy, &c);
	ck_assert_str_eq(buf_str(&a), buf_str(&b));
	ck_assert_str_eq(buf_str(&a), buf_str(&c));
	ck_assert_uint_eq(again->serial, 7);
	ck_assert_ptr_null(again->minimum_version);
	ck_assert_str_eq(again->dropped_version, "8");
}
END_TEST

START_TEST(some_need_not_be_there)
{
	_cleanup_(publish_index_free) struct publish_index *i = make(), *again = NULL;
	_cleanup_(publish_index_free) struct publish_index *old = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct err e = { 0 };

	format(i, &text);
	ck_ok(publish_index_parse(text.data, text.len, &again, &e));
	ck_assert_ptr_null(again->versions[0].files[PUBLISH_SPDX].name);
	ck_assert_str_eq(again->versions[0].files[PUBLISH_CYCLONEDX].name, "node_10.cdx.json.xz");
	ck_assert_str_eq(again->versions[2].files[PUBLISH_SPDX].name, "node_9.spdx.json.xz");

	/* An index of before there were such keys. */
	*(strstr((char *)text.data, "dropped_version")) = 'x';
	for (char *at = (char *)text.data; (at = strstr(at, "\"evidence\""));)
		at[1] = 'x';
	ck_ok(publish_index_parse(text.data, text.len, &old, &e));
	ck_assert_ptr_null(old->dropped_version);
	ck_assert_ptr_null(old->versions[2].files[PUBLISH_PROVENANCE].name);
	ck_assert_str_eq(old->versions[2].files[PUBLISH_UKI].name, "node_9.efi.xz");
}
END_TEST

START_TEST(has_the_newest_first)
{
	_cleanup_(publish_index_free) struct publish_index *i = make();

	ck_assert_str_eq(i->versions[0].version, "10");
	ck_assert_str_eq(i->versions[1].version, "10~rc1");
	ck_assert_str_eq(i->versions[2].version, "9");
	ck_assert_ptr_eq(publish_index_find(i, "9"), &i->versions[2]);
	ck_assert_ptr_null(publish_index_find(i, "11"));
	ck_assert(publish_version_same(&i->versions[0], &i->versions[0]));
	ck_assert(!publish_version_same(&i->versions[0], &i->versions[1]));
	publish_index_cut(i, 1);
	ck_assert_uint_eq(i->n_versions, 1);
}
END_TEST

/* The text with one word of it replaced. */
static void ck_refuses(const char *from, const char *to, const char *message)
{
	_cleanup_(publish_index_free) struct publish_index *i = make(), *ret = NULL;
	_cleanup_buf_ struct buf good = BUF_INIT, bad = BUF_INIT;
	struct err e = { 0 };

	format(i, &good);
	const char *at = strstr(buf_str(&good), from);
	ck_assert_ptr_nonnull(at);
	buf_append(&bad, good.data, (size_t)(at - buf_str(&good)));
	buf_append_str(&bad, to);
	buf_append_str(&bad, at + strlen(from));
	ck_fails(publish_index_parse(bad.data, bad.len, &ret, &e), -EBADMSG, message);
}

START_TEST(refuses_what_is_no_index)
{
	ck_refuses("{", "[", "not a JSON object");
	ck_refuses("\"format\": 1", "\"format\": 2", "another version of slipway");
	ck_refuses("\"serial\": 7", "\"serial\": -7", "\"serial\" is negative");
	ck_refuses("\"serial\": 7", "\"serial\": \"7\"", "\"serial\" is missing, or not int");
	ck_refuses("\"name\": \"node\"", "\"other\": \"node\"", "\"name\" is missing");
	ck_refuses("node_10.usr-verity.raw.xz", "../x", "no name of a published file");
	ck_refuses("node_10.usr-verity.raw.xz", "", "no name of a published file");
	ck_refuses("\"kind\": \"usr-verity\"", "\"kind\": \"uki\"",
		   "file of kind \"usr\" where none is to be");
	ck_refuses("\"kind\": \"spdx\"", "\"kind\": \"provenance\"", "file of kind \"provenance\"");
	ck_refuses("\"evidence\": [", "\"evidence\": 1, \"x\": [", "\"evidence\" is missing");
	ck_refuses("\"version\": \"9\"", "\"version\": \"10\"", "version 10 is there twice");
	ck_refuses("\"version\": \"9\"", "\"version\": \"9/1\"", "is no version");
	ck_refuses("\"lock_sha256\": null", "\"lock_sha256\": \"00\"", "not 64 hex digits");
	ck_refuses("2026-12-31T", "2026-12-32T", "is no time");
	ck_refuses("\"minimum_version\": null", "\"minimum_version\": \"\"", "is no version");
	ck_refuses("\"dropped_version\": \"8\"", "\"dropped_version\": \"/\"", "is no version");
	ck_refuses("\"dropped_version\": \"8\"", "\"dropped_version\": 8",
		   "missing, or not string");
}
END_TEST

START_TEST(refuses_every_shorter_one)
{
	_cleanup_(publish_index_free) struct publish_index *i = make();
	_cleanup_buf_ struct buf b = BUF_INIT;

	format(i, &b);
	while (b.data[b.len - 1] != '}')
		b.len--;
	for (size_t len = 0; len < b.len; len++) {
		_cleanup_free_ char *exact = malloc(len + 1); /* so that a sanitizer sees its end */
		struct publish_index *ret = NULL;
		struct err e;
		memcpy(exact, b.data, len);
		ck_assert_int_eq(publish_index_parse(exact, len, &ret, &e), -EBADMSG);
	}
}
END_TEST

TEST_MAIN("publish_index", keeps_all_it_has, some_need_not_be_there, has_the_newest_first,
	  refuses_what_is_no_index, refuses_every_shorter_one)
