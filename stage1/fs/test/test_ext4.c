/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>
#include <sys/mount.h>

#include "stage1/fs/ext4.h"
#include "stage1/fs/test/support.h"

static char *dir, *image;

/* Write, check, read back. */
static void round_trip(const struct tree *t, const struct fs_params *p)
{
	struct err e = { 0 };

	ck_ok(fs_test_write(&fs_writer_ext4, t, p, image, &e));
	fs_test_compare_image(t, image, true);
	if (fs_test_program("e2fsck"))
		free(FS_RUN("e2fsck", "-fn", image));
}

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

START_TEST(features_and_identity)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();

	if (!fs_test_program("dumpe2fs"))
		test_skip("no dumpe2fs");
	setup();
	fs_test_file(t, "usr/bin/env", 5000);
	round_trip(t, &p);
	_cleanup_free_ char *out = FS_RUN("dumpe2fs", "-h", image);
	static const char *const want[] = {
		"Filesystem volume name:   usr-test\n",
		"10111213-1415-1617-1819-1a1b1c1d1e1f\n",
		"ext_attr dir_index filetype extent sparse_super large_file",
		" dir_nlink extra_isize metadata_csum\n",
		"Reserved block count:     0\n",
		"Inode size:	          256\n",
		"Block size:               4096\n",
		"Tue Nov 14 22:13:20 2023\n",
		"a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		ck_assert_msg(strstr(out, want[i]) != NULL, "no %s in %s", want[i], out);
	ck_assert_ptr_null(strstr(out, "has_journal"));
	teardown();
}
END_TEST

START_TEST(empty_tree_and_edge_sizes)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 1000000 };
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();

	setup();
	round_trip(t, &p);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *path = str_printf("file-%zu", sizes[i]);
		fs_test_file(t, path, sizes[i]);
	}
	round_trip(t, &p);
	teardown();
}
END_TEST

START_TEST(symlinks_devices_links_xattrs)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct tree_meta m = { .mode = 0777, .uid = 70000, .gid = 80000, .mtime = -5 };
	struct tree_node *n, *to;
	struct err e = { 0 };
	char target[4096], value[3000] = "v";

	setup();
	static const size_t lens[] = { 1, 59, 60, 61, 4095 };
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		_cleanup_free_ char *path = str_printf("links/%zu", lens[i]);
		memset(target, 'x', lens[i]);
		target[lens[i]] = 0;
		ck_ok(tree_add_symlink(t, path, &m, target, NULL, &e));
	}
	static const uint32_t numbers[][2] = {
		{ 1, 3 }, { 255, 255 }, { 256, 0 }, { 259, 1048575 }
	};
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		_cleanup_free_ char *path = str_printf("dev/%zu", i);
		m.mode = (i % 2 ? S_IFBLK : S_IFCHR) | 0600;
		ck_ok(tree_add_special(t, path, &m, numbers[i][0], numbers[i][1], NULL, &e));
	}
	to = fs_test_file(t, "ping", 10);
	ck_ok(tree_add_link(t, "other/name", to, NULL, &e));
	ck_assert_int_eq(tree_set_xattr(to, "security.capability", value, 20), 0);
	_cleanup_ext4_items_ struct ext4_items items = { 0 };
	for (int i = 0; i < 1030; i++) { /* more than may share a block */
		_cleanup_free_ char *path = str_printf("attr/%d", i);
		n = fs_test_file(t, path, 0);
		n->inode->mtime = INT64_C(4294967296) + i;
		ck_assert_int_eq(tree_set_xattr(n, "user.large", value, sizeof(value)), 0);
		ck_assert_int_eq(tree_set_xattr(n, "user.b", "", 0), 0);
		ck_assert_int_eq(tree_set_xattr(n, "security.selinux", "s:t", 4), 0);
	}
	ck_ok(ext4_items_init(&items, t, &p, &e));
	ck_assert_uint_eq(items.xattrs.n, 2);
	ck_assert_uint_eq(items.xattrs.v[0].refs, 1024);
	round_trip(t, &p);
	teardown();
}
END_TEST

