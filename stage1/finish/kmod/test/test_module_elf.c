/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading modules: what is in them, and everything that can be wrong with them. */
#include "base/run.h"
#include "stage1/finish/kmod/test/tree_maker.h"

static void module_done(struct module *m)
{
	buf_done(&m->exports);
	buf_done(&m->imports);
	buf_done(&m->aliases);
	buf_done(&m->softdeps);
	buf_done(&m->weakdeps);
	*m = (struct module){ 0 };
}

static struct buf sample(void)
{
	return make_module(
		&(struct maker){ .exports = "one two",
				 .imports = "three",
				 .versions = "four",
				 .modinfo = "alias=a|license=GPL|softdep=pre: s|weakdep=w" });
}

/* A copy without room to spare, so that a read past its end shows under the sanitizers. */
static int read_copy(const uint8_t *data, size_t len, struct module *m, struct err *e)
{
	_cleanup_free_ uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	return module_elf_read(copy, len, m, e);
}

static void expect_list(const struct buf *list, const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;

	names_for_each (list, s)
		buf_printf(&got, "%s|", s);
	ck_assert_str_eq(buf_str(&got), want);
}

START_TEST(all_parts_are_read)
{
	_cleanup_buf_ struct buf b = sample();
	struct module m = { 0 };
	struct err e = { 0 };

	ck_ok(read_copy(b.data, b.len, &m, &e));
	expect_list(&m.exports, "one|two|");
	expect_list(&m.imports, "three|four|");
	expect_list(&m.aliases, "a|");
	expect_list(&m.softdeps, "pre: s|");
	expect_list(&m.weakdeps, "w|");
	module_done(&m);
}
END_TEST

START_TEST(truncated_anywhere)
{
	_cleanup_buf_ struct buf b = sample();
	struct err e = { 0 };

	for (size_t len = 0; len < b.len; len++) {
		struct module m = { 0 };
		ck_fails(read_copy(b.data, len, &m, &e), -EBADMSG, "malformed module");
		module_done(&m);
	}
}
END_TEST

START_TEST(every_byte_damaged)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	_cleanup_buf_ struct buf b = sample();
	struct err e = { 0 };

	for (size_t i = 0; i < b.len; i++)
		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			struct module m = { 0 };
			uint8_t old = b.data[i];
			b.data[i] = values[k];
			int r = read_copy(b.data, b.len, &m, &e);
			ck_assert_msg(r == 0 || r == -EBADMSG, "byte %zu: %d", i, r);
			b.data[i] = old;
			module_done(&m);
		}
}
END_TEST

START_TEST(values_are_printable)
{
	static const char *const bad[] = { "alias=a\nalias b", "alias=\x7f", "softdep=\xc3\xa4",
					   "alias=\x1b[2J" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf b = make_module(&(struct maker){ .modinfo = bad[i] });
		struct module m = { 0 };
		ck_fails(read_copy(b.data, b.len, &m, &e), -EBADMSG, "not printable");
		module_done(&m);
	}
	_cleanup_free_ char *longest = malloc(5000);
	memset(longest, 'x', 4999);
	memcpy(longest, "alias=", 6);
	longest[4999] = '\0';
	_cleanup_buf_ struct buf b = make_module(&(struct maker){ .modinfo = longest });
	struct module m = { 0 };
	ck_fails(read_copy(b.data, b.len, &m, &e), -EBADMSG, "4096 bytes or more");
	module_done(&m);
}
END_TEST

static int unpack(const void *data, size_t len, const char *path, const struct buf *want,
		  struct err *e)
{
	_cleanup_(blob_unref) struct blob *blob = blob_new(data, len);
	_cleanup_free_ uint8_t *copy = NULL;
	const uint8_t *got = NULL;
	uint64_t got_len = 0;

	int r = module_unpack(blob, path, &copy, &got, &got_len, e);
	if (r >= 0) {
		ck_assert_uint_eq(got_len, want->len);
		ck_assert_mem_eq(got, want->data, want->len);
	}
	return r;
}

START_TEST(suffixes_and_their_formats)
{
	static const char *const names[] = { "a.ko", "a.ko.xz", "a.ko.zst" };
	_cleanup_buf_ struct buf raw = sample();
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf packed = compress_as(&raw, names[i]);
		ck_ok(unpack(packed.data, packed.len, names[i], &raw, &e));
		if (i == 0)
			continue;
		ck_fails(unpack(packed.data, packed.len - 20, names[i], &raw, &e), -EBADMSG,
			 "truncated");
		ck_fails(unpack(packed.data, packed.len, names[3 - i], &raw, &e), -EBADMSG, "");
		ck_fails(unpack(raw.data, raw.len, names[i], &raw, &e), -EBADMSG, "");
		ck_fails(unpack("", 0, names[i], &raw, &e), -EBADMSG, "");
	}
	ck_assert_ptr_null(module_suffix("a.ko.bz2"));
	ck_assert_ptr_null(module_suffix("ako"));
	ck_assert_str_eq(module_suffix("a-b.ko.gz"), ".ko.gz");
}
END_TEST

START_TEST(gzip_is_read)
{
	const char *const argv[] = { "gzip", "-nc", NULL };
	_cleanup_buf_ struct buf raw = sample(), packed = BUF_INIT;
	struct err e = { 0 };
	struct run_params p = {
		.argv = argv, .input = raw.data, .input_len = raw.len, .out = &packed
	};

	if (run_program(&p, NULL, &e) == -ENOENT)
		test_skip("no gzip");
	ck_ok(unpack(packed.data, packed.len, "a.ko.gz", &raw, &e));
}
END_TEST

START_TEST(names_and_aliases)
{
	static const char *const aliases[][2] = {
		{ "a-b", "a_b" }, { "a[-]b-c", "a[-]b_c" }, { "", "" },		  { "a[b", NULL },
		{ "a]b", NULL },  { "[a-]]", NULL },	    { "[[-]-", "[[-]_" },
	};
	char out[MODULE_NAME_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		int r = alias_normalize(aliases[i][0], out);
		ck_assert_int_eq(r, aliases[i][1] ? 0 : -EINVAL);
		if (aliases[i][1])
			ck_assert_str_eq(out, aliases[i][1]);
	}
	ck_assert_int_eq(module_name_normalize("dm-mod.ko.xz", 12, out), 0);
	ck_assert_str_eq(out, "dm_mod");
	ck_assert_int_eq(module_name_normalize(".ko", 3, out), -EINVAL);
}
END_TEST

TEST_MAIN("kmod module_elf", all_parts_are_read, truncated_anywhere, every_byte_damaged,
	  values_are_printable, suffixes_and_their_formats, gzip_is_read, names_and_aliases)
