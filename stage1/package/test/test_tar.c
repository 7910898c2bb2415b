/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"
#include "base/test/support.h"
#include "stage1/package/tar.h"

struct block {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char target[100], magic[8], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};

static void sum(struct block *b)
{
	unsigned int n = 0;

	memset(b->checksum, ' ', sizeof(b->checksum));
	for (size_t i = 0; i < sizeof(*b); i++)
		n += ((const uint8_t *)b)[i];
	snprintf(b->checksum, sizeof(b->checksum), "%06o", n);
}

/* A plain ustar header, to be changed and summed again. */
static struct block header(const char *name, char type, size_t size)
{
	struct block b = { .type = type };

	memcpy(b.name, name, MIN(strlen(name), sizeof(b.name)));
	memcpy(b.mode, "0000644", 8);
	memcpy(b.uid, "0000001", 8);
	memcpy(b.gid, "0000002", 8);
	snprintf(b.size, sizeof(b.size), "%011o", (unsigned int)size);
	memcpy(b.mtime, "00000000012", 12);
	memcpy(b.magic, "ustar\00000", 8);
	sum(&b);
	return b;
}

static void append(struct buf *tar, struct block b)
{
	sum(&b);
	buf_append(tar, &b, sizeof(b));
}

static void entry(struct buf *tar, const char *name, char type, const char *content)
{
	size_t len = strlen(content);

	append(tar, header(name, type, len));
	buf_append(tar, content, len);
	buf_append_zero(tar, (512 - len % 512) % 512);
}

/* The first entry; a copy of the bytes, for the sanitizers. */
static int first(const struct buf *tar, struct tar_entry *n, struct err *e)
{
	_cleanup_free_ uint8_t *copy = malloc(tar->len ? tar->len : 1);
	struct tar t = { .data = copy, .len = tar->len };

	memcpy(copy, buf_str(tar), tar->len);
	return tar_next(&t, n, e);
}

