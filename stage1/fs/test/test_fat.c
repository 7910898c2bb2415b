/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mount.h>

#include "stage1/fs/fat.h"
#include "stage1/fs/test/support.h"

static char *dir, *image;

static void setup(void)
{
	dir = test_dir();
	image = str_printf("%s/image", dir);
}

static void teardown(void)
{
	free(image);
	test_dir_remove(TAKE_PTR(dir));
}

static void round_trip(const struct tree *t, const struct fs_params *p)
{
	struct err e = { 0 };

	ck_ok(fs_test_write(&fs_writer_vfat, t, p, image, &e));
	fs_test_compare_image(t, image, false);
	if (!fs_test_program("fsck.vfat"))
		return;
	_cleanup_free_ char *out = FS_RUN("fsck.vfat", "-n", image);
	ck_assert_msg(strstr(out, "wrong") == NULL && strstr(out, "differ") == NULL, "%s", out);
}

static struct tree *esp(void)
{
	struct tree *t = tree_new();

	fs_test_file(t, "EFI/BOOT/BOOTX64.EFI", 100000);
	fs_test_file(t, "EFI/systemd/systemd-bootx64.efi", 100000);
	fs_test_file(t, "EFI/Linux/node_1+3.efi", 5000000);
	fs_test_file(t, "loader/loader.conf", 20);
	fs_test_file(t, "empty", 0);
	return t;
}

START_TEST(geometry_follows_the_size)
{
	static const struct {
		uint64_t bytes;
		uint32_t sector, cluster, entry;
	} want[] = {
		{ 16 * MiB, 0, 512, 2 },     { 64 * MiB, 0, 1024, 2 },
		{ 255 * MiB, 0, 4096, 2 },   { 257 * MiB, 0, 4096, 4 },
		{ 512 * MiB, 0, 4096, 4 },   { 1 * GiB, 0, 4096, 4 },
		{ 9 * GiB, 0, 8192, 4 },     { 100 * GiB, 0, 32768, 4 },
		{ 64 * MiB, 4096, 4096, 2 }, { 512 * MiB, 4096, 4096, 4 },
	};
	_cleanup_(tree_free) struct tree *t = esp();
	_cleanup_fat_items_ struct fat_items items = { 0 };
	struct fs_params p = fs_test_params();
	struct err e = { 0 };

	ck_ok(fat_items_init(&items, t, &p, &e));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct fat_geometry g;
		p.size_bytes = want[i].bytes;
		p.sector_bytes = want[i].sector;
		ck_ok(fat_geometry_plan(&items, &p, &g, &e));
		ck_assert_uint_eq(g.cluster_bytes, want[i].cluster);
		ck_assert_uint_eq(g.entry_bytes, want[i].entry);
		ck_assert_uint_eq(g.data_at % g.cluster_bytes, 0);
		ck_assert_uint_eq(g.total_sectors * g.sector_bytes, want[i].bytes);
	}
}
END_TEST

/* Around the borders between the types, where drivers and checkers must agree with us. */
START_TEST(borders_between_types)
{
	static const uint64_t around[] = { 4117 * 512, 65509 * 512, 65525 * 4096, 261 * MiB };
	struct fs_params p = fs_test_params();
	struct err e = { 0 };
	uint64_t bytes;

	setup();
	_cleanup_(tree_free) struct tree *t = tree_new();
	fs_test_file(t, "a/file", 70000);
	for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
		for (int64_t off = -12; off <= 300; off += off < 12 ? 1 : 30) {
			p.size_bytes = around[i] / 4096 * 4096 + (uint64_t)(off * 4096);
			int r = fs_test_plan(&fs_writer_vfat, t, &p, &bytes, &e);
			if (r == -ENOSPC && i == 0)
				continue; /* too small for FAT16 */
			ck_ok(r);
			round_trip(t, &p);
		}
	}
	teardown();
}
END_TEST

