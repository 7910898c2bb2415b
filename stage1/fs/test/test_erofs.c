/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>
#include <sys/mount.h>

#include "stage1/fs/erofs.h"
#include "stage1/fs/test/support.h"

static char *dir, *image;

static const struct {
	enum fs_compression compression;
	int level;
	uint32_t cluster_bytes;
	bool old_fsck; /* does erofs-utils 1.5 know it? */
} ways[] = {
	{ FS_PLAIN, 0, 0, true },     { FS_LZ4, 0, 0, true },		{ FS_LZ4, 0, 65536, true },
	{ FS_LZ4HC, 3, 16384, true }, { FS_LZ4HC, 12, 4096, true },	{ FS_ZSTD, 1, 4096, false },
	{ FS_ZSTD, 3, 65536, false }, { FS_LZ4, 0, 1024 * 1024, true },
};

static struct fs_params params(size_t way)
{
	struct fs_params p = fs_test_params();

	p.compression = ways[way].compression;
	p.level = ways[way].level;
	p.cluster_bytes = ways[way].cluster_bytes;
	return p;
}

/* Write, check with fsck.erofs, read back. */
static void round_trip(const struct tree *t, size_t way)
{
	struct fs_params p = params(way);
	struct err e = { 0 };

	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
	fs_test_compare_image(t, image, true);
	if (ways[way].old_fsck && fs_test_program("fsck.erofs"))
		free(FS_RUN("fsck.erofs", "--extract", image));
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

/* A file that compresses: a few words in a row by chance, some parts the better, some not at all. */
static struct tree_node *add_text(struct tree *t, const char *path, size_t len)
{
	static const char *const words[] = { "erofs ", "block ", "cluster ", "0000000000000000",
					     "\n",     "x",	 "extent",   "\0\0\0\0" };
	struct tree_meta m = { .mode = 0644, .mtime = 1600000000 };
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint64_t x = len + strlen(path);
	struct tree_node *n;
	struct err e = { 0 };

	while (b.len < len) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		if (b.len >> 16 & 1 && x >> 63)
			buf_append(&b, &x, sizeof(x));
		else
			buf_append(&b, words[x >> 40 & 7], strlen(words[x >> 40 & 7]) + 1);
	}
	ck_ok(tree_add_file(t, path, &m, blob_new(b.data, len), &n, &e));
	return n;
}

START_TEST(empty_tree_and_edge_sizes)
{
	static const size_t sizes[] = { 0,     1,     4031,  4032,   4033,   4095,  4096,
					4097,  8191,  8192,  8193,   16383,  16384, 16385,
					65535, 65536, 65537, 100000, 1 << 20 };

	setup();
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		round_trip(t, way);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			_cleanup_free_ char *noise = str_printf("noise-%zu", sizes[i]);
			_cleanup_free_ char *text = str_printf("text-%zu", sizes[i]);
			fs_test_file(t, noise, sizes[i]);
			add_text(t, text, sizes[i]);
		}
		round_trip(t, way);
	}
	teardown();
}
END_TEST

/* Around where a content is cut to be compressed side by side. */
START_TEST(large_files)
{
	static const size_t sizes[] = { (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 17 << 20 };

	setup();
	for (size_t way = 1; way < 3; way++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			_cleanup_free_ char *path = str_printf("%zu", sizes[i]);
			add_text(t, path, sizes[i]);
		}
		round_trip(t, way);
	}
	teardown();
}
END_TEST