START_TEST(the_end)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(first(&tar, &n, &e), 0);
	buf_append_zero(&tar, 512);
	ck_assert_int_eq(first(&tar, &n, &e), 0);
	tar.len = 511;
	ck_fails(first(&tar, &n, &e), -EBADMSG, "truncated in the header at offset 0");
	/* A last block without its padding is taken, one without content is not. */
	_cleanup_buf_ struct buf one = BUF_INIT;
	entry(&one, "x", '0', "abc");
	one.len = 512 + 3;
	ck_assert_int_eq(first(&one, &n, &e), 1);
	ck_assert_uint_eq(n.offset, 512);
	ck_assert_uint_eq(n.size_bytes, 3);
	tar_entry_done(&n);
	one.len = 512 + 2;
	ck_fails(first(&one, &n, &e), -EBADMSG, "offset 0: x: truncated");
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *mtime;
		size_t len;
		int64_t want;
	} good[] = {
		{ "00000000012\0", 12, 10 },
		{ "         12 ", 12, 10 },
		{ "777777777777", 12, 077777777777LL * 8 + 7 },
		{ "", 1, 0 },
		{ "\x80\0\0\0\0\0\0\0\0\0\1\0", 12, 256 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12, -2 },
		{ "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12, INT64_MAX },
	};
	static const struct {
		const char *mtime;
		size_t len;
	} bad[] = {
		{ "00000000018\0", 12 },
		{ "-0000000001\0", 12 },
		{ "12x\0", 4 },
		{ "\x80\0\0\0\x80\0\0\0\0\0\0\0", 12 },
		{ "\x81\0\0\0\0\0\0\0\0\0\0\0", 12 },
		{ "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12 },
	};
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT;
		struct block b = header("x", '0', 0);
		memset(b.mtime, 0, sizeof(b.mtime));
		memcpy(b.mtime, good[i].mtime, good[i].len);
		append(&tar, b);
		ck_ok(first(&tar, &n, &e));
		ck_assert_int_eq(n.mtime, good[i].want);
		tar_entry_done(&n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT;
		struct block b = header("x", '0', 0);
		memset(b.mtime, 0, sizeof(b.mtime));
		memcpy(b.mtime, bad[i].mtime, bad[i].len);
		append(&tar, b);
		ck_fails(first(&tar, &n, &e), -EBADMSG, "its mtime is not a number in range");
	}
	_cleanup_buf_ struct buf huge = BUF_INIT, owner = BUF_INIT;
	struct block b = header("x", '0', 0);
	memcpy(b.size, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
	append(&huge, b);
	ck_fails(first(&huge, &n, &e), -EBADMSG, "truncated");
	b = header("x", '0', 0);
	memcpy(b.uid, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	append(&owner, b);
	ck_fails(first(&owner, &n, &e), -EBADMSG, "its uid is not");
	static const struct {
		size_t at, len;
		const char *bytes, *says;
		char type;
	} fields[] = {
		{ offsetof(struct block, size), 12, "-0000000001", "its size is not", '0' },
		{ offsetof(struct block, size), 12,
		  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "its size is not", '0' },
		{ offsetof(struct block, size), 12, "00000000009", "its size is not", '0' },
		{ offsetof(struct block, mode), 8, "000x755", "its mode is not", '0' },
		{ offsetof(struct block, gid), 8, "\xff\xff\xff\xff\xff\xff\xff\xff",
		  "its gid is not", '0' },
		{ offsetof(struct block, major), 8, "9", "its device number is not", '3' },
		{ offsetof(struct block, minor), 8, "-1", "its device number is not", '4' },
	};
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT;
		b = header("x", fields[i].type, 0);
		memcpy((char *)&b + fields[i].at, fields[i].bytes,
		       MIN(fields[i].len, strlen(fields[i].bytes) + 1));
		append(&tar, b);
		ck_fails(first(&tar, &n, &e), -EBADMSG, fields[i].says);
	}
}
END_TEST

START_TEST(headers)
{
	struct tar_entry n = { 0 };
	struct err e = { 0 };
	_cleanup_buf_ struct buf sum_wrong = BUF_INIT, prefix = BUF_INIT, gnu = BUF_INIT,
				 old = BUF_INIT, mode = BUF_INIT;
	struct block b = header("x", '0', 0);

	b.name[1] = 'y';
	buf_append(&sum_wrong, &b, sizeof(b));
	ck_fails(first(&sum_wrong, &n, &e), -EBADMSG, "entry at offset 0: wrong checksum");
	/* All 100 and 155 bytes, without a NUL. */
	memset(b.name, 'n', sizeof(b.name));
	memset(b.prefix, 'p', sizeof(b.prefix));
	append(&prefix, b);
	ck_ok(first(&prefix, &n, &e));
	ck_assert_uint_eq(strlen(n.path), 155 + 1 + 100);
	ck_assert_int_eq(n.path[155], '/');
	tar_entry_done(&n);
	/* GNU tar has other things there. */
	memcpy(b.magic, "ustar  ", 8);
	append(&gnu, b);
	ck_ok(first(&gnu, &n, &e));
	ck_assert_uint_eq(strlen(n.path), 100);
	tar_entry_done(&n);
	b = header("dir/", '\0', 0);
	memset(b.magic, 0, sizeof(b.magic));
	append(&old, b);
	ck_ok(first(&old, &n, &e));
	ck_assert_int_eq(n.type, TAR_DIRECTORY);
	tar_entry_done(&n);
	b = header("x", '7', 0);
	memcpy(b.mode, "0100755", 8);
	append(&mode, b);
	ck_ok(first(&mode, &n, &e));
	ck_assert_int_eq(n.type, TAR_FILE);
	ck_assert_uint_eq(n.mode, 0755);
	tar_entry_done(&n);
}
END_TEST

START_TEST(kinds_that_are_refused)
{
	static const struct {
		const char *name;
		char type;
		const char *says;
	} bad[] = {
		{ "x", 'S', "sparse" },		 { "x", 'V', "type 0x56" },
		{ "x", 'M', "type 0x4d" },	 { "x", 'D', "type 0x44" },
		{ "", '0', "no name" },		 { "x", '2', "link to nothing" },
		{ "x", '1', "link to nothing" },
	};
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT;
		append(&tar, header(bad[i].name, bad[i].type, 0));
		ck_fails(first(&tar, &n, &e), -EBADMSG, bad[i].says);
	}
}
END_TEST

START_TEST(links_and_directories_have_no_content)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;
	struct tar_entry n = { 0 };
	struct err e = { 0 };
	struct block b = header("l", '2', 512);

	memcpy(b.target, "t", 1);
	append(&tar, b);
	append(&tar, header("d", '5', 5));
	append(&tar, header("f", '0', 0));
	struct tar t = { .data = tar.data, .len = tar.len };
	static const char *const want[] = { "l", "d", "f" };
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(tar_next(&t, &n, &e), 1);
		ck_assert_str_eq(n.path, want[i]);
		ck_assert_uint_eq(n.size_bytes, 0);
		tar_entry_done(&n);
	}
	ck_assert_int_eq(tar_next(&t, &n, &e), 0);
}
END_TEST

