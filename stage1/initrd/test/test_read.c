/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of this folder wrote, read back; and what no writer would write. */
#include "base/test/support.h"
#include "stage1/initrd/cpio_read.h"
#include "stage1/initrd/decompress.h"
#include "stage1/initrd/initrd.h"

static struct err e;

static struct tree *make_tree(void)
{
	const struct tree_meta m = { .mode = 0640, .uid = 1, .gid = 2, .mtime = 1700000000 };
	struct tree *t = tree_new();
	struct tree_node *n;

	ck_ok(tree_add_file(t, "dir/file", &m, blob_new_str("content"), &n, &e));
	ck_ok(tree_add_link(t, "dir/twin", n, NULL, &e));
	ck_ok(tree_add_symlink(t, "link", &m, "dir/file", NULL, &e));
	return t;
}

static void pack(enum compress_type type, struct buf *out)
{
	_cleanup_(tree_free) struct tree *t = make_tree();
	const struct initrd_pack_params p = { .type = type, .time = INT64_MAX };

	ck_ok(initrd_pack(t, &p, out, &e));
}

START_TEST(reads_what_was_written)
{
	static const char *const names[] = { ".", "dir", "dir/file", "dir/twin", "link" };
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct cpio_entry x[5];
	size_t at = 0, n = 0;
	int r;

	pack(COMPRESS_NONE, &b);
	ck_assert(cpio_probe(b.data, b.len));
	struct cpio_entry one;
	while ((r = cpio_read(b.data, b.len, &at, &one, &e)) > 0) {
		ck_assert_uint_lt(n, ARRAY_SIZE(x));
		ck_assert_str_eq(one.name, names[n]);
		x[n++] = one;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(n, ARRAY_SIZE(x));
	ck_assert_uint_eq(at, b.len);
	ck_assert_uint_eq(x[2].mode, S_IFREG | 0640);
	ck_assert_uint_eq(x[2].uid, 1);
	ck_assert_uint_eq(x[2].gid, 2);
	ck_assert_uint_eq(x[2].mtime, 1700000000);
	ck_assert_uint_eq(x[2].nlink, 2);
	ck_assert_uint_eq(x[2].ino, x[3].ino);
	ck_assert_uint_eq(x[3].len, 7); /* the last name carries the content */
	ck_assert_mem_eq(x[3].data, "content", 7);
	ck_assert_mem_eq(x[4].data, "dir/file", 8);
}
END_TEST

START_TEST(unpacks_what_was_packed)
{
	_cleanup_buf_ struct buf plain = BUF_INIT, packed = BUF_INIT, again = BUF_INIT;

	pack(COMPRESS_NONE, &plain);
	pack(COMPRESS_ZSTD, &packed);
	ck_assert(zstd_probe(packed.data, packed.len));
	ck_ok(zstd_decompress(packed.data, packed.len, plain.len, &again, &e));
	ck_assert_uint_eq(again.len, plain.len);
	ck_assert_mem_eq(again.data, plain.data, plain.len);

	again.len = 0;
	ck_fails(zstd_decompress(packed.data, packed.len, plain.len - 1, &again, &e), -EBADMSG,
		 "bytes come out");
	for (size_t cut = 1; cut < packed.len; cut++) {
		again.len = 0;
		ck_assert_int_eq(zstd_decompress(packed.data, packed.len - cut, MiB, &again, &e),
				 -EBADMSG);
	}
	ck_fails(zstd_decompress("nothing", 7, MiB, &again, &e), -EBADMSG, "zstd: ");
}
END_TEST

/* Every truncation is said to be one. */
START_TEST(refuses_what_is_cut_short)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct cpio_entry x;

	pack(COMPRESS_NONE, &b);
	while (b.len && !b.data[b.len - 1]) /* padding may be missing */
		b.len--;
	for (size_t len = 0; len < b.len; len++) {
		_cleanup_free_ uint8_t *copy = malloc(len + 1);
		size_t at = 0;
		int r;
		memcpy(copy, b.data, len);
		while ((r = cpio_read(copy, len, &at, &x, &e)) > 0)
			;
		ck_assert_msg(r == -EBADMSG, "%zu bytes of %zu: %d", len, b.len, r);
	}
}
END_TEST

static void spoil(size_t at, const char *bytes, const char *message)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct cpio_entry x;
	size_t from = 0;

	pack(COMPRESS_NONE, &b);
	memcpy(b.data + at, bytes, strlen(bytes));
	ck_fails(cpio_read(b.data, b.len, &from, &x, &e), -EBADMSG, message);
}

START_TEST(refuses_nonsense)
{
	spoil(0, "070702x", "a number that is none");
	spoil(0, "070707", "no header");
	spoil(6 + 8 * 6, "FFFFFFFF", "longer than the archive");
	spoil(6 + 8 * 11, "00000000", "bad length of a name");
	spoil(6 + 8 * 11, "FFFFFFFF", "bad length of a name");
	spoil(6 + 8 * 11, "00000001", "bad name");
	spoil(6 + 8 * 11, "+0000002", "a number that is none");
}
END_TEST

TEST_MAIN("read", reads_what_was_written, unpacks_what_was_packed, refuses_what_is_cut_short,
	  refuses_nonsense)
