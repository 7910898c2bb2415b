/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be wrong with a package, and what is said of it: the member, the place, the reason. */
#include <sys/mman.h>
#include <zstd.h>

#include "stage1/package/deb_internal.h"
#include "stage1/package/test/make_deb.h"
#include "stage1/package/unpack.h"

#define GOOD_CONTROL "Package: x\nVersion: 1\nArchitecture: all\n"

static const struct {
	const char *suffix;
	int filter;
} formats[] = {
	{ ".gz", ARCHIVE_FILTER_GZIP },	  { ".xz", ARCHIVE_FILTER_XZ },
	{ ".zst", ARCHIVE_FILTER_ZSTD },  { ".bz2", ARCHIVE_FILTER_BZIP2 },
	{ ".lzma", ARCHIVE_FILTER_LZMA },
};

static int read_deb(const struct buf *deb, struct err *e)
{
	_cleanup_(package_free) struct package *p = NULL;
	_cleanup_free_ uint8_t *copy = malloc(deb->len ? deb->len : 1);
	struct source s;

	memcpy(copy, buf_str(deb), deb->len);
	source_init_bytes(&s, copy, deb->len);
	return package_read_deb(&s, NULL, NULL, &p, e);
}

/* One whole message, nothing before it and nothing behind it. */
static void check_refused(const struct buf *deb, int code, const char *message)
{
	struct err e = { 0 };

	ck_assert_int_eq(read_deb(deb, &e), code);
	ck_assert_str_eq(e.msg, message);
	ck_assert_ptr_null(strchr(e.msg, '\n'));
}

static void make_data(struct buf *deb, const struct make_file *files, size_t n)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, files, n);
	make_deb(deb, "data.tar", &tar);
}

