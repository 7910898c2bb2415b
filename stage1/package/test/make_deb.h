/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Makes .deb files in memory: tar and compression by libarchive, the ar archive by hand. */
#include <archive.h>
#include <archive_entry.h>

#include "base/buf.h"
#include "base/test/support.h"

struct make_file {
	const char *path;
	uint32_t type, mode; /* AE_IFREG, …; 0: a hard link to @target */
	const char *target, *content;
	size_t repeat; /* how often @content is written; 0: once */
	uint32_t uid, gid;
	int64_t mtime;
	const char *xattr, *value;
};

static inline la_ssize_t make_write(struct archive *a unused_, void *ctx, const void *data,
				    size_t len)
{
	buf_append(ctx, data, len);
	return (la_ssize_t)len;
}

static inline void make_entry(struct archive *a, const struct make_file *f)
{
	struct archive_entry *n = archive_entry_new();
	size_t len = f->content ? strlen(f->content) : 0, repeat = f->repeat ? f->repeat : 1;

	archive_entry_set_pathname(n, f->path);
	archive_entry_set_filetype(n, f->type ? f->type : AE_IFREG);
	archive_entry_set_perm(n, (mode_t)f->mode);
	archive_entry_set_uid(n, f->uid);
	archive_entry_set_gid(n, f->gid);
	archive_entry_set_mtime(n, f->mtime, 0);
	if (f->type == AE_IFREG)
		archive_entry_set_size(n, (la_int64_t)(len * repeat));
	if (f->type == AE_IFLNK)
		archive_entry_set_symlink(n, f->target);
	if (f->type == 0)
		archive_entry_set_hardlink(n, f->target);
	if (f->type == AE_IFCHR) {
		archive_entry_set_rdevmajor(n, 5);
		archive_entry_set_rdevminor(n, 1);
	}
	if (f->xattr)
		archive_entry_xattr_add_entry(n, f->xattr, f->value, strlen(f->value));
	ck_assert_msg(archive_write_header(a, n) == ARCHIVE_OK, "%s", archive_error_string(a));
	for (size_t i = 0; f->type == AE_IFREG && i < repeat; i++)
		ck_assert_int_eq(archive_write_data(a, f->content, len), (la_ssize_t)len);
	archive_entry_free(n);
}

/** make_tar() - @format: ARCHIVE_FORMAT_TAR_…; @filter: ARCHIVE_FILTER_… */
static inline void make_tar(struct buf *out, int format, int filter, const struct make_file *files,
			    size_t n)
{
	struct archive *a = archive_write_new();

	ck_assert_int_eq(archive_write_set_format(a, format), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_add_filter(a, filter), ARCHIVE_OK);
	archive_write_set_bytes_per_block(a, 0);
	ck_assert_int_eq(archive_write_open(a, out, NULL, make_write, NULL), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		make_entry(a, &files[i]);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static inline void make_member(struct buf *deb, const char *name, const void *data, size_t len)
{
	if (deb->len == 0)
		buf_append_str(deb, "!<arch>\n");
	buf_printf(deb, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "100644", len);
	buf_append(deb, data, len);
	if (len & 1)
		buf_append_str(deb, "\n");
}

#define MAKE_CONTROL                                                                               \
	"Package: sample\nVersion: 1:2.0-1\nArchitecture: amd64\nReplaces: other (<< 2),\n more\n" \
	"Description: short\n long\n .\n end\n"

/** make_control() - the control member, as @name says it is compressed by @filter */
static inline void make_control(struct buf *deb, const char *name, int filter)
{
	const struct make_file files[] = {
		{ .path = "./", .type = AE_IFDIR, .mode = 0755 },
		{ .path = "./postinst", .type = AE_IFREG, .mode = 0755, .content = "#!/bin/sh\n" },
		{ .path = "./control", .type = AE_IFREG, .mode = 0644, .content = MAKE_CONTROL },
		{ .path = "./conffiles",
		  .type = AE_IFREG,
		  .mode = 0644,
		  .content = "/etc/a b\nremove-on-upgrade /etc/gone\n/etc/c\n" },
	};
	_cleanup_buf_ struct buf tar = BUF_INIT;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, filter, files, ARRAY_SIZE(files));
	make_member(deb, name, tar.data, tar.len);
}

/** make_deb() - a whole package around a data archive */
static inline void make_deb(struct buf *deb, const char *data_name, const struct buf *data)
{
	make_member(deb, "debian-binary", "2.0\n", 4);
	make_control(deb, "control.tar.gz", ARCHIVE_FILTER_GZIP);
	make_member(deb, data_name, data->data, data->len);
}

#define MAKE_LONG_NAME                                                                         \
	"usr/share/a-directory-with-a-rather-long-name/and-another-one-that-is-as-long-as-it/" \
	"and-a-file-whose-path-does-not-fit-into-the-hundred-bytes-of-a-ustar-header.conf"

/* One of each kind. */
static const struct make_file make_sample[] unused_ = {
	{ .path = "./", .type = AE_IFDIR, .mode = 0755, .mtime = 5 },
	{ .path = "./usr/", .type = AE_IFDIR, .mode = 0755, .mtime = 1000 },
	{ .path = "./usr/empty", .type = AE_IFREG, .mode = 0600, .mtime = 1001 },
	{ .path = "./usr/tool",
	  .type = AE_IFREG,
	  .mode = 04755,
	  .uid = 3,
	  .gid = 42,
	  .mtime = 1002,
	  .content = "hello, world\n" },
	{ .path = "./usr/alias", .mode = 04755, .target = "./usr/tool", .mtime = 1002 },
	{ .path = "./usr/link", .type = AE_IFLNK, .mode = 0777, .target = "../etc/x" },
	{ .path = "./" MAKE_LONG_NAME,
	  .type = AE_IFREG,
	  .mode = 0644,
	  .content = "0123456789abcdef",
	  .repeat = 100 },
	{ .path = "./usr/long-link",
	  .type = AE_IFLNK,
	  .mode = 0777,
	  .target = "../" MAKE_LONG_NAME },
	{ .path = "./dev-console", .type = AE_IFCHR, .mode = 0600 },
	{ .path = "./pipe", .type = AE_IFIFO, .mode = 0600 },
};
