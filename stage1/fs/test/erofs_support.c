/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/test/erofs_support.h"

const struct erofs_test_way erofs_test_ways[EROFS_TEST_N_WAYS] = {
	{ FS_PLAIN, 0, 0, true },     { FS_LZ4, 0, 0, true },		{ FS_LZ4, 0, 65536, true },
	{ FS_LZ4HC, 3, 16384, true }, { FS_LZ4HC, 12, 4096, true },	{ FS_ZSTD, 1, 4096, false },
	{ FS_ZSTD, 3, 65536, false }, { FS_LZ4, 0, 1024 * 1024, true },
};

struct fs_params erofs_test_params(size_t way)
{
	struct fs_params p = fs_test_params();

	p.compression = erofs_test_ways[way].compression;
	p.level = erofs_test_ways[way].level;
	p.cluster_bytes = erofs_test_ways[way].cluster_bytes;
	return p;
}

void erofs_test_round_trip(const struct tree *t, size_t way, const char *image)
{
	struct fs_params p = erofs_test_params(way);
	struct err e = { 0 };

	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
	fs_test_compare_image(t, image, true);
	if (erofs_test_ways[way].old_fsck && fs_test_program("fsck.erofs"))
		free(FS_RUN("fsck.erofs", "--extract", image));
}

struct tree_node *erofs_test_text(struct tree *t, const char *path, size_t len)
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
