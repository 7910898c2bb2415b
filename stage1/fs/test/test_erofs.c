/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EROFS images of every kind of inode and every size that is an edge of something. */
#include "stage1/fs/test/erofs_support.h"

static char *dir, *image;

static void round_trip(const struct tree *t, size_t way)
{
	erofs_test_round_trip(t, way, image);
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

START_TEST(empty_tree_and_edge_sizes)
{
	static const size_t sizes[] = { 0,     1,     4031,  4032,   4033,    4095,  4096,
					4097,  8191,  8192,  8193,   16383,   16384, 16385,
					65535, 65536, 65537, 100000, MiB - 1, MiB,   MiB + 1 };

	setup();
	for (size_t way = 0; way < EROFS_TEST_N_WAYS; way++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		round_trip(t, way);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			_cleanup_free_ char *noise = str_printf("noise-%zu", sizes[i]);
			_cleanup_free_ char *text = str_printf("text-%zu", sizes[i]);
			fs_test_file(t, noise, sizes[i]);
			erofs_test_text(t, text, sizes[i]);
		}
		round_trip(t, way);
	}
	teardown();
}
END_TEST

/* Around where a content is cut to be compressed side by side. */
START_TEST(large_files)
{
	static const size_t sizes[] = { 8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 17 * MiB };
	static const size_t of[] = { 1, 2, 3, 6 }; /* LZ4 twice, LZ4HC, zstd */

	setup();
	for (size_t k = 0; k < ARRAY_SIZE(of); k++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		for (size_t i = 0; i < ARRAY_SIZE(sizes) - TEST_SANITIZED; i++) {
			_cleanup_free_ char *path = str_printf("%zu", sizes[i]);
			erofs_test_text(t, path, sizes[i]);
		}
		round_trip(t, of[k]);
	}
	teardown();
}
END_TEST

/* Every length around where extents and clusters end. */
START_TEST(many_lengths)
{
	setup();
	for (size_t way = 0; way < EROFS_TEST_N_WAYS; way++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		for (size_t len = 4090; len < 40000;
		     len += len % 4096 < 8 || len % 4096 > 4090 ? 1 : 411) {
			_cleanup_free_ char *path = str_printf("%zu/%zu", len / 1000, len);
			erofs_test_text(t, path, len);
		}
		round_trip(t, way);
	}
	teardown();
}
END_TEST

START_TEST(symlinks_devices_links_xattrs)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0777, .uid = 70000, .gid = 80000, .mtime = -5 };
	static const size_t lens[] = { 1, 100, 4031, 4032, 4033, 4095 };
	static const struct {
		uint32_t type, major, minor;
	} special[] = {
		{ S_IFCHR, 1, 3 },	   { S_IFBLK, 255, 255 },  { S_IFCHR, 256, 0 },
		{ S_IFBLK, 259, 1048575 }, { S_IFCHR, 4095, 256 }, { S_IFIFO, 0, 0 },
		{ S_IFSOCK, 0, 0 },
	};
	char target[4096], value[3000] = "v", name[300] = "user.";
	struct tree_node *n, *to;
	struct err e = { 0 };

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		_cleanup_free_ char *path = str_printf("links/%zu", lens[i]);
		memset(target, 'x', lens[i]);
		target[lens[i]] = 0;
		ck_ok(tree_add_symlink(t, path, &m, target, NULL, &e));
	}
	for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
		_cleanup_free_ char *path = str_printf("dev/%zu", i);
		_cleanup_free_ char *again = str_printf("again/%zu", i);
		m.mode = special[i].type | 0600;
		ck_ok(tree_add_special(t, path, &m, special[i].major, special[i].minor, &n, &e));
		ck_ok(tree_add_link(t, again, n, NULL, &e));
	}
	to = fs_test_file(t, "ping", 10);
	ck_ok(tree_add_link(t, "other/name", to, NULL, &e));
	ck_assert_int_eq(tree_set_xattr(to, "security.capability", value, 20), 0);
	for (int i = 0; i < 300; i++) {
		_cleanup_free_ char *path = str_printf("attr/%d", i);
		n = fs_test_file(t, path, (size_t)i);
		n->inode->mtime = INT64_C(4294967296) + i / 2;
		ck_assert_int_eq(tree_set_xattr(n, "user.large", value, sizeof(value)), 0);
		ck_assert_int_eq(tree_set_xattr(n, "user.own", &i, sizeof(i)), 0);
		ck_assert_int_eq(tree_set_xattr(n, "user.b", "", 0), 0);
		ck_assert_int_eq(tree_set_xattr(n, "system.posix_acl_access", "\2\0\0\0", 4), 0);
	}
	/* more shared ones than an inode can name, and the longest name */
	for (int k = 0; k < 2; k++) {
		_cleanup_free_ char *path = str_printf("many/%d", k);
		n = fs_test_file(t, path, 5);
		for (int i = 0; i < 300; i++) {
			_cleanup_free_ char *attr = str_printf("user.%d", i);
			ck_assert_int_eq(tree_set_xattr(n, attr, "x", 1), 0);
		}
		memset(name + 5, 'n', 255);
		ck_assert_int_eq(tree_set_xattr(n, name, &k, sizeof(k)), 0);
	}
	round_trip(t, 0);
	round_trip(t, 3);
	teardown();
}
END_TEST

