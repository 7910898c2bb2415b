/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The images that fuzzing of the readers starts from: small ones of every kind of inode, layout and
 * compression, that read without an error. With $SLIPWAY_SEEDS in the environment they are written into
 * fuzz_reader/ below that directory; those of mkfs.erofs and mke2fs, too, where there is one.
 */
#include "stage1/fs/test/support.h"

#define NO_UUID "00000000-0000-4000-8000-000000000000"

static const struct {
	const char *name;
	const struct fs_writer *writer;
	enum fs_compression compression;
	uint32_t cluster_bytes;
} ways[] = {
	{ "plain", &fs_writer_erofs, FS_PLAIN, 0 },
	{ "lz4", &fs_writer_erofs, FS_LZ4, 4096 },
	{ "lz4-16k", &fs_writer_erofs, FS_LZ4, 16384 },
	{ "lz4hc", &fs_writer_erofs, FS_LZ4HC, 4096 },
	{ "lz4hc-16k", &fs_writer_erofs, FS_LZ4HC, 16384 },
	{ "zstd", &fs_writer_erofs, FS_ZSTD, 4096 },
	{ "zstd-16k", &fs_writer_erofs, FS_ZSTD, 16384 },
	{ "ext4", &fs_writer_ext4, FS_PLAIN, 0 },
};

/* Words by chance: some of it compresses well, the rest badly. */
static struct blob *text(size_t len)
{
	uint8_t *data = malloc(len);
	uint32_t x = (uint32_t)len;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245u + 12345u;
		data[i] = (uint8_t)(i % 8192 < 6000 ? i / 97 : x >> 16);
	}
	return blob_new_take(data, len);
}

static void add_text(struct tree *t, const char *path, size_t len)
{
	struct tree_meta m = { .mode = 0644, .mtime = 1600000000 };
	struct err e = { 0 };

	ck_ok(tree_add_file(t, path, &m, text(len), NULL, &e));
}

static void add_files(struct tree *t)
{
	add_text(t, "d/text", 40000);
	add_text(t, "whole clusters", 16384);
	add_text(t, "short", 5000);
	fs_test_file(t, "noise", 4097);
	fs_test_file(t, "empty", 0);
}

/* Chunks with holes between them, where nothing is compressed. */
static void add_sparse(struct tree *t)
{
	struct tree_meta m = { .mode = 0600 };
	uint8_t *data = calloc(1, 300000);
	struct err e = { 0 };

	ck_assert_ptr_nonnull(data);
	for (size_t at = 0; at < 300000; at += 110000)
		memcpy(data + at, "here", 4);
	ck_ok(tree_add_file(t, "sparse", &m, blob_new_take(data, 300000), NULL, &e));
}

static void add_xattrs(struct tree *t)
{
	char value[600] = "v", name[260] = "user.";
	struct tree_node *n;

	memset(name + 5, 'n', 250);
	for (int i = 0; i < 3; i++) {
		_cleanup_free_ char *path = str_printf("x%d", i);
		n = fs_test_file(t, path, 10);
		ck_assert_int_eq(tree_set_xattr(n, "user.overlay.shared", value, 40), 0);
		ck_assert_int_eq(tree_set_xattr(n, "security.capability", &i, sizeof(i)), 0);
		ck_assert_int_eq(tree_set_xattr(n, "trusted.empty", "", 0), 0);
	}
	ck_assert_int_eq(tree_set_xattr(n, "user.long", value, sizeof(value)), 0);
	ck_assert_int_eq(tree_set_xattr(n, name, "x", 1), 0);
}

static void add_special(struct tree *t)
{
	static const uint32_t types[] = { S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK };
	struct tree_meta m = { .mode = 0777, .uid = 70000, .mtime = -5 };
	char target[4000];
	struct err e = { 0 };

	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = 0;
	ck_ok(tree_add_symlink(t, "slow", &m, target, NULL, &e));
	ck_ok(tree_add_symlink(t, "fast", &m, "d/text", NULL, &e));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		_cleanup_free_ char *path = str_printf("dev/%zu", i);
		m.mode = types[i] | 0600;
		ck_ok(tree_add_special(t, path, &m, i < 2 ? 259 : 0, i < 2 ? 300 : 0, NULL, &e));
	}
	ck_ok(tree_add_link(t, "dev/link", fs_test_file(t, "linked", 3), NULL, &e));
}

static void add_directory(struct tree *t)
{
	for (int i = 0; i < 300; i++) {
		_cleanup_free_ char *path = str_printf("many/%d entry of a directory", i);
		fs_test_file(t, path, 0);
	}
}