START_TEST(members_and_their_order)
{
	static const struct {
		const char *names[5]; /* 'c', 'd' and 'b' stand for what is really in them */
		const char *says;
	} cases[] = {
		{ { "control.tar", "data.tar" },
		  "not a .deb: its first member is \"control.tar\" and not debian-binary" },
		{ { "debian-binary" }, "truncated: there is no control.tar in it" },
		{ { "debian-binary", "control.tar" }, "truncated: there is no data.tar in it" },
		{ { "debian-binary", "data.tar", "control.tar" },
		  "member \"data.tar\" is where control.tar has to be" },
		{ { "debian-binary", "control.tar", "control.tar", "data.tar" },
		  "member \"control.tar\" is where data.tar has to be" },
		{ { "debian-binary", "control.tar", "extra", "data.tar" },
		  "member \"extra\" is where data.tar has to be" },
		{ { "debian-binary", "debian-binary", "control.tar", "data.tar" },
		  "member \"debian-binary\" is where control.tar has to be" },
		{ { "debian-binary", "control.tar", "data.tar", "data.tar" },
		  "a second data.tar behind data.tar: \"data.tar\"" },
		{ { "debian-binary", "control.tar", "data.tar", "extra", "control.tar.gz" },
		  "a second control.tar behind data.tar: \"control.tar.gz\"" },
		{ { "debian-binary", "control.tar", "data.tar", "debian-binary" },
		  "a second debian-binary behind data.tar: \"debian-binary\"" },
		{ { "debian-binary", "control.tar", "data.tar.Z" },
		  "data.tar.Z: unknown compression" },
		{ { "debian-binary", "control.tar.bz2", "data.tar" },
		  "control.tar.bz2: unknown compression" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf deb = BUF_INIT;
		for (size_t k = 0; k < 5 && cases[i].names[k]; k++) {
			const char *name = cases[i].names[k];
			if (str_has_prefix(name, "control.tar"))
				make_control(&deb, name, ARCHIVE_FILTER_NONE);
			else
				make_member(&deb, name, "2.0\n", 4);
		}
		check_refused(&deb, -EBADMSG, cases[i].says);
	}
}
END_TEST

START_TEST(headers_of_members)
{
	/* debian-binary is at 8, its content at 68, and the control archive's header at 72. */
	static const struct {
		size_t at;
		const char *bytes;
		const char *says;
	} cases[] = {
		{ 0, "!<arch>\r", "not a .deb: it does not begin with \"!<arch>\"" },
		{ 0, "!<thin>\n", "not a .deb: it does not begin with \"!<arch>\"" },
		{ 8, "\x1b", "member header at offset 8 has a damaged name" },
		{ 8, "\n", "member header at offset 8 has a damaged name" },
		{ 8 + 58, "\n`", "damaged member header at offset 8" },
		{ 72 + 59, "x", "damaged member header at offset 72" },
		{ 8 + 48, "-4        ", "member header at offset 8 has a damaged size" },
		{ 8 + 48, "0x4       ", "member header at offset 8 has a damaged size" },
		{ 8 + 48, " 4        ", "member header at offset 8 has a damaged size" },
		{ 8 + 48, "          ", "member header at offset 8 has a damaged size" },
		{ 8 + 48, "4 4       ", "member header at offset 8 has a damaged size" },
		{ 68, "3.0\n", "debian-binary: its format is not version 2" },
		{ 68, "2.x\n", "debian-binary: its format is not version 2" },
		{ 68, "2.0 ", "debian-binary: its format is not version 2" },
	};
	_cleanup_buf_ struct buf deb = BUF_INIT, huge = BUF_INIT;

	make_data(&deb, make_sample, 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf bad = BUF_INIT;
		buf_append(&bad, deb.data, deb.len);
		memcpy(bad.data + cases[i].at, cases[i].bytes, strlen(cases[i].bytes));
		check_refused(&bad, -EBADMSG, cases[i].says);
	}
	for (size_t len = 0; len < 8; len++) {
		_cleanup_buf_ struct buf cut = BUF_INIT;
		_cleanup_free_ char *only = str_printf("not a .deb: it has only %zu bytes", len);
		buf_append(&cut, deb.data, len);
		check_refused(&cut, -EBADMSG, only);
	}
	buf_append(&huge, deb.data, deb.len);
	memcpy(huge.data + 72 + 48, "9999999999", 10);
	_cleanup_free_ char *says = str_printf("control.tar.gz: truncated: only %zu of its "
					       "9999999999 bytes are there",
					       deb.len - 132);
	check_refused(&huge, -EBADMSG, says);
}
END_TEST

START_TEST(what_is_behind_the_data)
{
	_cleanup_buf_ struct buf good = BUF_INIT;
	struct err e = { 0 };

	make_data(&good, make_sample, 2);
	_cleanup_buf_ struct buf part = BUF_INIT, text = BUF_INIT, extra = BUF_INIT;
	buf_append(&part, good.data, good.len);
	buf_append_str(&part, "x");
	_cleanup_free_ char *says = str_printf(
		"behind data.tar: truncated in the member header at offset %zu", good.len);
	check_refused(&part, -EBADMSG, says);
	buf_append(&text, good.data, good.len);
	for (int i = 0; i < 10; i++)
		buf_append_str(&text, "garbage!");
	_cleanup_free_ char *damaged =
		str_printf("behind data.tar: damaged member header at offset %zu", good.len);
	check_refused(&text, -EBADMSG, damaged);
	/* deb(5) allows others. */
	buf_append(&extra, good.data, good.len);
	make_member(&extra, "_gpgorigin", "x", 1);
	make_member(&extra, "more", "", 0);
	ck_ok(read_deb(&extra, &e));
}
END_TEST

/* A package with a data archive of which only what @change leaves is there. */
static void check_stream(size_t format, const struct buf *stream, const char *says)
{
	_cleanup_buf_ struct buf deb = BUF_INIT;
	_cleanup_free_ char *name = str_printf("data.tar%s", formats[format].suffix);
	struct err e = { 0 };

	make_deb(&deb, name, stream);
	int r = read_deb(&deb, &e);
	ck_assert_msg(r == -EBADMSG, "%s: %d, %s", name, r, r < 0 ? e.msg : "taken");
	ck_assert_msg(str_has_prefix(e.msg, name), "%s", e.msg);
	ck_assert_msg(strstr(e.msg, says), "%s: %s, not %s", name, e.msg, says);
}

/* As dpkg-deb makes them, with a checksum, which libarchive leaves out. */
static void make_zstd_sample(struct buf *out)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;
	ZSTD_CCtx *z = ZSTD_createCCtx();

	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, make_sample,
		 ARRAY_SIZE(make_sample));
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	size_t bound = ZSTD_compressBound(tar.len);
	size_t len = ZSTD_compress2(z, buf_grow(out, bound), bound, tar.data, tar.len);
	ck_assert(!ZSTD_isError(len));
	out->len += len;
	ZSTD_freeCCtx(z);
}