START_TEST(file_of_many_extents)
{
	uint64_t len = 5 * GiB + 17; /* more extents than an inode holds, more than 32 bits */
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_(mapping_unref) struct mapping *map = fs_test_marked_zeros(len);
	struct fs_params p = fs_test_params();
	struct tree_meta m = { .mode = 0644 };
	struct err e = { 0 };

	if (!map)
		test_skip("no memory of 5 GiB");
	setup();
	ck_ok(tree_add_file(t, "big", &m, blob_new_mapped(map, 0, len), NULL, &e));
	fs_test_file(t, "small", 100);
	ck_ok(fs_test_write(&fs_writer_ext4, t, &p, image, &e));
	if (fs_test_program("e2fsck"))
		free(FS_RUN("e2fsck", "-fn", image));
	fs_test_compare_marks(map, image, "/big");
	struct stat st; /* zeros are not written */
	ck_assert_int_eq(stat(image, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, 30 * (int64_t)MiB);
	teardown();
}
END_TEST

START_TEST(large_directories)
{
	static const unsigned int counts[] = { 150, 300, 5000, 131072 };
	struct fs_params p = fs_test_params();
	struct tree_meta m = { .mode = 0644 };
	struct err e = { 0 };

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		for (unsigned int k = 0; k < counts[i]; k++) {
			_cleanup_free_ char *path =
				str_printf("d/%u-entry-of-a-large-directory", k);
			ck_ok(tree_add_file(t, path, &m, blob_new("", 0), NULL, &e));
		}
		round_trip(t, &p);
		if (!fs_test_program("debugfs"))
			continue;
		_cleanup_free_ char *out = FS_RUN("debugfs", "-R", "htree_dump /d", image);
		ck_assert_msg(strstr(out, "Root node dump") != NULL, "%.200s", out);
		ck_assert_ptr_nonnull(strstr(out, counts[i] > 100000 ? "Indirect levels: 1"
								     : "Indirect levels: 0"));
	}
	teardown();
}
END_TEST

struct hashed {
	uint32_t hash;
	char name[24];
};

static int cmp_hashed(const void *a, const void *b)
{
	uint32_t x = ((const struct hashed *)a)->hash, y = ((const struct hashed *)b)->hash;

	return x < y ? -1 : x > y;
}

/* Names by their hashes, all of 16 bytes, so that 170 of them are a leaf. */
static struct hashed *hash_names(size_t n, const struct fs_params *p)
{
	struct hashed *v = calloc(n, sizeof(*v));
	uint32_t seed[4], minor;

	ck_assert_ptr_nonnull(v);
	memcpy(seed, p->hash_seed, sizeof(seed));
	for (size_t i = 0; i < n; i++) {
		snprintf(v[i].name, sizeof(v[i].name), "name-%06zu%s", i, "-xxxx");
		ck_assert_int_eq(ext2fs_dirhash2(EXT2_HASH_HALF_MD4_UNSIGNED, v[i].name, 16, NULL,
						 0, seed, &v[i].hash, &minor),
				 0);
	}
	qsort(v, n, sizeof(*v), cmp_hashed);
	return v;
}

/* Two names of one hash, with the border between two leaves between them: the index says so. */
START_TEST(equal_hashes_across_leaves)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	size_t n = 300000, at = 169;

	setup();
	_cleanup_free_ struct hashed *v = hash_names(n, &p);
	while (at + 1 < n && v[at].hash != v[at + 1].hash)
		at++;
	ck_assert_uint_lt(at + 1, n);
	for (size_t i = at - 169; i < at + 100 && i < n; i++) {
		_cleanup_free_ char *path = str_printf("d/%s", v[i].name);
		fs_test_file(t, path, 0);
	}
	round_trip(t, &p);
	if (fs_test_program("debugfs")) {
		_cleanup_free_ char *out = FS_RUN("debugfs", "-R", "htree_dump /d", image);
		_cleanup_free_ char *want = str_printf("Hash 0x%08x, block 2", v[at].hash | 1);
		ck_assert_msg(strstr(out, want) != NULL, "%.900s", out);
	}
	teardown();
}
END_TEST

START_TEST(names_and_depth)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	_cleanup_buf_ struct buf path = BUF_INIT;
	char name[256];

	setup();
	for (int i = 0; i < 60; i++) { /* 255 bytes fill a block in an odd way */
		memset(name, 'a' + i % 26, 255);
		name[0] = (char)('0' + i % 10);
		name[1] = (char)('0' + i / 10);
		name[255] = 0;
		fs_test_file(t, name, (size_t)i);
	}
	for (int i = 0; i < 500; i++)
		buf_printf(&path, "level%d/", i);
	buf_append_str(&path, "file");
	fs_test_file(t, buf_str(&path), 77);
	round_trip(t, &p);
	teardown();
}
END_TEST

START_TEST(many_subdirectories)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct tree_meta m = { .mode = 0755 };
	struct err e = { 0 };

	setup();
	for (unsigned int k = 0; k < 65001; k++) { /* one more than links can be counted */
		_cleanup_free_ char *path = str_printf("d/%u", k);
		ck_ok(tree_add_dir(t, path, &m, NULL, &e));
	}
	round_trip(t, &p);
	teardown();
}
END_TEST

