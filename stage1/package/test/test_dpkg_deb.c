/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we take, refuse and read out of packages, against dpkg-deb. */
#include <dirent.h>
#include <sys/stat.h>

#include "base/run.h"
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

#define SAMPLES "../shared/samples/debs"

/* Packages of others, odd and broken ones: NULL, it reads as with dpkg-deb; else what is said of it. */
static const struct {
	const char *name, *says;
} samples[] = {
	{ "adduser_3.112ubuntu1_all.deb", NULL },
	{ "amanda-client_3.3.1-3~bpo60+1_amd64.deb",
	  "not a .deb: it does not begin with \"!<arch>\"" },
	{ "cve-bin-tool-test-zst.deb", NULL },
	{ "cve-bin-tool-test.deb", NULL },
	{ "data-tar-broken.deb", "data.tar.xxx: unknown compression" },
	{ "data-tar-xz.deb", NULL },
	{ "data-tar.deb", NULL },
	{ "dbgsym-with-source-version_0.1+aptly2021.01_amd64.deb", NULL },
	{ "deb-bug-330162-encoded-tar-header.deb", NULL },
	{ "deb-lp1274466-cachedb.deb", NULL },
	{ "diffoscope-test-dbgsym-dbgsym_1_amd64.deb", NULL },
	{ "diffoscope-test1.deb", NULL },
	{ "dmraid-udeb_1.0.0.rc16-4.1_amd64.udeb", NULL },
	{ "dummy.deb", NULL },
	{ "gdebi-test1.deb", NULL },
	{ "gdebi-test12.deb", NULL },
	{ "gdebi-test4.deb", NULL },
	{ "geirrodr_1.0_armeb.deb", NULL },
	{ "hardlink_0.2.1_amd64.deb", NULL },
	{ "large-package-content_1.0_all.deb",
	  "data.tar.xz: it unpacks to more than 256 times its 781112 bytes, which no package needs: a decompression bomb" },
	{ "libboost-broken-PublishRepo29.deb",
	  "data.tar.gz: truncated: only 1134 of its 1872 bytes are there" },
	{ "libboost-broken-Snapshot17-1.deb",
	  "data.tar.gz: truncated: only 1143 of its 1872 bytes are there" },
	{ "libboost-broken-Snapshot17-2.deb",
	  "data.tar.gz: truncated: only 1143 of its 1872 bytes are there" },
	{ "mesa-stable-no-march_24.2.6-101pika1_amd64.deb", NULL },
	{ "mesa-stable_24.2.6-101pika1_amd64.deb", NULL },
	{ "mkrepo-unknown.deb", "not a .deb: its first member is \"#1/20\" and not debian-binary" },
	{ "multiarch-test1_i386.deb", NULL },
	{ "mundilfari_1.0_ppc64.udeb", NULL },
	{ "openssl_1.1.1f-1ubuntu2_amd64.deb", NULL },
	{ "openssl_1.1.1l-1ubuntu1_amd64.deb", NULL },
	{ "pydebian-test-broken.deb", "truncated: there is no data.tar in it" },
	{ "pydebian-test-bz2.deb", NULL },
	{ "pydebian-test-uncompressed-ctrl.deb", NULL },
	{ "pydebian-test-uncompressed.deb", NULL },
	{ "pydebian-test-xz.deb", NULL },
	{ "pydebian-test.deb", NULL },
	{ "symlink_1.0.deb", NULL },
	{ "testdep-allowed-any_1.0-1_i386.deb", NULL },
	{ "testdep-same-arch_1.0-1_i386.deb", NULL },
	{ "utf8-package_1.0-1_all.deb", NULL },
	{ "wget-el_0.5.0-8_all.deb", NULL },
	{ "zlib1g_1.2.8.dfsg-5_i386.deb", NULL },
};

static void check_sample(const char *name, const char *says)
{
	_cleanup_free_ char *path = str_printf("%s/%s", SAMPLES, name);
	_cleanup_source_ struct source s = SOURCE_INIT;
	struct package *p = NULL;
	struct err e = { 0 };

	if (!says) {
		check_against_dpkg_deb(path);
		return;
	}
	ck_ok(source_open(&s, path, &e));
	ck_assert_int_lt(package_read_deb(&s, NULL, NULL, &p, &e), 0);
	ck_assert_str_eq(e.msg, says);
}

START_TEST(samples_have_their_verdicts)
{
	size_t n = 0;
	DIR *d = opendir(SAMPLES);

	if (!d)
		test_skip("the directory " SAMPLES " is not there");
	for (const struct dirent *entry; (entry = readdir(d));)
		n += str_has_suffix(entry->d_name, "deb");
	closedir(d);
	ck_assert_uint_eq(n, ARRAY_SIZE(samples));
	if (!have_dpkg_deb())
		test_skip("no dpkg-deb");
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		check_sample(samples[i].name, samples[i].says);
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

TEST_MAIN("dpkg_deb", samples_have_their_verdicts, own_packages_read_as_with_dpkg_deb)