START_TEST(each_compression)
{
	/* In the order of formats[]; what .lzma has, which knows no checksum, is found in the archive. */
	static const char *const truncated[] = { "truncated after ", "truncated after ",
						 "truncated after ", "truncated or damaged after ",
						 "truncated after " };
	static const char *const damaged[] = { "damaged after ", "damaged after ", "damaged after ",
					       "truncated or damaged after ", NULL };
	static const char *const wrong[] = { "damaged after 0", "it is not .xz", "damaged after 0",
					     "truncated or damaged after 0", "it is not .lzma" };
	static const char *const behind[] = { "damaged after ", "damaged after ", "damaged after ",
					      "something behind the end",
					      "something behind the end" };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_buf_ struct buf whole = BUF_INIT, text = BUF_INIT;
		if (formats[i].filter == ARCHIVE_FILTER_ZSTD)
			make_zstd_sample(&whole);
		else
			make_tar(&whole, ARCHIVE_FORMAT_TAR_GNUTAR, formats[i].filter, make_sample,
				 ARRAY_SIZE(make_sample));
		size_t len = whole.len;
		for (whole.len = 1; whole.len < len; whole.len += 1 + len / 50)
			check_stream(i, &whole, truncated[i]);
		whole.len = 0;
		check_stream(i, &whole, "truncated after 0 unpacked bytes");
		whole.len = len;
		if (damaged[i]) {
			whole.data[len / 2] ^= 0x10;
			check_stream(i, &whole, damaged[i]);
			whole.data[len / 2] ^= 0x10;
		}
		buf_append_str(&text, "\xffThis is no compressed archive, but a sentence.");
		check_stream(i, &text, wrong[i]);
		buf_append_str(&whole, "garbage behind the end");
		check_stream(i, &whole, behind[i]);
	}
}
END_TEST

static void check_control(const struct make_file *files, size_t n, const char *says)
{
	_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, files, n);
	make_member(&deb, "debian-binary", "2.0\n", 4);
	make_member(&deb, "control.tar", tar.data, tar.len);
	make_member(&deb, "data.tar", "", 0);
	check_refused(&deb, -EBADMSG, says);
}