START_TEST(as_small_as_the_content)
{
	struct fs_params p = fs_test_params();
	struct err e = { 0 };
	uint64_t bytes;

	setup();
	for (size_t size = 0; size < 90000000; size = size * 3 + 100000) {
		_cleanup_(tree_free) struct tree *t = esp();
		fs_test_file(t, "payload", size);
		p.size_bytes = 0;
		round_trip(t, &p);
		ck_ok(fs_test_plan(&fs_writer_vfat, t, &p, &bytes, &e));
		ck_assert_uint_lt(bytes, 5300000 + size + size / 50 + 200000);
		p.size_bytes = bytes - 3 * 4096 - 4096 * (bytes / 4000000);
		ck_fails(fs_test_plan(&fs_writer_vfat, t, &p, &bytes, &e), -ENOSPC,
			 "bytes, there are");
	}
	teardown();
}
END_TEST

START_TEST(mtools_read_it)
{
	_cleanup_(tree_free) struct tree *t = esp();
	struct fs_params p = fs_test_params();

	if (!fs_test_program("mcopy"))
		test_skip("no mtools");
	setup();
	p.size_bytes = 300 * MiB;
	round_trip(t, &p);
	_cleanup_free_ char *list = FS_RUN("mdir", "-i", image, "-/", "-b", "::");
	static const char *const names[] = { "::/EFI/BOOT/BOOTX64.EFI\n",
					     "::/EFI/Linux/node_1+3.efi\n",
					     "::/loader/loader.conf\n", "::/empty\n" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_msg(strstr(list, names[i]) != NULL, "%s", list);
	_cleanup_free_ char *linux_dir = FS_RUN("mdir", "-i", image, "::/EFI/Linux");
	ck_assert_msg(strstr(linux_dir, "NODE_1~1 EFI") != NULL, "%s", linux_dir);
	ck_assert_ptr_nonnull(strstr(linux_dir, "1011-1213"));
	ck_assert_ptr_nonnull(strstr(linux_dir, "is USR-TEST"));
	_cleanup_free_ char *out = str_printf("%s/out", dir);
	ck_assert_int_eq(mkdir(out, 0755), 0);
	free(FS_RUN("mcopy", "-s", "-i", image, "::", out));
	_cleanup_(tree_free) struct tree *back = NULL;
	struct err e = { 0 };
	ck_ok(fs_test_load(out, &back, &e));
	fs_test_compare_image(back, image, false);
	teardown();
}
END_TEST

START_TEST(names_become_short_ones)
{
	static const struct {
		const char *name, *alias; /* alias NULL: no long name needed */
	} want[] = {
		{ "BOOTX64.EFI", NULL },
		{ "README", NULL },
		{ "bootx64.efi", "BOOTX64 EFI" },
		{ "loader", "LOADER     " },
		{ "node_1+3.efi", "NODE_1~1EFI" },
		{ "loader.conf", "LOADER~1CON" },
		{ "a b.c d.conf", "ABCD~1  CON" },
		{ ".hidden", "HIDDEN~1   " },
		{ "\xc3\xbcx.txt", "_X~1    TXT" },
		{ "\xf0\x9f\x98\x80", "_~1        " },
		{ "+", "_~1        " },
		{ "...a", "A~1        " },
		{ "name.toolong", "NAME~1  TOO" },
		{ "ninechars", "NINECH~1   " },
	};
	uint8_t out[FAT_SHORT_BYTES];
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		_cleanup_fat_names_ struct fat_names names = { 0 };
		ck_ok(fat_names_init(&names, 4, &e));
		ck_assert_int_eq(fat_name_is_short(want[i].name, out), !want[i].alias);
		if (!want[i].alias)
			continue;
		fat_names_alias(&names, want[i].name, out);
		ck_assert_msg(memcmp(out, want[i].alias, FAT_SHORT_BYTES) == 0, "%s: %.11s",
			      want[i].name, (const char *)out);
	}
}
END_TEST

START_TEST(many_files_with_alike_names)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct tree_meta m = { .mode = 0644 };
	struct err e = { 0 };

	setup();
	for (int i = 0; i < 12000; i++) {
		_cleanup_free_ char *path = str_printf("dir/alike names %d.conf", i);
		ck_ok(tree_add_file(t, path, &m, blob_new("x", i % 2), NULL, &e));
	}
	fs_test_file(t, "dir/ALIKEN~1.CON", 5); /* what an alias would be */
	round_trip(t, &p);
	p.size_bytes = 300 * MiB;
	round_trip(t, &p);
	for (int i = 0; i < 10000; i++) {
		_cleanup_free_ char *path =
			str_printf("dir/more names alike, and longer %d.conf", i);
		ck_ok(tree_add_file(t, path, &m, blob_new("x", 1), NULL, &e));
	}
	ck_fails(fs_test_write(&fs_writer_vfat, t, &p, image, &e), -EINVAL, "/dir: too many names");
	teardown();
}
END_TEST

