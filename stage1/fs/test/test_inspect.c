/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where readers say that things lie, the bytes of these things are. */
#include "stage1/fs/test/support.h"

struct check {
	struct fs_reader *r;
	const struct source *src;
	const struct fs_stat *st;
	const char *path;
	uint8_t *content;
	uint64_t covered; /* bytes of the content whose place was told */
	uint64_t n_own;
	size_t n_checked;
};

static int check_extent(void *ctx, const struct fs_extent *x, struct err *ep)
{
	struct check *c = ctx;
	struct err e = { 0 };
	char text[64] = "?";
	uint8_t data[4096];

	c->n_own += x->own;
	if (c->r->ops->describe) {
		c->r->ops->describe(c->r, x->offset, text, sizeof(text));
		ck_assert_msg(str_eq(text, ""), "%s lies in: %s", c->path, text);
	}
	if (x->own || !S_ISREG(c->st->mode))
		return 0;
	ck_assert_uint_eq(x->logical, c->covered);
	uint64_t len = MIN(x->len, c->st->size_bytes - x->logical);
	for (uint64_t at = 0; at < len; at += sizeof(data)) {
		size_t n = (size_t)MIN(sizeof(data), len - at);
		ck_ok(source_pread(c->src, x->offset + at, data, n, &e));
		ck_assert_msg(memcmp(data, c->content + x->logical + at, n) == 0, "%s", c->path);
	}
	c->covered += len;
	(void)ep;
	return 0;
}

static int check_one(void *ctx, const char *path, const struct fs_stat *st, struct err *ep)
{
	struct check *c = ctx;
	struct err e = { 0 };
	size_t len = 0;

	(void)ep;
	_cleanup_free_ uint8_t *content = malloc(st->size_bytes + 1);
	c->st = st;
	c->path = path;
	c->content = content;
	c->covered = 0;
	if (S_ISREG(st->mode))
		ck_ok(c->r->ops->read(c->r, st->ino, 0, content, st->size_bytes, &len, &e));
	ck_ok(c->r->ops->extents(c->r, st->ino, check_extent, c, &e));
	if (S_ISREG(st->mode))
		ck_assert_msg(c->covered == st->size_bytes, "%s: %llu of %llu bytes", path,
			      (unsigned long long)c->covered, (unsigned long long)st->size_bytes);
	c->n_checked++;
	return 0;
}

static void write_image(const struct fs_writer *w, struct tree *t, struct source *ret, char *dir)
{
	_cleanup_free_ char *path = str_printf("%s/image", dir);
	struct fs_params p = fs_test_params();
	struct err e = { 0 };

	ck_ok(fs_test_write(w, t, &p, path, &e));
	ck_ok(source_open(ret, path, &e));
}

static void check_places(const struct fs_writer *w, bool posix, const char *const places[],
			 const uint64_t offsets[], size_t n)
{
	_cleanup_(tree_free) struct tree *t = fs_test_random(7, posix);
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	char *dir = test_dir(), text[64];
	struct err e = { 0 };

	write_image(w, t, &src, dir);
	ck_ok(fs_reader_open(&src, &r, &e));
	struct check c = { .r = r, .src = &src };
	ck_ok(fs_reader_walk(r, check_one, &c, &e));
	ck_assert_uint_eq(c.n_checked, tree_count(t));
	ck_assert_uint_eq(r->size_bytes, src.size_bytes);
	for (size_t i = 0; i < n; i++) {
		r->ops->describe(r, offsets[i], text, sizeof(text));
		ck_assert_str_eq(text, places[i]);
	}
	test_dir_remove(dir);
}

START_TEST(places_in_ext4)
{
	static const char *const places[] = { "boot area", "superblock",
					      "group descriptors in group 0" };
	static const uint64_t offsets[] = { 1023, 1024, 4096 };

	check_places(&fs_writer_ext4, true, places, offsets, ARRAY_SIZE(places));
}
END_TEST

START_TEST(places_in_fat)
{
	static const char *const places[] = { "boot sector", "allocation table 1, cluster 2" };
	struct err e = { 0 };
	_cleanup_(tree_free) struct tree *t = fs_test_random(7, false);
	_cleanup_source_ struct source src = SOURCE_INIT;
	char *dir = test_dir();
	uint8_t reserved[2];

	write_image(&fs_writer_vfat, t, &src, dir);
	ck_ok(source_pread(&src, 14, reserved, 2, &e));
	const uint64_t offsets[] = { 511, get_le16(reserved) * UINT64_C(512) + 4 };
	check_places(&fs_writer_vfat, false, places, offsets, ARRAY_SIZE(places));
	test_dir_remove(dir);
}
END_TEST

START_TEST(places_in_erofs)
{
	check_places(&fs_writer_erofs, true, NULL, NULL, 0);
}
END_TEST

/* The raw inode of a path, by where the filesystem says that it lies. */
START_TEST(raw_inodes)
{
	_cleanup_(tree_free) struct tree *t = fs_test_random(7, true);
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	char *dir = test_dir(), text[64], want[64];
	uint8_t raw[128], at_place[128];
	struct err e = { 0 };
	size_t len, found = 0;

	write_image(&fs_writer_ext4, t, &src, dir);
	ck_ok(fs_reader_open(&src, &r, &e));
	ck_ok(r->ops->raw(r, r->root_ino, raw, sizeof(raw), &len, &e));
	ck_assert_uint_eq(len, sizeof(raw));
	snprintf(want, sizeof(want), "inode %llu", (unsigned long long)r->root_ino);
	for (uint64_t off = 0; off < src.size_bytes; off += 256) {
		r->ops->describe(r, off, text, sizeof(text));
		if (!str_eq(text, want))
			continue;
		ck_ok(source_pread(&src, off, at_place, sizeof(at_place), &e));
		ck_assert_mem_eq(raw, at_place, sizeof(raw));
		found++;
	}
	ck_assert_uint_eq(found, 1);
	ck_assert_int_lt(r->ops->raw(r, UINT32_MAX, raw, sizeof(raw), &len, &e), 0);
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("inspect", places_in_ext4, places_in_fat, places_in_erofs, raw_inodes)
