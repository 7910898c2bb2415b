/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/stat.h>

#include "stage1/package/package.h"
#include "stage1/package/test/make_deb.h"

static int read_deb(const void *data, size_t len, struct package **ret, struct err *e)
{
	struct source s;

	source_init_bytes(&s, data, len);
	return package_read_deb(&s, NULL, NULL, ret, e);
}

static void check_sample(const struct package *p)
{
	const struct package_entry *n = p->entries;

	ck_assert_str_eq(p->name, "sample");
	ck_assert_str_eq(p->version, "1:2.0-1");
	ck_assert_str_eq(p->arch, "amd64");
	ck_assert_uint_eq(p->n_entries, ARRAY_SIZE(make_sample) - 1);
	ck_assert_int_eq(p->newest_mtime, 1002);
	ck_assert_str_eq(n[0].path, "usr");
	ck_assert_uint_eq(n[0].mode, S_IFDIR | 0755);
	ck_assert_uint_eq(n[1].blob->len, 0);
	ck_assert_str_eq(n[2].path, "usr/tool");
	ck_assert_uint_eq(n[2].mode, S_IFREG | 04755);
	ck_assert_uint_eq(n[2].uid, 3);
	ck_assert_uint_eq(n[2].gid, 42);
	ck_assert_int_eq(n[2].mtime, 1002);
	ck_assert_uint_eq(n[2].blob->len, 13);
	ck_assert_mem_eq(n[2].blob->data, "hello, world\n", 13);
	ck_assert(n[3].is_hard_link);
	ck_assert_str_eq(n[3].target, "usr/tool");
	ck_assert_uint_eq(n[3].link_to, 2);
	ck_assert(S_ISLNK(n[4].mode));
	ck_assert_str_eq(n[4].target, "../etc/x");
	ck_assert_str_eq(n[5].path, MAKE_LONG_NAME);
	ck_assert_uint_eq(n[5].blob->len, 1600);
	ck_assert_str_eq(n[6].target, "../" MAKE_LONG_NAME);
	ck_assert(S_ISCHR(n[7].mode) && n[7].rdev_major == 5 && n[7].rdev_minor == 1);
	ck_assert(S_ISFIFO(n[8].mode));
}

START_TEST(every_format_and_compression)
{
	static const struct {
		const char *suffix;
		int filter;
	} filters[] = {
		{ "", ARCHIVE_FILTER_NONE },	  { ".gz", ARCHIVE_FILTER_GZIP },
		{ ".xz", ARCHIVE_FILTER_XZ },	  { ".zst", ARCHIVE_FILTER_ZSTD },
		{ ".bz2", ARCHIVE_FILTER_BZIP2 }, { ".lzma", ARCHIVE_FILTER_LZMA },
	};
	static const int formats[] = { ARCHIVE_FORMAT_TAR_GNUTAR,
				       ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(filters) * ARRAY_SIZE(formats); i++) {
		size_t k = i / ARRAY_SIZE(formats);
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		_cleanup_(package_free) struct package *p = NULL;
		_cleanup_free_ char *control = str_printf("control.tar%s", filters[k].suffix);
		_cleanup_free_ char *data = str_printf("data.tar%s/", filters[k].suffix);
		make_tar(&tar, formats[i % ARRAY_SIZE(formats)], filters[k].filter, make_sample,
			 ARRAY_SIZE(make_sample));
		make_member(&deb, "debian-binary/", "2.1\nmore\n", 9);
		make_member(&deb, "_ignored", "x", 1);
		if (k < 4)
			make_control(&deb, control, filters[k].filter);
		else
			make_control(&deb, "control.tar.xz", ARCHIVE_FILTER_XZ);
		make_member(&deb, "_ignored", "xx", 2);
		make_member(&deb, data, tar.data, tar.len);
		make_member(&deb, "whatever", "x", 1);
		ck_ok(read_deb(deb.data, deb.len, &p, &e));
		check_sample(p);
	}
}
END_TEST

START_TEST(control_is_kept)
{
	struct err e = { 0 };
	_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
	_cleanup_(package_free) struct package *p = NULL;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, NULL, 0);
	make_deb(&deb, "data.tar", &tar);
	ck_ok(read_deb(deb.data, deb.len, &p, &e));
	ck_assert_uint_eq(p->n_entries, 0);
	ck_assert_str_eq(p->control, MAKE_CONTROL);
	ck_assert_uint_eq(p->n_scripts, 2);
	ck_assert_str_eq(p->scripts[0].name, "conffiles");
	ck_assert_str_eq(p->scripts[1].name, "postinst");
	ck_assert_ptr_eq(package_script(p, "postinst"), p->scripts[1].content);
	ck_assert_ptr_null(package_script(p, "control"));
	ck_assert_uint_eq(p->conffiles.n, 2);
	ck_assert_str_eq(p->conffiles.v[0], "etc/a b");
	ck_assert_str_eq(p->conffiles.v[1], "etc/c");
	_cleanup_free_ char *replaces = package_field(p, "replaces");
	ck_assert_str_eq(replaces, "other (<< 2),\nmore");
	_cleanup_free_ char *text = package_field(p, "Description");
	ck_assert_str_eq(text, "short\nlong\n.\nend");
	ck_assert_ptr_null(package_field(p, "Descr"));
}
END_TEST