START_TEST(many_files_in_the_root)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();

	setup();
	for (int i = 0; i < 1000; i++) {
		_cleanup_free_ char *path = str_printf("a longer name for a file, number %d", i);
		fs_test_file(t, path, (size_t)i % 3);
	}
	round_trip(t, &p);
	p.size_bytes = 300 * MiB;
	round_trip(t, &p);
	teardown();
}
END_TEST

START_TEST(unicode_and_long_names)
{
	static const char *const names[] = {
		"\xc3\x9c"
		"n\xc3\xaf"
		"c\xc3\xb6"
		"d\xc3\xa9.txt",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"emoji \xf0\x9f\x98\x80.png",
		"thirteen char",
		"twenty-six characters long",
		" leading space",
		".dot",
		"a.b.c.d",
		"[brackets], semi;colon = plus+",
	};
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	char longest[256];

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fs_test_file(t, names[i], i * 100);
	memset(longest, 'L', 255);
	longest[255] = 0;
	fs_test_file(t, longest, 9);
	round_trip(t, &p);
	p.sector_bytes = 4096;
	p.size_bytes = 300 * MiB;
	round_trip(t, &p);
	teardown();
}
END_TEST

static void refuses(const char *path, const char *text)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct err e = { 0 };
	uint64_t bytes;

	fs_test_file(t, "fine", 1);
	fs_test_file(t, path, 1);
	ck_fails(fs_test_plan(&fs_writer_vfat, t, &p, &bytes, &e), -EINVAL, text);
	ck_assert_msg(strstr(e.msg, path) != NULL, "%s", e.msg);
}

START_TEST(refuses_what_it_cannot_hold)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct tree_meta m = { .mode = 0777 };
	struct err e = { 0 };
	uint64_t bytes;

	refuses("a:b", "no character 0x3a");
	refuses("new\nline", "no character 0x0a");
	refuses("dot.", "ends in a dot");
	refuses("space ", "ends in a dot or a space");
	refuses("latin\xfc", "not UTF-8");
	refuses("overlong\xc0\xaf", "not UTF-8");
	refuses("surrogate\xed\xa0\x80", "not UTF-8");
	refuses("FINE", "the same name");
	ck_ok(tree_add_symlink(t, "EFI/link", &m, "x", NULL, &e));
	ck_fails(fs_test_plan(&fs_writer_vfat, t, &p, &bytes, &e), -EINVAL,
		 "/EFI/link: FAT holds regular");
	_cleanup_(tree_free) struct tree *u = esp();
	p.label = "twelve chars";
	ck_fails(fs_test_plan(&fs_writer_vfat, u, &p, &bytes, &e), -EINVAL, "label");
	p.label = "a.b";
	ck_fails(fs_test_plan(&fs_writer_vfat, u, &p, &bytes, &e), -EINVAL, "not a label");
	p.label = NULL;
	p.sector_bytes = 1000;
	ck_fails(fs_test_plan(&fs_writer_vfat, u, &p, &bytes, &e), -EINVAL, "sectors of 1000");
	p.sector_bytes = 0;
	p.size_bytes = 1 * MiB;
	ck_fails(fs_test_plan(&fs_writer_vfat, u, &p, &bytes, &e), -ENOSPC, "there are 1048576");
}
END_TEST

START_TEST(random_trees)
{
	struct fs_params p = fs_test_params();

	setup();
	for (unsigned int seed = 1; seed <= 40; seed++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random(seed, false);
		printf("fat: seed %u\n", seed);
		p.size_bytes = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 64 * MiB : 300 * MiB;
		p.sector_bytes = seed % 5 == 0 ? 4096 : 0;
		round_trip(t, &p);
	}
	teardown();
}
END_TEST