START_TEST(random_trees)
{
	struct fs_params p = fs_test_params();

	setup();
	for (unsigned int seed = 1; seed <= (TEST_SANITIZED ? 8 : 40); seed++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random(seed, true);
		printf("ext4: seed %u\n", seed);
		p.size_bytes = seed % 4 ? 0 : 40 * MiB + seed * 123456;
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
	setenv("SOURCE_DATE_EPOCH", threads > 1 ? "5" : "7", 1);
	setenv("E2FSPROGS_FAKE_TIME", threads > 1 ? "50" : "70", 1);
	ck_ok(pool_new(threads, &pool, &e));
	p.pool = pool;
	ck_ok(fs_test_write(&fs_writer_ext4, t, &p, path, &e));
}

START_TEST(is_deterministic)
{
	setup();
	_cleanup_(tree_free) struct tree *t = fs_test_random(7, true);
	_cleanup_(tree_free) struct tree *same = fs_test_random(7, true);
	_cleanup_free_ char *other = str_printf("%s/other", dir);

	fs_test_file(t, "large", 20000000);
	fs_test_file(same, "large", 20000000);
	write_with(t, 1, "UTC", image);
	sleep(1); /* so that a clock would show */
	write_with(same, 4, "Asia/Tokyo", other);
	free(FS_RUN("cmp", image, other));
	teardown();
}
END_TEST

/* The size found is the smallest or nearly so, and what is planned is enough. */
START_TEST(sizes_are_tight)
{
	setup();
	for (unsigned int seed = 100; seed < 110; seed++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random(seed, true);
		struct fs_params p = fs_test_params();
		struct err e = { 0 };
		uint64_t bytes, again;
		fs_test_file(t, "payload", 1000000 * (seed - 99) * (seed % 3 ? 1 : 30));
		ck_ok(fs_test_plan(&fs_writer_ext4, t, &p, &bytes, &e));
		p.size_bytes = bytes;
		ck_ok(fs_test_plan(&fs_writer_ext4, t, &p, &again, &e));
		ck_assert_uint_eq(bytes, again);
		p.size_bytes = bytes - 60 * 4096;
		ck_fails(fs_test_plan(&fs_writer_ext4, t, &p, &again, &e), -ENOSPC,
			 "bytes, there are");
		p.size_bytes = 1;
		ck_fails(fs_test_plan(&fs_writer_ext4, t, &p, &again, &e), -ENOSPC, "there are 1");
	}
	teardown();
}
END_TEST

START_TEST(refuses_what_it_cannot_hold)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct err e = { 0 };
	uint64_t bytes;

	struct tree_node *n = fs_test_file(t, "a/b", 3);
	ck_assert_int_eq(tree_set_xattr(n, "weird.name", "x", 1), 0);
	ck_fails(fs_test_plan(&fs_writer_ext4, t, &p, &bytes, &e), -EINVAL,
		 "/a/b: ext4 cannot hold the attribute");
	n = fs_test_file(t, "a/c", 3);
	tree_remove(t, tree_lookup(t, "a/b"));
	char value[5000] = "";
	ck_assert_int_eq(tree_set_xattr(n, "user.x", value, sizeof(value)), 0);
	ck_fails(fs_test_plan(&fs_writer_ext4, t, &p, &bytes, &e), -EINVAL, "/a/c: ");
	tree_remove(t, n);
	n = fs_test_file(t, "a/d", 3);
	n->inode->mtime = INT64_C(1) << 40;
	ck_fails(fs_test_plan(&fs_writer_ext4, t, &p, &bytes, &e), -EINVAL, "/a/d: ");
	tree_remove(t, n);
	p.label = "seventeen letters";
	ck_fails(fs_test_plan(&fs_writer_ext4, t, &p, &bytes, &e), -EINVAL, "label");
}
END_TEST

/* In a child with mounts of its own: nothing is left behind. */
START_TEST(kernel_mounts_it)
{
	if (geteuid() != 0)
		test_skip("mounting needs root");
	setup();
	_cleanup_(tree_free) struct tree *t = fs_test_random(3, true), *back = NULL;
	struct fs_params p = fs_test_params();
	struct err e = { 0 };
	_cleanup_free_ char *mnt = str_printf("%s/mnt", dir);
	_cleanup_free_ char *cmd = str_printf("mount -o ro,loop %s %s 2>/dev/null", image, mnt);

	fs_test_file(t, "large", 3000000);
	for (int i = 0; i < 3000; i++) {
		_cleanup_free_ char *path = str_printf("indexed/%d", i);
		fs_test_file(t, path, (size_t)i);
	}
	ck_ok(fs_test_write(&fs_writer_ext4, t, &p, image, &e));
	ck_assert_int_eq(mkdir(mnt, 0755), 0);
	if (system(cmd) != 0) {
		teardown();
		test_skip("no loop devices here");
	}
	int r = fs_test_load(mnt, &back, &e);
	/* by name, so that the kernel looks into the index */
	_cleanup_free_ char *one = str_printf("%s/indexed/2999", mnt);
	int found = access(one, R_OK);
	if (r == 0)
		fs_test_compare_image(back, image, false);
	ck_assert_int_eq(umount2(mnt, MNT_DETACH), 0);
	ck_ok(r);
	ck_assert_int_eq(found, 0);
	teardown();
}
END_TEST

TEST_MAIN("ext4", features_and_identity, empty_tree_and_edge_sizes, symlinks_devices_links_xattrs,
	  file_of_many_extents, large_directories, equal_hashes_across_leaves, names_and_depth,
	  many_subdirectories, random_trees, is_deterministic, sizes_are_tight,
	  refuses_what_it_cannot_hold, kernel_mounts_it)