START_TEST(xattrs_and_times_of_pax)
{
	static const struct make_file files[] = { { .path = "./ping",
						    .type = AE_IFREG,
						    .mode = 0755,
						    .mtime = -7,
						    .uid = 3000000,
						    .content = "x",
						    .xattr = "security.capability",
						    .value = "\1\2=\3\n" } };
	struct err e = { 0 };
	_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
	_cleanup_(package_free) struct package *p = NULL;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE, files, 1);
	make_deb(&deb, "data.tar", &tar);
	ck_ok(read_deb(deb.data, deb.len, &p, &e));
	ck_assert_uint_eq(p->n_entries, 1);
	ck_assert_int_eq(p->entries[0].mtime, -7);
	ck_assert_uint_eq(p->entries[0].uid, 3000000);
	ck_assert_uint_eq(p->entries[0].n_xattrs, 1);
	ck_assert_str_eq(p->entries[0].xattrs[0].name, "security.capability");
	ck_assert_uint_eq(p->entries[0].xattrs[0].len, 5);
	ck_assert_mem_eq(p->entries[0].xattrs[0].value, "\1\2=\3\n", 5);
}
END_TEST

START_TEST(bad_paths_are_refused)
{
	static const struct {
		struct make_file file;
		const char *says;
	} bad[] = {
		{ { .path = "./a/../b", .type = AE_IFREG }, "\"..\"" },
		{ { .path = "../b", .type = AE_IFREG }, "\"..\"" },
		{ { .path = "a\nb", .type = AE_IFREG }, "control character" },
		{ { .path = "./x", .target = "../y" }, "target of a hard link" },
		{ { .path = "./x", .target = "./y" }, "not an entry before it" },
		{ { .path = "./x", .target = "./x" }, "not an entry before it" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		struct package *p = NULL;
		make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, &bad[i].file, 1);
		make_deb(&deb, "data.tar", &tar);
		ck_fails(read_deb(deb.data, deb.len, &p, &e), -EBADMSG, bad[i].says);
		ck_assert(str_has_prefix(e.msg, "data.tar: "));
	}
	static const struct make_file twice[] = {
		{ .path = "./d", .type = AE_IFDIR },
		{ .path = "./d/", .type = AE_IFDIR },
		{ .path = "d//x", .type = AE_IFREG },
		{ .path = "././d/x", .type = AE_IFREG },
	};
	for (size_t n = 3; n <= 4; n++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		_cleanup_(package_free) struct package *p = NULL;
		make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, twice, n);
		make_deb(&deb, "data.tar", &tar);
		if (n == 3)
			ck_ok(read_deb(deb.data, deb.len, &p, &e));
		else
			ck_fails(read_deb(deb.data, deb.len, &p, &e), -EBADMSG,
				 "d/x is there twice");
	}
}
END_TEST

START_TEST(members_are_checked)
{
	struct err e = { 0 };
	struct package *p = NULL;
	_cleanup_buf_ struct buf tar = BUF_INIT;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, NULL, 0);
	ck_fails(read_deb("", 0, &p, &e), -EBADMSG, "not a .deb");
	ck_fails(read_deb("#!/bin/sh\n", 10, &p, &e), -EBADMSG, "does not begin with");
	ck_fails(read_deb("!<arch>\n", 8, &p, &e), -EBADMSG, "no debian-binary");
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT, d = BUF_INIT,
				 f = BUF_INIT;
	make_member(&a, "control.tar", "2.0\n", 4);
	ck_fails(read_deb(a.data, a.len, &p, &e), -EBADMSG, "first member is \"control.tar\"");
	make_member(&b, "debian-binary", "3.0\n", 4);
	ck_fails(read_deb(b.data, b.len, &p, &e), -EBADMSG, "not version 2");
	make_member(&c, "debian-binary", "2.0\n", 4);
	make_member(&c, "data.tar", tar.data, tar.len);
	ck_fails(read_deb(c.data, c.len, &p, &e), -EBADMSG, "is where control.tar has to be");
	make_deb(&d, "data.tar.xyz", &tar);
	ck_fails(read_deb(d.data, d.len, &p, &e), -EBADMSG, "data.tar.xyz: unknown compression");
	make_member(&f, "debian-binary", "2.0\n", 4);
	make_control(&f, "control.tar.bz2", ARCHIVE_FILTER_BZIP2);
	ck_fails(read_deb(f.data, f.len, &p, &e), -EBADMSG, "control.tar.bz2: unknown compression");
}
END_TEST