static void write_with(const struct tree *t, unsigned int threads, const char *tz, const char *path)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct fs_params p = fs_test_params();
	struct err e = { 0 };

	setenv("TZ", tz, 1);
	ck_ok(pool_new(threads, &pool, &e));
	p.pool = pool;
	p.size_bytes = 300 * MiB;
	ck_ok(fs_test_write(&fs_writer_vfat, t, &p, path, &e));
}

START_TEST(is_deterministic)
{
	setup();
	_cleanup_(tree_free) struct tree *t = fs_test_random(9, false);
	_cleanup_(tree_free) struct tree *same = fs_test_random(9, false);
	_cleanup_free_ char *other = str_printf("%s/other", dir);

	fs_test_file(t, "large", 20000000);
	fs_test_file(same, "large", 20000000);
	write_with(t, 1, "UTC", image);
	write_with(same, 4, "Asia/Tokyo", other);
	free(FS_RUN("cmp", image, other));
	struct stat st;
	ck_assert_int_eq(stat(image, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, 40000000); /* of 300 MiB */
	teardown();
}
END_TEST

/* Who reads the first table, and who the one that is named, would not see the same files. */
START_TEST(one_table_alone_is_refused)
{
	const struct fs_params p = { .size_bytes = 300 * MiB };
	_cleanup_(tree_free) struct tree *t = esp();
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;
	struct err e = { 0 };

	setup();
	ck_ok(fs_test_write(&fs_writer_vfat, t, &p, image, &e));
	_cleanup_close_ int fd = open(image, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "\x81", 1, 40), 1);
	ck_ok(source_open(&src, image, &e));
	ck_fails(fs_reader_open(&src, &r, &e), -EINVAL, "only one of its tables");
	teardown();
}
END_TEST

START_TEST(times_are_kept)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	static const struct {
		int64_t set, want;
	} times[] = { { 1700000001, 1700000000 },
		      { 315532800, 315532800 },
		      { 0, 315532800 },
		      { INT64_C(99999999999), 4354819198 } };
	struct err e = { 0 };

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_free_ char *path = str_printf("f%zu", i);
		fs_test_file(t, path, 1)->inode->mtime = times[i].set;
	}
	round_trip(t, &p);
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	ck_ok(source_open(&src, image, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_free_ char *path = str_printf("/f%zu", i);
		struct fs_stat st;
		uint64_t ino;
		ck_ok(fs_reader_lookup(r, path, &ino, &e));
		ck_ok(r->ops->stat(r, ino, &st, &e));
		ck_assert_int_eq(st.mtime, times[i].want);
	}
	uint64_t ino;
	ck_fails(fs_reader_lookup(r, "/f0/x", &ino, &e), -ENOENT, "/f0/x: no such file");
	ck_fails(fs_reader_lookup(r, "/nothing", &ino, &e), -ENOENT, "/nothing");
	teardown();
}
END_TEST

START_TEST(kernel_mounts_it)
{
	if (geteuid() != 0)
		test_skip("mounting needs root");
	setup();
	_cleanup_(tree_free) struct tree *t = fs_test_random(5, false), *back = NULL;
	_cleanup_free_ char *mnt = str_printf("%s/mnt", dir);
	_cleanup_free_ char *cmd =
		str_printf("mount -o ro,loop,utf8=1 -t vfat %s %s 2>/dev/null", image, mnt);
	struct fs_params p = fs_test_params();
	struct err e = { 0 };

	ck_ok(fs_test_write(&fs_writer_vfat, t, &p, image, &e));
	ck_assert_int_eq(mkdir(mnt, 0755), 0);
	if (system(cmd) != 0) {
		teardown();
		test_skip("no loop devices or no vfat here");
	}
	int r = fs_test_load(mnt, &back, &e);
	if (r == 0)
		fs_test_compare_image(back, image, false);
	ck_assert_int_eq(umount2(mnt, MNT_DETACH), 0);
	ck_ok(r);
	teardown();
}
END_TEST

TEST_MAIN("fat", geometry_follows_the_size, borders_between_types, as_small_as_the_content,
	  mtools_read_it, names_become_short_ones, many_files_with_alike_names,
	  many_files_in_the_root, unicode_and_long_names, refuses_what_it_cannot_hold, random_trees,
	  is_deterministic, one_table_alone_is_refused, times_are_kept, kernel_mounts_it)