START_TEST(control_files)
{
	static const char *const cases[][2] = {
		{ "Version: 1\nArchitecture: all\n", "control has no field Package" },
		{ "Package:\nVersion: 1\nArchitecture: all\n", "control has no field Package" },
		{ "Package: x\nArchitecture: all\n", "control has no field Version" },
		{ "Package: x\nVersion: 1\n", "control has no field Architecture" },
		{ "Package: ../x\nVersion: 1\nArchitecture: all\n",
		  "control: Package is malformed" },
		{ "Package: x y\nVersion: 1\nArchitecture: all\n",
		  "control: Package is malformed" },
		{ "Package: x\nVersion: 1 2\nArchitecture: all\n",
		  "control: Version is malformed" },
		{ "Package: x\nVersion: 1\nArchitecture: a/b\n",
		  "control: Architecture is malformed" },
		{ GOOD_CONTROL "package: y\n", "control has the field Package twice" },
		{ GOOD_CONTROL "Version: 2\n", "control has the field Version twice" },
		{ GOOD_CONTROL "Architecture: any\n", "control has the field Architecture twice" },
		{ GOOD_CONTROL "\nPackage: y\n", "control has more than one paragraph" },
		{ GOOD_CONTROL "no field\n", "control: a line is neither a field nor more of one" },
		{ " " GOOD_CONTROL, "control: a line is neither a field nor more of one" },
		{ "", "control is empty" },
		{ "\n\n", "control is empty" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct make_file file = { .path = "./control",
						.type = AE_IFREG,
						.content = cases[i][0] };
		_cleanup_free_ char *says = str_printf("control.tar: %s", cases[i][1]);
		check_control(&file, 1, says);
	}
}
END_TEST

START_TEST(control_archives)
{
	static const struct {
		struct make_file files[2];
		const char *says;
	} cases[] = {
		{ { { .path = "./md5sums", .type = AE_IFREG } },
		  "control.tar: there is no file control in it" },
		{ { { .path = "./control", .type = AE_IFREG },
		    { .path = "control", .type = AE_IFREG } },
		  "control.tar: control is there twice" },
		{ { { .path = "./postinst", .type = AE_IFREG },
		    { .path = "postinst", .type = AE_IFREG } },
		  "control.tar: postinst is there twice" },
		{ { { .path = "./postinst", .type = AE_IFLNK, .target = "/bin/sh" } },
		  "control.tar: postinst is not a regular file" },
		{ { { .path = "./control", .type = AE_IFCHR } },
		  "control.tar: control is not a regular file" },
		{ { { .path = "./../postinst", .type = AE_IFREG } },
		  "control.tar: ./../postinst: \"..\" in a path, which may lead out of the image" },
		{ { { .path = "./conffiles", .type = AE_IFREG, .content = "/etc/\x1b[2J\n" } },
		  "control.tar: conffiles: a control character in a path" },
		{ { { .path = "./conffiles", .type = AE_IFREG, .content = "/etc/../x\n" } },
		  "control.tar: conffiles: /etc/../x: \"..\" in a path, which may lead out of the "
		  "image" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_control(cases[i].files, cases[i].files[1].path ? 2 : 1, cases[i].says);
	const struct make_file nul = { .path = "./control", .type = AE_IFREG, .content = "a\001b" };
	_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, &nul, 1);
	*(uint8_t *)memchr(tar.data + 512, '\001', 10) = '\0';
	make_member(&deb, "debian-binary", "2.0\n", 4);
	make_member(&deb, "control.tar", tar.data, tar.len);
	check_refused(&deb, -EBADMSG, "control.tar: control is not text");
}
END_TEST

START_TEST(paths_and_links)
{
	static const struct make_file file = { .path = "./f", .type = AE_IFREG },
				      dir = { .path = "./d/", .type = AE_IFDIR },
				      link = { .path = "./l", .type = AE_IFLNK, .target = "d" };
	static const struct {
		struct make_file last;
		const char *says;
	} cases[] = {
		{ { .path = "./a/../../b", .type = AE_IFREG },
		  "./a/../../b: \"..\" in a path, which may lead out of the image" },
		{ { .path = "..", .type = AE_IFDIR }, "../: \"..\" in a path" },
		{ { .path = "/etc/passwd", .type = AE_IFREG },
		  "/etc/passwd: an absolute path, which leads out of the image" },
		{ { .path = "./a\x1b[2J", .type = AE_IFREG }, "a control character in its name" },
		{ { .path = "./a", .type = AE_IFLNK, .target = "b\nc" },
		  "./a: a control character in its target" },
		{ { .path = ".", .type = AE_IFREG }, "the root is not a directory" },
		{ { .path = "f", .type = AE_IFREG }, "f is there twice" },
		{ { .path = "./d", .type = AE_IFREG }, "d is there twice" },
		{ { .path = "./l/", .type = AE_IFDIR }, "l is there twice" },
		{ { .path = "./h", .target = "./nothing" },
		  "h is a hard link to nothing, which is not an entry before it" },
		{ { .path = "./h", .target = "./h" },
		  "h is a hard link to h, which is not an entry before it" },
		{ { .path = "./h", .target = "./l/f" },
		  "h is a hard link to l/f, which is not an entry before it" },
		{ { .path = "./h", .target = "./d" }, "h is a hard link to a directory" },
		{ { .path = "./h", .target = "../f" },
		  "h: target of a hard link: ../f: \"..\" in a path" },
		{ { .path = "./h", .target = "/etc/shadow" },
		  "h: target of a hard link: /etc/shadow: an absolute path" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct make_file files[] = { file, dir, link, cases[i].last };
		_cleanup_buf_ struct buf deb = BUF_INIT;
		make_data(&deb, files, ARRAY_SIZE(files));
		ck_fails(read_deb(&deb, &e), -EBADMSG, cases[i].says);
		ck_assert(str_has_prefix(e.msg, "data.tar: "));
	}
	static const struct make_file forward[] = {
		{ .path = "./h", .target = "./f" },
		{ .path = "./f", .type = AE_IFREG },
	};
	_cleanup_buf_ struct buf deb = BUF_INIT;
	make_data(&deb, forward, 2);
	check_refused(&deb, -EBADMSG,
		      "data.tar: h is a hard link to f, which is not an entry before it");
}
END_TEST

START_TEST(names_that_are_too_long)
{
	static char name[300], path[5000];
	struct err e = { 0 };

	memset(name, 'n', sizeof(name) - 1);
	for (size_t i = 0; i + 1 < sizeof(path); i++)
		path[i] = i % 100 ? 'p' : '/';
	memcpy(path, "./", 2);
	const struct make_file long_name = { .path = name, .type = AE_IFREG };
	const struct make_file long_path = { .path = path, .type = AE_IFREG };
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT, pax = BUF_INIT;
	make_data(&a, &long_name, 1);
	ck_fails(read_deb(&a, &e), -EBADMSG, "nnn...: a name of 299 bytes, and 255 are the most");
	name[255] = '\0';
	make_data(&b, &long_name, 1);
	ck_ok(read_deb(&b, &e));
	make_data(&c, &long_path, 1);
	ck_fails(read_deb(&c, &e), -EBADMSG, "extended header of 5000 bytes");
	path[4097] = '\0';
	_cleanup_buf_ struct buf d = BUF_INIT;
	make_data(&d, &long_path, 1);
	ck_fails(read_deb(&d, &e), -EBADMSG, "extended header of 4098 bytes");
	path[4096] = '\0';
	path[0] = '/';
	const struct make_file conffiles = { .path = "./conffiles",
					     .type = AE_IFREG,
					     .content = path };
	_cleanup_buf_ struct buf f = BUF_INIT, control = BUF_INIT;
	make_tar(&control, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, &conffiles, 1);
	make_member(&f, "debian-binary", "2.0\n", 4);
	make_member(&f, "control.tar", control.data, control.len);
	ck_fails(read_deb(&f, &e), -EBADMSG, "ppp...: a path of 4096 bytes, and 4095 are the most");
	memcpy(path, "./", 2);
	make_tar(&pax, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE, &long_path, 1);
	_cleanup_buf_ struct buf deb = BUF_INIT;
	make_deb(&deb, "data.tar", &pax);
	ck_fails(read_deb(&deb, &e), -EBADMSG, "pax path of 4096 bytes is not a name");
}
END_TEST

/* A whole tar entry for a directory with this number for a name. */
static void append_numbered(struct buf *tar, unsigned int number)
{
	uint8_t h[512] = { 0 };
	unsigned int sum = 0;

	snprintf((char *)h, 100, "%u", number);
	memset(h + 148, ' ', 8);
	h[156] = '5';
	for (size_t i = 0; i < sizeof(h); i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	buf_append(tar, h, sizeof(h));
}

START_TEST(more_entries_than_a_package_has)
{
	_cleanup_(mapping_unref) struct mapping *map = NULL;
	_cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
	struct package pkg = { 0 };
	struct err e = { 0 };

	for (unsigned int i = 0; i < 250001;) {
		_cleanup_buf_ struct buf some = BUF_INIT;
		for (unsigned int k = 0; k < 1000 && i < 250001; k++)
			append_numbered(&some, i++);
		ck_assert_int_eq(write(fd, some.data, some.len), (ssize_t)some.len);
	}
	ck_ok(mapping_new(fd, &map, &e));
	ck_fails(package_read_entries(&pkg, map, &e), -EFBIG, "more than 250000 files");
	map->len -= 512;
	ck_ok(package_read_entries(&pkg, map, &e));
	ck_assert_uint_eq(pkg.n_entries, 250000);
	package_entries_free(&pkg);
}
END_TEST

/* 70 MiB of one character in a file, by each compression: more than 256-fold, and from 64 MiB on. */
START_TEST(bombs_of_each_compression)
{
	static char piece[1024 * 1024 + 1];
	const struct make_file file = {
		.path = "./x", .type = AE_IFREG, .mode = 0644, .content = piece, .repeat = 70
	};

	memset(piece, '0', sizeof(piece) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		_cleanup_free_ char *name = str_printf("data.tar%s", formats[i].suffix);
		make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, formats[i].filter, &file, 1);
		make_deb(&deb, name, &tar);
		_cleanup_free_ char *says = str_printf(
			"%s: it unpacks to more than 256 times its %zu bytes, which no package "
			"needs: a decompression bomb",
			name, tar.len);
		check_refused(&deb, -EFBIG, says);
	}
	/* What unpacks to less than 64 MiB may be anything. */
	_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
	struct make_file small = file;
	struct err e = { 0 };
	small.repeat = 60;
	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_ZSTD, &small, 1);
	make_deb(&deb, "data.tar.zst", &tar);
	ck_assert_uint_lt(tar.len, 60 * MiB / 256);
	ck_ok(read_deb(&deb, &e));
}
END_TEST

TEST_MAIN("deb_bad", members_and_their_order, headers_of_members, what_is_behind_the_data,
	  each_compression, control_files, control_archives, paths_and_links,
	  names_that_are_too_long, more_entries_than_a_package_has, bombs_of_each_compression)
