/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where readers say that things lie, the bytes of these things are. */
#include "stage1/fs/erofs_format.h"
#include "stage1/fs/test/erofs_support.h"

struct check {
	struct fs_reader *r;
	const struct source *src;
	const struct fs_stat *st;
	const char *path;
	bool sparse; /* contents may have holes */
	uint8_t *content;
	uint8_t *
		owned; /* may be NULL; a byte for each of the image that is told to be somebody's */
	uint64_t covered; /* bytes of the content whose place was told */
	uint64_t n_own, n_compressed;
	size_t n_checked;
};

static void check_hole(const struct check *c, uint64_t end)
{
	for (uint64_t at = c->covered; at < end; at++)
		ck_assert_msg(c->content[at] == 0, "%s", c->path);
}

static int check_extent(void *ctx, const struct fs_extent *x, struct err *ep)
{
	struct check *c = ctx;
	struct err e = { 0 };
	char text[64] = "?";
	uint8_t data[4096];

	if (c->owned)
		memset(c->owned + x->offset, 1, x->len);
	c->n_own += x->own != NULL;
	c->n_compressed += x->compressed;
	c->r->ops->describe(c->r, x->offset, text, sizeof(text));
	ck_assert_msg(str_eq(text, ""), "%s lies in: %s", c->path, text);
	if (x->own || !S_ISREG(c->st->mode))
		return 0;
	ck_assert_msg(c->sparse ? x->logical >= c->covered : x->logical == c->covered, "%s",
		      c->path);
	check_hole(c, x->logical);
	c->covered = x->logical + x->content_len;
	for (uint64_t at = 0; at < x->content_len && !x->compressed; at += sizeof(data)) {
		size_t n = (size_t)MIN(sizeof(data), x->content_len - at);
		ck_ok(source_pread(c->src, x->offset + at, data, n, &e));
		ck_assert_msg(memcmp(data, c->content + x->logical + at, n) == 0, "%s", c->path);
	}
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
	if (S_ISREG(st->mode) && c->sparse)
		check_hole(c, st->size_bytes);
	else if (S_ISREG(st->mode))
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

/* A tree with each kind of content that EROFS has a layout for. */
static struct tree *erofs_tree(void)
{
	struct tree *t = fs_test_random(7, true);
	struct tree_meta m = { .mode = 0600 };
	uint8_t *data = calloc(1, 300001);
	struct tree_node *n = fs_test_file(t, "equal 1", 9000);
	static const uint8_t value[3900];
	struct err e = { 0 };

	ck_assert_ptr_nonnull(data);
	for (size_t at = 0; at < 300000; at += 110000)
		memcpy(data + at, "here", 4);
	ck_ok(tree_add_file(t, "sparse", &m, blob_new_take(data, 300001), NULL, &e));
	erofs_test_text(t, "text", 200001);
	/* Short enough that its rest could lie behind its inode, which attributes forbid to one of them. */
	ck_ok(tree_add_file(t, "equal 2", &m, blob_ref(n->inode->blob), &n, &e));
	ck_assert_int_eq(tree_set_xattr(n, "user.long", value, sizeof(value)), 0);
	return t;
}

/* What no stretch and no place accounts for is zero: there is nothing else in the image. */
static void check_rest(const struct check *c)
{
	for (uint64_t at = 0; at < c->src->size_bytes; at++) {
		char text[64];
		if (c->owned[at] || !c->src->bytes[at])
			continue;
		c->r->ops->describe(c->r, at, text, sizeof(text));
		ck_assert_msg(*text, "nobody's: byte %llu", (unsigned long long)at);
	}
}

static void check_erofs(size_t way)
{
	_cleanup_(tree_free) struct tree *t = erofs_tree();
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct fs_params p = erofs_test_params(way);
	char *dir = test_dir(), text[64];
	_cleanup_free_ char *path = str_printf("%s/image", dir);
	struct err e = { 0 };

	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, path, &e));
	ck_ok(source_open(&src, path, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	_cleanup_free_ uint8_t *owned = calloc(1, src.size_bytes);
	struct check c = { .r = r, .src = &src, .owned = owned, .sparse = true };
	ck_ok(fs_reader_walk(r, check_one, &c, &e));
	ck_assert_uint_eq(c.n_checked, tree_count(t));
	ck_assert_uint_eq(r->size_bytes, src.size_bytes);
	ck_assert(p.compression == FS_PLAIN ? c.n_compressed == 0 : c.n_compressed > 0);
	check_rest(&c);
	r->ops->describe(r, 1023, text, sizeof(text));
	ck_assert_str_eq(text, "boot area");
	r->ops->describe(r, 1024 + 127, text, sizeof(text));
	ck_assert_str_eq(text, "superblock");
	r->ops->describe(r, 1024 + 128, text, sizeof(text));
	ck_assert_str_eq(text, p.compression == FS_ZSTD || p.cluster_bytes > 4096
				       ? "configuration of compression"
				       : "");
	test_dir_remove(dir);
}

START_TEST(places_in_erofs)
{
	for (size_t way = 0; way < EROFS_TEST_N_WAYS; way++)
		check_erofs(way);
}
END_TEST

struct stretch {
	const char *own;
	uint64_t at, len;
};

static int find_stretch(void *ctx, const struct fs_extent *x, struct err *e unused_)
{
	struct stretch *s = ctx;

	if (!x->own || !str_eq(x->own, s->own))
		return 0;
	s->at = x->offset;
	s->len = x->len;
	return 1;
}

START_TEST(raw_inodes_of_erofs)
{
	_cleanup_(tree_free) struct tree *t = erofs_tree();
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct stretch s = { .own = "inode" };
	char *dir = test_dir();
	struct err e = { 0 };
	uint8_t raw[128];
	size_t len;

	write_image(&fs_writer_erofs, t, &src, dir);
	ck_ok(fs_reader_open(&src, &r, &e));
	ck_ok(r->ops->raw(r, r->root_ino, raw, sizeof(raw), &len, &e));
	ck_assert_int_eq(r->ops->extents(r, r->root_ino, find_stretch, &s, &e), 1);
	ck_assert_uint_eq(len, s.len);
	ck_assert_mem_eq(raw, src.bytes + s.at, len);
	ck_assert_int_lt(r->ops->raw(r, UINT32_MAX, raw, sizeof(raw), &len, &e), 0);
	test_dir_remove(dir);
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

TEST_MAIN("inspect", places_in_ext4, places_in_fat, raw_inodes, raw_inodes_of_erofs,
	  places_in_erofs)