/* Every length around where extents and clusters end. */
START_TEST(many_lengths)
{
	setup();
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		for (size_t len = 4090; len < 40000;
		     len += len % 4096 < 8 || len % 4096 > 4090 ? 1 : 411) {
			_cleanup_free_ char *path = str_printf("%zu/%zu", len / 1000, len);
			add_text(t, path, len);
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
	static const uint32_t numbers[][2] = {
		{ 1, 3 }, { 255, 255 }, { 256, 0 }, { 259, 1048575 }
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
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		_cleanup_free_ char *path = str_printf("dev/%zu", i);
		m.mode = (i % 2 ? S_IFBLK : S_IFCHR) | 0600;
		ck_ok(tree_add_special(t, path, &m, numbers[i][0], numbers[i][1], NULL, &e));
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

/* Memory of zeros that takes none, but for a mark here and there and at the end. */
static struct mapping *marked_zeros(uint64_t len)
{
	struct mapping *m = calloc(1, sizeof(*m));
	uint8_t *data = mmap(NULL, len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_nonnull(m);
	if (data == MAP_FAILED) {
		free(m);
		return NULL;
	}
	for (uint64_t at = 0; at < len; at += 300 * MiB)
		memcpy(data + at, "here", 4);
	memcpy(data + len - 3, "end", 3);
	*m = (struct mapping){ .refs = 1, .data = data, .len = len };
	return m;
}

START_TEST(sparse_file_over_4_gib)
{
	uint64_t len = 4 * GiB + 5 * MiB + 17, ino;
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_(mapping_unref) struct mapping *map = marked_zeros(len);
	struct fs_params p = params(1);
	struct tree_meta m = { .mode = 0644 };
	struct err e = { 0 };
	struct stat st;

	if (!map)
		test_skip("no memory of 4 GiB");
	setup();
	ck_ok(tree_add_file(t, "big", &m, blob_new_mapped(map, 0, len), NULL, &e));
	fs_test_file(t, "small", 100);
	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
	ck_assert_int_eq(stat(image, &st), 0);
	ck_assert_int_lt(st.st_size, 30 * (int64_t)MiB);
	if (fs_test_program("fsck.erofs"))
		free(FS_RUN("fsck.erofs", image));
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	ck_ok(source_open(&src, image, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	ck_ok(fs_reader_lookup(r, "/big", &ino, &e));
	for (uint64_t at = 0; at < len; at += 50 * MiB) {
		uint64_t from = MIN(at, len - 8);
		char got[8] = "";
		size_t n;
		ck_ok(r->ops->read(r, ino, from, got, sizeof(got), &n, &e));
		ck_assert_uint_eq(n, sizeof(got));
		ck_assert_mem_eq(got, map->data + from, sizeof(got));
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

START_TEST(random_trees)
{
	setup();
	for (unsigned int seed = 1; seed <= 40; seed++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random(seed, true);
		printf("erofs: seed %u\n", seed);
		for (unsigned int i = 0; i < seed % 7; i++) {
			_cleanup_free_ char *path = str_printf("text %u", i);
			add_text(t, path, seed * 7919 * (i + 1));
		}
		round_trip(t, seed % ARRAY_SIZE(ways));
	}
	teardown();
}
END_TEST

static void write_with(const struct tree *t, unsigned int threads, size_t way, const char *path)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct fs_params p = params(way);
	struct err e = { 0 };

	ck_ok(pool_new(threads, &pool, &e));
	p.pool = pool;
	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, path, &e));
}

START_TEST(is_deterministic)
{
	setup();
	_cleanup_(tree_free) struct tree *t = fs_test_random(7, true);
	_cleanup_(tree_free) struct tree *same = fs_test_random(7, true);
	_cleanup_free_ char *other = str_printf("%s/other", dir);

	for (int i = 0; i < 4; i++) {
		_cleanup_free_ char *path = str_printf("large %d", i);
		add_text(t, path, 9000000 + 4000000 * (size_t)i);
		add_text(same, path, 9000000 + 4000000 * (size_t)i);
	}
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		write_with(t, 1, way, image);
		write_with(same, 4, way, other);
		free(FS_RUN("cmp", image, other));
	}
	teardown();
}
END_TEST

/* What the kernel shows: capabilities that are some, and user.* of files and directories only. */
static int make_showable(struct tree_node *n, void *ctx unused_, struct err *e unused_)
{
	static const uint8_t value[20] = { 0, 0, 0, 2, 1 };
	struct tree_inode *inode = n->inode;

	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		while (inode->n_xattrs) {
			free(inode->xattrs[--inode->n_xattrs].name);
			free(inode->xattrs[inode->n_xattrs].value);
		}
	return tree_get_xattr(n, "security.capability")
		       ? tree_set_xattr(n, "security.capability", value, sizeof(value))
		       : 0;
}

START_TEST(kernel_mounts_it)
{
	struct err e = { 0 };

	if (geteuid() != 0)
		test_skip("mounting needs root");
	setup();
	_cleanup_free_ char *mnt = str_printf("%s/mnt", dir);
	_cleanup_free_ char *cmd =
		str_printf("mount -t erofs -o ro,loop %s %s 2>/dev/null", image, mnt);
	ck_assert_int_eq(mkdir(mnt, 0755), 0);
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random(3 + (unsigned int)way, true);
		_cleanup_(tree_free) struct tree *back = NULL;
		struct fs_params p = params(way);
		ck_ok(tree_walk(tree_root(t), make_showable, NULL, &e));
		add_text(t, "text", 3000000);
		add_text(t, "tail", 70001);
		for (int i = 0; i < 3000; i++) {
			_cleanup_free_ char *path = str_printf("many/%d", i);
			fs_test_file(t, path, (size_t)i);
		}
		ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
		if (system(cmd) != 0) {
			bool none = way == 0;
			if (none)
				teardown();
			if (none)
				test_skip("no loop devices or no erofs here");
			printf("SKIP way %zu: this kernel does not read it\n", way);
			continue;
		}
		int r = fs_test_load(mnt, &back, &e);
		_cleanup_free_ char *one = str_printf("%s/many/2999", mnt);
		int found = access(one, R_OK); /* by name: a binary search */
		/* What the kernel shows is what was given: times, owners and attributes, too. */
		if (r == 0)
			fs_test_compare_image(back, image, true);
		ck_assert_int_eq(umount2(mnt, MNT_DETACH), 0);
		ck_ok(r);
		ck_assert_int_eq(found, 0);
		fs_test_compare_image(t, image, true);
	}
	teardown();
}
END_TEST

TEST_MAIN("erofs", empty_tree_and_edge_sizes, large_files, many_lengths,
	  symlinks_devices_links_xattrs, refuses_what_it_cannot_hold, equal_contents_once,
	  sparse_file_over_4_gib, large_directories, names_and_depth, random_trees,
	  is_deterministic, kernel_mounts_it)