START_TEST(control_is_checked)
{
	static const struct {
		struct make_file file;
		const char *says;
	} bad[] = {
		{ { .path = "./x", .type = AE_IFREG }, "no file control" },
		{ { .path = "./control", .type = AE_IFREG, .content = "Package: x\n" },
		  "no field Version" },
		{ { .path = "./control",
		    .type = AE_IFREG,
		    .content = "Package: ../x\nVersion: 1\nArchitecture: all\n" },
		  "Package is malformed" },
		{ { .path = "./control",
		    .type = AE_IFREG,
		    .content = "Package: x\nVersion: 1\n 2\nArchitecture: all\n" },
		  "Version is malformed" },
		{ { .path = "./control", .type = AE_IFLNK, .target = "x" }, "not a regular file" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		struct package *p = NULL;
		make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_XZ, &bad[i].file, 1);
		make_member(&deb, "debian-binary", "2.0\n", 4);
		make_member(&deb, "control.tar.xz", tar.data, tar.len);
		ck_fails(read_deb(deb.data, deb.len, &p, &e), -EBADMSG, bad[i].says);
		ck_assert(str_has_prefix(e.msg, "control.tar.xz: "));
	}
}
END_TEST

/* A copy without a byte to spare, so that a sanitizer sees a read past the end. */
static int read_exactly(const uint8_t *data, size_t len, struct err *e)
{
	_cleanup_(package_free) struct package *p = NULL;
	_cleanup_free_ uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	return read_deb(copy, len, &p, e);
}

START_TEST(truncation_is_found_everywhere)
{
	static const int filters[] = { ARCHIVE_FILTER_NONE,  ARCHIVE_FILTER_GZIP,
				       ARCHIVE_FILTER_XZ,    ARCHIVE_FILTER_ZSTD,
				       ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_LZMA };
	static const char *const names[] = { "data.tar",     "data.tar.gz",  "data.tar.xz",
					     "data.tar.zst", "data.tar.bz2", "data.tar.lzma" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, filters[i], make_sample,
			 ARRAY_SIZE(make_sample));
		make_deb(&deb, names[i], &tar);
		size_t whole = deb.len - (tar.len & 1);
		for (size_t len = 0; len<whole; len += len> 1500 && i == 0 ? 37 : 1)
			ck_assert_msg(read_exactly(deb.data, len, &e) == -EBADMSG,
				      "%s: %zu of %zu bytes: %s", names[i], len, whole, e.msg);
		ck_ok(read_exactly(deb.data, whole, &e));
		/* The archive's own end, in a member that is whole. */
		for (size_t len = 0; i && len < tar.len; len++) {
			_cleanup_buf_ struct buf cut = BUF_INIT, cut_deb = BUF_INIT;
			buf_append(&cut, tar.data, len);
			make_deb(&cut_deb, names[i], &cut);
			ck_assert_msg(read_exactly(cut_deb.data, cut_deb.len, &e) == -EBADMSG,
				      "%s: %zu of %zu bytes", names[i], len, tar.len);
			ck_assert(strstr(e.msg, "truncated") || strstr(e.msg, "damaged"));
		}
	}
}
END_TEST

START_TEST(damage_never_harms)
{
	static const int filters[] = { ARCHIVE_FILTER_NONE,  ARCHIVE_FILTER_GZIP,
				       ARCHIVE_FILTER_XZ,    ARCHIVE_FILTER_ZSTD,
				       ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_LZMA };
	static const char *const names[] = { "data.tar",     "data.tar.gz",  "data.tar.xz",
					     "data.tar.zst", "data.tar.bz2", "data.tar.lzma" };
	struct err e = { 0 };
	uint64_t state = 1;
	struct buf made[12] = { 0 };

	for (size_t i = 0; i < 3000; i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		size_t k = i % ARRAY_SIZE(filters);
		int format =
			i / 6 & 1 ? ARCHIVE_FORMAT_TAR_GNUTAR : ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE;
		struct buf *whole = &made[k * 2 + (i / 6 & 1)];
		if (!whole->len)
			make_tar(whole, format, filters[k], make_sample, ARRAY_SIZE(make_sample));
		buf_append(&tar, whole->data, whole->len);
		if (i % 24 < 12)
			make_deb(&deb, names[k], &tar);
		for (unsigned int flips = 0; flips < 1 + i % 5; flips++) {
			struct buf *b = deb.len ? &deb : &tar;
			state = state * 6364136223846793005u + 1442695040888963407u;
			b->data[(state >> 33) % b->len] ^= (uint8_t)(1u << ((state >> 20) & 7));
		}
		if (!deb.len)
			make_deb(&deb, names[k], &tar);
		int r = read_exactly(deb.data, deb.len, &e);
		ck_assert(r == 0 || r == -EBADMSG || r == -EFBIG);
	}
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		buf_done(&made[i]);
}
END_TEST

TEST_MAIN("deb", every_format_and_compression, control_is_kept, xattrs_and_times_of_pax,
	  bad_paths_are_refused, members_are_checked, control_is_checked,
	  truncation_is_found_everywhere, damage_never_harms)