static const struct {
	const char *name;
	void (*add)(struct tree *t);
	bool compresses;
} kinds[] = {
	{ "files", add_files, true },	       { "sparse", add_sparse, true },
	{ "xattrs", add_xattrs, false },       { "special", add_special, false },
	{ "directory", add_directory, false },
};

/* The image's path: where it is wanted, or in @dir. */
static char *image_path(const char *dir, const char *way, const char *kind)
{
	const char *top = getenv("SLIPWAY_SEEDS");

	return top ? str_printf("%s/fuzz_reader/%s-%s", top, way, kind)
		   : str_printf("%s/image", dir);
}

static void make_seed(const char *dir, size_t way, size_t kind)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_free_ char *path = image_path(dir, ways[way].name, kinds[kind].name);
	struct fs_params p = fs_test_params();
	struct err e = { 0 };

	p.compression = ways[way].compression;
	p.cluster_bytes = ways[way].cluster_bytes;
	kinds[kind].add(t);
	ck_ok(fs_test_write(ways[way].writer, t, &p, path, &e));
	fs_test_compare_image(t, path, true);
}

START_TEST(every_seed_reads)
{
	char *dir = test_dir();

	for (size_t way = 0; way < ARRAY_SIZE(ways); way++)
		for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++)
			if (kinds[kind].compresses || ways[way].compression == FS_PLAIN)
				make_seed(dir, way, kind);
	test_dir_remove(dir);
}
END_TEST

/* The indexes that our writer does not make. */
START_TEST(seeds_of_mkfs_erofs)
{
	static const char *const options[][2] = {
		{ "-zlz4", NULL },
		{ "-zlz4hc", "-C16384" },
		{ "-zlz4", "-Elegacy-compress" },
		{ "-x1", "-Eforce-inode-extended" },
		{ "-zlz4", "-Eztailpacking" },
	};
	char *dir = test_dir();
	_cleanup_free_ char *files = str_printf("%s/files", dir);
	_cleanup_free_ char *file = str_printf("%s/text", files);
	struct blob *b = text(60000);

	if (!fs_test_program("mkfs.erofs")) {
		blob_unref(b);
		test_dir_remove(dir);
		test_skip("no mkfs.erofs");
	}
	ck_assert_int_eq(mkdir(files, 0755), 0);
	FILE *f = fopen(file, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(b->data, 1, b->len, f), b->len);
	ck_assert_int_eq(fclose(f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		_cleanup_(tree_free) struct tree *t = NULL;
		_cleanup_free_ char *image =
			image_path(dir, options[i][0], options[i][1] ? options[i][1] : "");
		struct err e = { 0 };
		if (options[i][1])
			free(FS_RUN("mkfs.erofs", "-d0", options[i][0], options[i][1], image,
				    files));
		else
			free(FS_RUN("mkfs.erofs", "-d0", options[i][0], image, files));
		ck_ok(fs_test_load(files, &t, &e));
		fs_test_compare_image(t, image, false);
	}
	blob_unref(b);
	test_dir_remove(dir);
}
END_TEST

/* Holes, with more extents than an inode has room for, and blocks that are smaller than ours. */
START_TEST(seed_of_mke2fs)
{
	char *dir = test_dir();
	_cleanup_free_ char *files = str_printf("%s/files", dir);
	_cleanup_free_ char *file = str_printf("%s/holes", files);
	_cleanup_free_ char *image = image_path(dir, "mke2fs", "holes");
	_cleanup_source_ struct source src = SOURCE_INIT;
	struct err e = { 0 };

	if (!fs_test_program("mke2fs")) {
		test_dir_remove(dir);
		test_skip("no mke2fs");
	}
	ck_assert_int_eq(mkdir(files, 0755), 0);
	int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	for (off_t at = 0; at < 12 * 12288; at += 12288)
		ck_assert_int_eq(pwrite(fd, "here", 4, at), 4);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(setenv("E2FSPROGS_FAKE_TIME", "1700000000", 1), 0);
	free(FS_RUN("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal,^resize_inode", "-b",
		    "1024", "-N", "16", "-U", NO_UUID, "-E", "hash_seed=" NO_UUID, "-d", files,
		    image, "192k"));
	ck_ok(source_open(&src, image, &e));
	ck_ok(fs_test_use_all(&src, &e));
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("fs_seeds", every_seed_reads, seeds_of_mkfs_erofs, seed_of_mke2fs)