/* The longest value, of one file and of several; and as much as an inode can have of its own. */
START_TEST(long_xattrs)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_free_ char *value = malloc(UINT16_MAX);

	ck_assert_ptr_nonnull(value);
	memset(value, 'l', UINT16_MAX);
	setup();
	for (int i = 0; i < 4; i++) {
		_cleanup_free_ char *path = str_printf("file %d", i);
		struct tree_node *n = fs_test_file(t, path, 10);
		ck_assert_int_eq(tree_set_xattr(n, "user.shared", value, UINT16_MAX), 0);
		value[0] = (char)('0' + i);
		ck_assert_int_eq(tree_set_xattr(n, "user.own", value, UINT16_MAX), 0);
		ck_assert_int_eq(tree_set_xattr(n, "user.another", value, UINT16_MAX), 0);
		ck_assert_int_eq(tree_set_xattr(n, "trusted.third", value, UINT16_MAX), 0);
		value[0] = 'l';
	}
	round_trip(t, 0);
	round_trip(t, 1);
	teardown();
}
END_TEST

START_TEST(refuses_what_it_cannot_hold)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	_cleanup_free_ char *value = calloc(1, 70000);
	struct err e = { 0 };
	uint64_t bytes;

	struct tree_node *n = fs_test_file(t, "a/b", 3);
	ck_assert_int_eq(tree_set_xattr(n, "weird.name", "x", 1), 0);
	ck_fails(fs_test_plan(&fs_writer_erofs, t, &p, &bytes, &e), -EINVAL,
		 "/a/b: erofs cannot hold the attribute weird.name");
	tree_remove(t, n);
	n = fs_test_file(t, "a/c", 3);
	ck_assert_int_eq(tree_set_xattr(n, "user.x", value, 70000), 0);
	ck_fails(fs_test_plan(&fs_writer_erofs, t, &p, &bytes, &e), -EINVAL,
		 "/a/c: attribute user.x: longer than 65535 bytes");
	tree_remove(t, n);
	fs_test_file(t, "a/d", 10000);
	p.size_bytes = 4096;
	ck_fails(fs_test_plan(&fs_writer_erofs, t, &p, &bytes, &e), -ENOSPC, "there are 4096");
	p.size_bytes = 0;
	p.label = "seventeen letters";
	ck_fails(fs_test_plan(&fs_writer_erofs, t, &p, &bytes, &e), -EINVAL, "label");
	p.label = NULL;
	p.compression = FS_LZ4HC;
	p.level = 13;
	ck_fails(fs_test_plan(&fs_writer_erofs, t, &p, &bytes, &e), -EINVAL, "level 13");
	p.level = 0;
	p.cluster_bytes = 12288;
	ck_fails(fs_test_plan(&fs_writer_erofs, t, &p, &bytes, &e), -EINVAL, "cluster of 12288");
}
END_TEST

START_TEST(equal_contents_once)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct err e = { 0 };
	uint64_t one, many;

	setup();
	struct blob *b = fs_test_file(t, "first", 1000000)->inode->blob;
	ck_ok(fs_test_plan(&fs_writer_erofs, t, &p, &one, &e));
	for (int i = 0; i < 100; i++) {
		_cleanup_free_ char *path = str_printf("copies/%d", i);
		struct tree_meta m = { .mode = 0600, .mtime = i };
		ck_ok(tree_add_file(t, path, &m, blob_new(b->data, b->len), NULL, &e));
	}
	ck_ok(fs_test_plan(&fs_writer_erofs, t, &p, &many, &e));
	ck_assert_uint_lt(many, one + 110 * 4096);
	round_trip(t, 0);
	round_trip(t, 2);
	teardown();
}
END_TEST

START_TEST(sparse_file_over_4_gib)
{
	static const size_t of[] = { 0, 1, 5 }; /* plain, LZ4, zstd */
	uint64_t len = 4 * GiB + 5 * MiB + 17;
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_(mapping_unref) struct mapping *map = fs_test_marked_zeros(len);
	struct tree_meta m = { .mode = 0644 };
	struct err e = { 0 };
	struct stat st;

	if (!map)
		test_skip("no memory of 4 GiB");
	setup();
	ck_ok(tree_add_file(t, "big", &m, blob_new_mapped(map, 0, len), NULL, &e));
	fs_test_file(t, "small", 100);
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct fs_params p = erofs_test_params(of[i]);
		ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
		ck_assert_int_eq(stat(image, &st), 0);
		ck_assert_int_lt(st.st_size, 30 * (int64_t)MiB);
		if (erofs_test_ways[of[i]].old_fsck && fs_test_program("fsck.erofs"))
			free(FS_RUN("fsck.erofs", image));
		fs_test_compare_marks(map, image, "/big");
	}
	teardown();
}
END_TEST

START_TEST(large_directories)
{
	static const unsigned int counts[] = { 100, 150, 5000, 131072 };
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
		round_trip(t, 0);
	}
	teardown();
}
END_TEST

START_TEST(names_and_depth)
{
	static const char *const odd[] = {
		"!", "-", "+x", ".a", "...", "0", "\xc3\xbc", "\xff", " "
	};
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_buf_ struct buf path = BUF_INIT;
	char name[256];

	setup();
	for (int i = 0; i < 60; i++) {
		memset(name, 'a' + i % 26, 255);
		name[0] = (char)('0' + i % 10);
		name[1] = (char)('0' + i / 10);
		name[255] = 0;
		fs_test_file(t, name, (size_t)i);
	}
	/* some sort before "." and "..", some after them */
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		_cleanup_free_ char *in = str_printf("odd/%s", odd[i]);
		fs_test_file(t, in, i);
	}
	for (int i = 0; i < 300; i++)
		buf_printf(&path, "level%d/", i);
	buf_append_str(&path, "file");
	fs_test_file(t, buf_str(&path), 77);
	round_trip(t, 0);
	teardown();
}
END_TEST

TEST_MAIN("erofs", empty_tree_and_edge_sizes, large_files, many_lengths,
	  symlinks_devices_links_xattrs, long_xattrs, refuses_what_it_cannot_hold,
	  equal_contents_once, sparse_file_over_4_gib, large_directories, names_and_depth)
