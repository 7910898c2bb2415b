/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images that other programs made, read by our readers. */
#include "stage1/fs/test/support.h"

static char *make_files(const char *base)
{
	char *files = str_printf("%s/files", base);
	static const char *const dirs[] = { "", "/d", "/d/e" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = str_printf("%s%s", files, dirs[i]);
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	for (int i = 0; i < 300; i++) {
		_cleanup_free_ char *path = str_printf("%s/d/e/a Long name %d.txt", files, i);
		_cleanup_fclose_ FILE *f = fopen(path, "we");
		ck_assert_ptr_nonnull(f);
		for (int k = 0; k < i * 20; k++)
			fprintf(f, "%d ", k * i);
	}
	return files;
}

START_TEST(ext4_of_mke2fs)
{
	static const char *const features[] = { "none", "64bit,flex_bg,^metadata_csum",
						"^64bit,^flex_bg,^resize_inode" };
	_cleanup_(tree_free) struct tree *t = NULL;
	char *dir = test_dir();
	_cleanup_free_ char *files = make_files(dir), *image = str_printf("%s/image", dir);
	_cleanup_free_ char *link = str_printf("%s/link", files);
	_cleanup_free_ char *named = str_printf("%s/slow", files);
	struct err e = { 0 };
	char target[101];

	if (!fs_test_program("mke2fs") || !fs_test_program("debugfs")) {
		test_dir_remove(dir);
		test_skip("no mke2fs, no debugfs");
	}
	memset(target, 'x', 100);
	target[100] = 0;
	ck_assert_int_eq(symlink("d/e", link), 0);
	ck_assert_int_eq(symlink(target, named), 0);
	ck_ok(fs_test_load(files, &t, &e));
	/* mke2fs keeps the root's own mode and owner */
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		for (const char *block = "1024"; block; block = *block == '1' ? "4096" : NULL) {
			(void)unlink(image);
			free(FS_RUN("mke2fs", "-q", "-t", "ext4", "-b", block, "-O",
				    i ? features[i] : "metadata_csum", "-d", files, image, "40M"));
			free(FS_RUN("debugfs", "-w", "-R", "rmdir lost+found", image));
			fs_test_compare_image(t, image, false);
		}
	}
	test_dir_remove(dir);
}
END_TEST

START_TEST(vfat_of_mtools)
{
	static const char *const bits[] = { "16", "32" };
	_cleanup_(tree_free) struct tree *t = NULL;
	char *dir = test_dir();
	_cleanup_free_ char *files = make_files(dir), *image = str_printf("%s/image", dir);
	_cleanup_free_ char *d = str_printf("%s/d", files);
	struct err e = { 0 };

	if (!fs_test_program("mkfs.vfat") || !fs_test_program("mcopy")) {
		test_dir_remove(dir);
		test_skip("no mkfs.vfat, no mtools");
	}
	ck_ok(fs_test_load(files, &t, &e));
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		(void)unlink(image);
		free(FS_RUN("mkfs.vfat", "-C", "-F", bits[i], "-s", "1", "-n", "LABEL", image,
			    i ? "36000" : "20000"));
		/* deleted entries in between, and a chain in pieces */
		free(FS_RUN("mcopy", "-s", "-i", image, d, "::other"));
		free(FS_RUN("mdel", "-i", image, "::other/e/a Long name 1*.txt"));
		free(FS_RUN("mcopy", "-s", "-i", image, d, "::"));
		free(FS_RUN("mdeltree", "-i", image, "::other"));
		fs_test_compare_image(t, image, false);
	}
	test_dir_remove(dir);
}
END_TEST

START_TEST(erofs_of_mkfs_erofs)
{
	static const char *const ways[][3] = {
		{ NULL },
		{ "-zlz4" },
		{ "-zlz4hc,12" },
		{ "-zlz4hc", "-C65536" },
		{ "-zlz4", "-Elegacy-compress" },
		{ "-zlz4hc", "-C16384", "-Elegacy-compress" },
		{ "-x1", "-Eforce-inode-extended" },
		{ "-zlz4", "-Eztailpacking" },
		{ "-zlz4hc", "-C65536", "-Eztailpacking" },
		/* erofs-utils from 1.8 on */
		{ "-zlz4", "-Efragments" },
		{ "-zlz4hc", "-C65536", "-Efragments" },
		{ "-zlz4hc", "-Eall-fragments" },
		{ "-zlz4", "-Ededupe" },
		{ "-zzstd", "-Ededupe" },
		{ "-zzstd", "-C65536", "-Ededupe,fragments" },
		{ "-zlz4", "-C65536", "-Ededupe,fragments,ztailpacking" },
		{ "-zzstd", "-Eztailpacking" },
	};
	const size_t n_old = 9;
	_cleanup_(tree_free) struct tree *t = NULL;
	char *dir = test_dir();
	_cleanup_free_ char *files = make_files(dir), *image = str_printf("%s/image", dir);
	_cleanup_free_ char *big = str_printf("%s/big", files);
	struct err e = { 0 };

	if (!fs_test_program("mkfs.erofs")) {
		test_dir_remove(dir);
		test_skip("no mkfs.erofs");
	}
	_cleanup_fclose_ FILE *f = fopen(big, "we");
	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 300000; i++)
		fprintf(f, i % 1000 < 300 ? "%d " : "text ", i % 1777 * i);
	ck_assert_int_eq(fflush(f), 0);
	ck_ok(fs_test_load(files, &t, &e));
	_cleanup_free_ char *help = FS_RUN("sh", "-c", "mkfs.erofs --help 2>&1; :");
	for (size_t i = 0; i < (strstr(help, "zstd") ? ARRAY_SIZE(ways) : n_old); i++) {
		const char *argv[8] = { "mkfs.erofs", "-d0" };
		size_t n = 2;
		for (size_t k = 0; k < 3 && ways[i][k]; k++)
			argv[n++] = ways[i][k];
		argv[n++] = image;
		argv[n] = files;
		free(fs_test_run(argv));
		fs_test_compare_image(t, image, false);
	}
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("foreign", erofs_of_mkfs_erofs, ext4_of_mke2fs, vfat_of_mtools)
