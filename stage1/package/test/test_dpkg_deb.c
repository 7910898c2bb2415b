/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we take, refuse and read out of packages, against dpkg-deb. */
#include <dirent.h>
#include <sys/stat.h>

#include "base/run.h"
#include "base/strv.h"
#include "stage1/package/package.h"
#include "stage1/package/test/make_deb.h"

/* What dpkg-deb unpacks, as libarchive reads it, against what we have. */
static void compare_entries(const struct package *p, const struct buf *tar, const char *name)
{
	struct archive *a = archive_read_new();
	struct archive_entry *n;
	size_t i = 0;

	archive_read_support_format_tar(a);
	archive_read_support_format_empty(a);
	ck_assert_int_eq(archive_read_open_memory(a, tar->data, tar->len), ARCHIVE_OK);
	while (archive_read_next_header(a, &n) == ARCHIVE_OK) {
		const char *path = archive_entry_pathname(n);
		path += str_has_prefix(path, "./") ? 2 : 0;
		path += strspn(path, "/");
		size_t len = strlen(path);
		if (len && path[len - 1] == '/')
			len--;
		if (len == 0)
			continue;
		ck_assert_msg(i < p->n_entries, "%s: %s is missing", name, path);
		const struct package_entry *got = &p->entries[i++];
		ck_assert_msg(strlen(got->path) == len && memcmp(got->path, path, len) == 0,
			      "%s: %s is not %s", name, got->path, path);
		ck_assert_int_eq(got->mtime, archive_entry_mtime(n));
		ck_assert_int_eq(got->uid, archive_entry_uid(n));
		ck_assert_int_eq(got->gid, archive_entry_gid(n));
		if (archive_entry_hardlink(n)) {
			ck_assert(got->is_hard_link);
			continue;
		}
		ck_assert_uint_eq(got->mode, archive_entry_mode(n));
		if (got->blob)
			ck_assert_int_eq((int64_t)got->blob->len, archive_entry_size(n));
		if (got->blob && got->blob->len) {
			_cleanup_free_ void *content = malloc(got->blob->len);
			ck_assert_int_eq(archive_read_data(a, content, got->blob->len),
					 (la_ssize_t)got->blob->len);
			ck_assert_mem_eq(content, got->blob->data, got->blob->len);
		}
		if (archive_entry_symlink(n))
			ck_assert_str_eq(archive_entry_symlink(n), got->target);
	}
	ck_assert_uint_eq(i, p->n_entries);
	archive_read_free(a);
}

static bool dpkg_deb_takes(const char *path, struct buf *tar)
{
	const char *const info[] = { "dpkg-deb", "-I", path, NULL };
	const char *const list[] = { "dpkg-deb", "-c", path, NULL };
	const char *const fsys[] = { "dpkg-deb", "--fsys-tarfile", path, NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };
	int status = 0;

	ck_ok(run_program(&(struct run_params){ .argv = info, .out = &out }, &status, &e));
	if (status == 0)
		ck_ok(run_program(&(struct run_params){ .argv = list, .out = &out }, &status, &e));
	if (status == 0)
		ck_ok(run_program(&(struct run_params){ .argv = fsys, .out = tar }, &status, &e));
	return status == 0;
}

static void check_against_dpkg_deb(const char *path)
{
	struct err e = { 0 };
	_cleanup_source_ struct source s = SOURCE_INIT;
	_cleanup_(package_free) struct package *p = NULL;
	_cleanup_buf_ struct buf tar = BUF_INIT;
	bool takes = dpkg_deb_takes(path, &tar);

	ck_ok(source_open(&s, path, &e));
	int r = package_read_deb(&s, NULL, NULL, &p, &e);
	if (getenv("VERBOSE"))
		printf("%s: %s\n", path, r < 0 ? e.msg : "ok");
	ck_assert_msg((r == 0) == takes, "%s: dpkg-deb says %s, we say %s", path,
		      takes ? "yes" : "no", r < 0 ? e.msg : "yes");
	if (r == 0)
		compare_entries(p, &tar, path);
	else
		ck_assert_int_eq(r, -EBADMSG);
}

static bool have_dpkg_deb(void)
{
	const char *const argv[] = { "dpkg-deb", "--version", NULL };
	struct err e;

	return run_program(&(struct run_params){ .argv = argv }, NULL, &e) == 0;
}

/* Packages of others, odd and broken ones: taken or refused as dpkg-deb does. */
START_TEST(samples_read_as_with_dpkg_deb)
{
	_cleanup_strv_ struct strv names = STRV_INIT;
	DIR *d = opendir("../shared/samples/debs");

	if (!d)
		test_skip("the directory ../shared/samples/debs is not there");
	for (const struct dirent *n; (n = readdir(d));)
		if (str_has_suffix(n->d_name, "deb"))
			ck_assert_int_eq(strv_add(&names, n->d_name), 0);
	closedir(d);
	if (!have_dpkg_deb())
		test_skip("no dpkg-deb");
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = str_printf("../shared/samples/debs/%s", names.v[i]);
		/* A bomb of gigabytes, which dpkg-deb takes; test_deb has a smaller one. */
		if (!str_has_prefix(names.v[i], "large-package-content"))
			check_against_dpkg_deb(path);
	}
}
END_TEST

START_TEST(own_packages_read_as_with_dpkg_deb)
{
	_cleanup_free_ char *dir = test_dir(), *path = str_printf("%s/x.deb", dir);
	static const struct {
		const char *name;
		int filter;
	} kinds[] = { { "data.tar", ARCHIVE_FILTER_NONE },
		      { "data.tar.gz", ARCHIVE_FILTER_GZIP },
		      { "data.tar.xz", ARCHIVE_FILTER_XZ },
		      { "data.tar.bz2", ARCHIVE_FILTER_BZIP2 } };

	if (!have_dpkg_deb()) {
		test_dir_remove(TAKE_PTR(dir));
		test_skip("no dpkg-deb");
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT, deb = BUF_INIT;
		FILE *f = fopen(path, "w");
		make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, kinds[i].filter, make_sample,
			 ARRAY_SIZE(make_sample));
		make_deb(&deb, kinds[i].name, &tar);
		ck_assert_uint_eq(fwrite(deb.data, 1, deb.len, f), deb.len);
		fclose(f);
		check_against_dpkg_deb(path);
	}
	test_dir_remove(TAKE_PTR(dir));
}
END_TEST

TEST_MAIN("dpkg_deb", samples_read_as_with_dpkg_deb, own_packages_read_as_with_dpkg_deb)