START_TEST(long_names_of_gnu)
{
	_cleanup_buf_ struct buf tar = BUF_INIT, alone = BUF_INIT, large = BUF_INIT;
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	entry(&tar, "././@LongLink", 'K', "the-target");
	append(&tar, header("././@LongLink", 'L', 9));
	buf_append(&tar, "the-path\0", 9);
	buf_append_zero(&tar, 512 - 9);
	append(&tar, header("x", '2', 0));
	ck_ok(first(&tar, &n, &e));
	ck_assert_str_eq(n.path, "the-path");
	ck_assert_str_eq(n.target, "the-target");
	tar_entry_done(&n);
	entry(&alone, "././@LongLink", 'L', "x");
	ck_fails(first(&alone, &n, &e), -EBADMSG, "truncated");
	buf_append_zero(&alone, 1024);
	ck_fails(first(&alone, &n, &e), -EBADMSG, "extended header before the end");
	append(&large, header("././@LongLink", 'L', 5000));
	buf_append_zero(&large, 8192);
	ck_fails(first(&large, &n, &e), -EBADMSG, "extended header of 5000 bytes");
}
END_TEST

START_TEST(pax_records)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	entry(&tar, "global", 'g', "19 comment=ignored\n");
	entry(&tar, "pax", 'x',
	      "12 path=a/b\n20 mtime=-1.5000000\n15 uid=4000000\n9 gid=17\n10 size=3\n"
	      "21 hdrcharset=BINARY\n26 SCHILY.xattr.user.x=\n=\n24 SCHILY.xattr.user.y=\n"
	      "17 atime=garbage\n");
	/* Its own size is another. */
	append(&tar, header("x", '0', 999));
	buf_append_str(&tar, "abc");
	ck_ok(first(&tar, &n, &e));
	ck_assert_str_eq(n.path, "a/b");
	ck_assert_int_eq(n.mtime, -2);
	ck_assert_uint_eq(n.uid, 4000000);
	ck_assert_uint_eq(n.gid, 17);
	ck_assert_uint_eq(n.size_bytes, 3);
	ck_assert_uint_eq(n.n_xattrs, 2);
	ck_assert_str_eq(n.xattrs[0].name, "user.x");
	ck_assert_uint_eq(n.xattrs[0].len, 2);
	ck_assert_mem_eq(n.xattrs[0].value, "\n=", 2);
	ck_assert_uint_eq(n.xattrs[1].len, 0);
	tar_entry_done(&n);
}
END_TEST

START_TEST(malformed_pax)
{
	static const char *const bad[][2] = {
		{ "x", "malformed" },
		{ "5 a=\n", "" }, /* this one is well-formed */
		{ "4 a=\n", "malformed" },
		{ "6 a=\n", "malformed" },
		{ "999999999 a=\n", "malformed" },
		{ "4 =\n", "malformed" },
		{ "5 ab\n", "malformed" },
		{ "0 a=b\n", "malformed" },
		{ "8 path=\n", "path of 0 bytes" },
		{ "9 uid=-1\n", "uid is not a number" },
		{ "18 uid=4294967295\n", "uid is not a number" },
		{ "28 size=9223372036854775808\n", "size is not a number" },
		{ "11 mtime=x\n", "mtime is not a number" },
		{ "13 mtime=1.x\n", "mtime is not a number" },
		{ "22 GNU.sparse.major=1\n", "sparse" },
		{ "23 SCHILY.acl.access=x\n", "access control" },
		{ "24 SCHILY.xattr.user.x=\n24 SCHILY.xattr.user.x=\n", "twice" },
		{ "18 SCHILY.xattr.=\n", "xattr of 0 bytes" },
	};
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT;
		entry(&tar, "pax", 'x', bad[i][0]);
		append(&tar, header("x", '0', 0));
		if (!*bad[i][1]) {
			ck_ok(first(&tar, &n, &e));
			tar_entry_done(&n);
		} else {
			ck_fails(first(&tar, &n, &e), -EBADMSG, bad[i][1]);
		}
	}
	_cleanup_buf_ struct buf global = BUF_INIT, nul = BUF_INIT;
	entry(&global, "global", 'g', "10 path=x\n");
	append(&global, header("x", '0', 0));
	ck_fails(first(&global, &n, &e), -EBADMSG, "sets path for all files");
	append(&nul, header("pax", 'x', 12));
	buf_append(&nul, "12 path=a\0b\n", 12);
	buf_append_zero(&nul, 500);
	append(&nul, header("x", '0', 0));
	ck_fails(first(&nul, &n, &e), -EBADMSG, "is not a name");
}
END_TEST

START_TEST(limits)
{
	_cleanup_buf_ struct buf xattrs = BUF_INIT, tar = BUF_INIT, large = BUF_INIT;
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	for (int i = 0; i < 64; i++)
		buf_printf(&xattrs, "23 SCHILY.xattr.u.%02d=x\n", i);
	entry(&tar, "pax", 'x', buf_str(&xattrs));
	append(&tar, header("x", '0', 0));
	ck_ok(first(&tar, &n, &e));
	ck_assert_uint_eq(n.n_xattrs, 64);
	tar_entry_done(&n);
	tar.len = 0;
	buf_append_str(&xattrs, "23 SCHILY.xattr.u.64=x\n");
	entry(&tar, "pax", 'x', buf_str(&xattrs));
	append(&tar, header("x", '0', 0));
	ck_fails(first(&tar, &n, &e), -EBADMSG, "entry at offset 0: more than 64 xattrs");
	buf_append_str(&large, "65561 SCHILY.xattr.u.x=");
	for (int i = 0; i < 65537; i++)
		buf_append_str(&large, "x");
	buf_append_str(&large, "\n");
	tar.len = 0;
	entry(&tar, "pax", 'x', buf_str(&large));
	append(&tar, header("x", '0', 0));
	ck_fails(first(&tar, &n, &e), -EBADMSG,
		 "xattr u.x has 65537 bytes, and 65536 are the most");
	tar.len = 0;
	append(&tar, header("pax", 'x', 1024 * 1024 + 1));
	ck_fails(first(&tar, &n, &e), -EBADMSG, "extended header of 1048577 bytes");
	tar.len = 0;
	entry(&tar, "pax", 'x', "23 SCHILY.xattr.u.\x1b[m=\n");
	append(&tar, header("x", '0', 0));
	ck_fails(first(&tar, &n, &e), -EBADMSG, "a control character in pax xattr");
}
END_TEST

START_TEST(nothing_behind_the_end)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;
	struct tar_entry n = { 0 };
	struct err e = { 0 };

	buf_append_zero(&tar, 1024 + 511);
	ck_assert_int_eq(first(&tar, &n, &e), 0);
	append(&tar, header("hidden", '0', 0));
	ck_fails(first(&tar, &n, &e), -EBADMSG, "something behind the archive's end at offset 0");
}
END_TEST

TEST_MAIN("tar", the_end, numbers, headers, kinds_that_are_refused,
	  links_and_directories_have_no_content, long_names_of_gnu, pax_records, malformed_pax,
	  limits, nothing_behind_the_end)
