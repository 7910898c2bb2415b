/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EROFS: each kind of difference is named by what of the filesystem it is. */
#include <ext2fs/ext2fs.h>

#include "builder/audit/test/diff_support.h"
#include "stage1/fs/test/erofs_support.h"

static struct err e;

static void two_init_erofs(struct two *t)
{
	two_init(t);
	t->a.usr_writer = t->b.usr_writer = &fs_writer_erofs;
}

START_TEST(usr_as_erofs)
{
	struct two t;

	two_init_erofs(&t);
	im_text(t.b.usr, "lib/text", "one\n2\nthree\n");
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/text", "content, line 2", "two", "2");
	two_init_erofs(&t);
	t.b.usr_fs.uuid[0] = 0xff;
	one_cause(&t, DIFF_DERIVED, "usr-a: superblock", "UUID",
		  "01010101-0101-0101-0101-010101010101", "ff010101-0101-0101-0101-010101010101");
	two_init_erofs(&t);
	struct diff_report d = two_compare(&t);
	ck_assert_uint_eq(diff_report_total(&d), 0);
	flip_one(USR + 4 * MiB - 1, DIFF_SLACK, "usr-a: after the end of its content",
		 "content, offset", 2);
	flip_one(USR + 1024 + 49, DIFF_DERIVED, "usr-a: superblock", "UUID", 3);
}
END_TEST

/* A filesystem by itself, in memory and as a.fs and b.fs. */
struct fs_image {
	struct buf b;
	struct source src;
	struct fs_reader *r;
};

#define _cleanup_image_ __attribute__((cleanup(image_done)))

static void image_done(struct fs_image *i)
{
	fs_reader_free(i->r);
	buf_done(&i->b);
}

static struct tree *make_tree(void)
{
	const struct tree_meta m = { .mode = 0755, .mtime = IM_TIME };
	char target[4000];
	struct tree *t = tree_new();

	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = 0;
	for (int i = 0; i < 300; i++) {
		_cleanup_free_ char *path = str_printf("dir/an entry of a long directory %d", i);
		im_file(t, path, path, (size_t)i % 7);
	}
	erofs_test_text(t, "lib/text", 100000);
	erofs_test_text(t, "lib/short", 5000);
	fs_test_file(t, "noise", 9001);
	fs_test_file(t, "block", 4090); /* too long to lie behind its inode */
	ck_ok(tree_put_symlink(t, "slow", &m, target, NULL, &e));
	struct tree_node *x = im_text(t, "x", "with attributes");
	ck_ok(tree_set_xattr(x, "user.own", "its own", 7));
	ck_ok(tree_set_xattr(x, "user.shared", "of both", 7));
	ck_ok(tree_set_xattr(im_text(t, "y", "too"), "user.shared", "of both", 7));
	return t;
}

static void make_image(struct fs_image *i, const struct fs_params *p)
{
	_cleanup_(tree_free) struct tree *t = make_tree();

	*i = (struct fs_image){ .b = BUF_INIT };
	im_fs(&fs_writer_erofs, t, p, &i->b);
	source_init_bytes(&i->src, i->b.data, i->b.len);
	ck_ok(fs_reader_open(&i->src, &i->r, &e));
	fx_write("a.fs", i->b.data, i->b.len);
}

/* What the superblock says of its block holds again. */
static void mend_checksum(uint8_t *image)
{
	struct erofs_super *super = (struct erofs_super *)(image + EROFS_SUPER_OFFSET);

	super->checksum = 0;
	super->checksum = ext2fs_crc32c_le(UINT32_MAX, image + EROFS_SUPER_OFFSET,
					   EROFS_BLOCK_BYTES - EROFS_SUPER_OFFSET);
}

/* The image against itself with one byte changed. */
static struct diff_report compare_changed(const struct fs_image *i, uint64_t at, uint8_t bits,
					  bool mend)
{
	_cleanup_free_ uint8_t *copy = malloc(i->b.len);

	memcpy(copy, i->b.data, i->b.len);
	copy[at] ^= bits;
	if (mend)
		mend_checksum(copy);
	fx_write("b.fs", copy, i->b.len);
	return compare(fx_path("a.fs"), fx_path("b.fs"));
}

struct wanted {
	const char *own; /* as in struct fs_extent */
	bool found;
	struct fs_extent x;
};

static int keep_stretch(void *ctx, const struct fs_extent *x, struct err *ep unused_)
{
	struct wanted *w = ctx;

	if (w->found || !x->own != !w->own || (x->own && !str_eq(x->own, w->own)))
		return 0;
	w->found = true;
	w->x = *x;
	return 0;
}

/* The first stretch of a path. */
static struct fs_extent stretch(const struct fs_image *i, const char *path, const char *own)
{
	struct wanted w = { .own = own };
	uint64_t ino;

	ck_ok(fs_reader_lookup(i->r, path, &ino, &e));
	ck_ok(i->r->ops->extents(i->r, ino, keep_stretch, &w, &e));
	ck_assert_msg(w.found, "%s has no %s", path, own ? own : "content");
	return w.x;
}

#define IN(member) offsetof(struct erofs_inode_compact, member)

static const struct {
	enum fs_compression compression;
	const char *path, *own; /* NULL: its content */
	int64_t at;		/* in the first stretch; below 0: from its end */
	enum diff_kind kind;
	const char *where, *field;
} changes[] = {
	{ FS_PLAIN, "x", "inode", IN(ino), DIFF_PLACEMENT, "/x", "number for stat()" },
	{ FS_PLAIN, "x", "inode", IN(reserved), DIFF_FORMAT, "/x", "reserved" },
	{ FS_PLAIN, "x", "inode", IN(reserved2) + 3, DIFF_FORMAT, "/x", "reserved" },
	{ FS_PLAIN, "x", "inode", IN(mode), DIFF_MODE, "/x", "mode" },
	{ FS_PLAIN, "x", "inode", IN(uid), DIFF_OWNER, "/x", "owner" },
	{ FS_PLAIN, "x", "inode", IN(u), DIFF_PLACEMENT, "/x", "first block" },
	{ FS_PLAIN, "noise", "inode", IN(u), DIFF_CONTENT, "/noise", "content, offset 0" },
	{ FS_PLAIN, "x", "inode", IN(format) + 1, DIFF_DAMAGE, "/x", "its inode" },
	{ FS_PLAIN, "x", "attributes", 0, DIFF_FORMAT, "/x", "its attributes" },
	{ FS_PLAIN, "x", "attributes", -3, DIFF_XATTR, "/x", "extended attribute" },
	{ FS_PLAIN, "x", "shared attributes", -1, DIFF_XATTR, "/y", "extended attribute" },
	{ FS_PLAIN, "x", NULL, 5, DIFF_CONTENT, "/x", "content, line 1" },
	{ FS_PLAIN, "noise", NULL, 4096, DIFF_CONTENT, "/noise", "content, offset 4096" },
	{ FS_PLAIN, "slow", NULL, 5, DIFF_CONTENT, "/slow", "target" },
	{ FS_PLAIN, "dir", NULL, 10, DIFF_FORMAT, "/dir", "its entries as they are stored" },
	{ FS_LZ4, "lib/text", "inode", IN(u), DIFF_PLACEMENT, "/lib/text", "compressed blocks" },
	{ FS_LZ4, "lib/text", "index of clusters", 0, DIFF_FORMAT, "/lib/text",
	  "its index of clusters" },
	{ FS_LZ4, "lib/text", "index of clusters", 8, DIFF_FORMAT, "/lib/text",
	  "its index of clusters" },
	{ FS_LZ4, "lib/text", "index of clusters", 6, DIFF_DAMAGE, "/lib/text", "cannot be read" },
	{ FS_LZ4, "lib/text", NULL, 0, DIFF_DAMAGE, "/lib/text", "cannot be read" },
	{ FS_ZSTD, "lib/text", NULL, -5, DIFF_DAMAGE, "/lib/text", "cannot be read" },
};

static struct fs_params params(enum fs_compression compression, int level)
{
	struct fs_params p = fs_test_params();

	p.compression = compression;
	p.level = level;
	return p;
}

START_TEST(changed_structures)
{
	for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
		_cleanup_image_ struct fs_image i;
		struct fs_params p = params(changes[k].compression, 0);
		make_image(&i, &p);
		struct fs_extent x = stretch(&i, changes[k].path, changes[k].own);
		uint64_t at = x.offset + (uint64_t)changes[k].at + (changes[k].at < 0 ? x.len : 0);
		struct diff_report d = compare_changed(&i, at, 1, true);
		(void)find(&d, changes[k].kind, changes[k].where, changes[k].field);
		diff_report_done(&d);
	}
}
END_TEST

/* What belongs to no file. */
START_TEST(changed_superblock_and_slack)
{
	_cleanup_image_ struct fs_image i;
	struct fs_params p = params(FS_ZSTD, 0);

	make_image(&i, &p);
	struct fs_extent content = stretch(&i, "block", NULL);
	const struct {
		uint64_t at;
		enum diff_kind kind;
		const char *where, *field;
	} places[] = {
		{ 1000, DIFF_FORMAT, "", "boot area" },
		{ 1024 + offsetof(struct erofs_super, uuid), DIFF_DERIVED, "superblock", "UUID" },
		{ 1024 + offsetof(struct erofs_super, label), DIFF_LABEL, "superblock", "label" },
		{ 1024 + offsetof(struct erofs_super, epoch_nsec), DIFF_IMAGE_TIME, "superblock",
		  "time of creation, nanoseconds" },
		{ 1024 + 128 + 3, DIFF_FORMAT, "", "configuration of compression" },
		{ 1024 + 128 + 40, DIFF_SLACK, "", "free space" },
		{ content.offset + 4090, DIFF_SLACK, "/block", "after the end of its content" },
	};
	for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
		struct diff_report d = compare_changed(&i, places[k].at, 1, true);
		(void)find(&d, places[k].kind, places[k].where, places[k].field);
		check_causes(&d, 1);
		diff_report_done(&d);
	}
	/* A checksum that nobody has mended: what it is of is named, too. */
	struct diff_report d = compare_changed(&i, 1024 + 128 + 3, 1, false);
	(void)find(&d, DIFF_DAMAGE, "", "cannot be read");
	(void)find(&d, DIFF_DAMAGE, "", "configuration of compression");
	diff_report_done(&d);
	d = compare_changed(&i, 1024 + offsetof(struct erofs_super, checksum), 1, false);
	(void)find(&d, DIFF_DAMAGE, "superblock", "checksum");
	diff_report_done(&d);
}
END_TEST

/* Whose each byte of the image is: a path, or NULL. */
struct owners {
	struct fs_reader *r;
	char **v;
	char *path;
	struct strv paths;
};

static int own_stretch(void *ctx, const struct fs_extent *x, struct err *ep unused_)
{
	struct owners *o = ctx;

	for (uint64_t at = x->offset; at < x->offset + x->len; at++)
		if (!o->v[at])
			o->v[at] = o->path;
	return 0;
}

static int own_inode(void *ctx, const char *path, const struct fs_stat *st, struct err *ep)
{
	struct owners *o = ctx;
	_cleanup_free_ char *where = str_printf("/%s", path);

	ck_assert_int_eq(strv_add(&o->paths, where), 0);
	o->path = o->paths.v[o->paths.n - 1];
	return o->r->ops->extents(o->r, st->ino, own_stretch, o, ep);
}

/* Is there a cause that names the owner, or if it is nobody's any but that the images differ? */
static bool is_attributed(const struct diff_report *d, const char *owner)
{
	for (size_t i = 0; i < d->n; i++)
		if (diff_kind_is_cause(d->v[i].kind) &&
		    (owner ? str_has_prefix(d->v[i].where, owner)
			   : !str_has_prefix(d->v[i].field, "content, offset")))
			return true;
	return false;
}

static void attribute_random_bytes(const struct fs_image *i)
{
	struct owners o = { .r = i->r, .v = calloc(i->b.len, sizeof(*o.v)) };
	uint64_t x = 88172645463325252u;

	ck_assert_ptr_nonnull(o.v);
	ck_ok(fs_reader_walk(i->r, own_inode, &o, &e));
	for (int k = 0; k < (TEST_SANITIZED ? 60 : 400); k++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		/* half of them where inodes and directories are */
		uint64_t at = x % (k % 2 ? i->b.len : MIN(i->b.len, 40000));
		struct diff_report d =
			compare_changed(i, at, (uint8_t)(1 << (x >> 40 & 7)), k % 4 != 0);
		if (!is_attributed(&d, o.v[at])) {
			print(&d);
			ck_abort_msg("byte %llu of %s", (unsigned long long)at,
				     o.v[at] ? o.v[at] : "nobody");
		}
		diff_report_done(&d);
	}
	strv_done(&o.paths);
	free(o.v);
}

START_TEST(every_byte_is_attributed)
{
	static const enum fs_compression ways[] = { FS_PLAIN, FS_LZ4, FS_ZSTD };

	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		_cleanup_image_ struct fs_image i;
		struct fs_params p = params(ways[way], 0);
		make_image(&i, &p);
		attribute_random_bytes(&i);
	}
}
END_TEST

/* The same tree by another level: nothing of it differs but how it is stored. */
START_TEST(same_tree_compressed_otherwise)
{
	_cleanup_image_ struct fs_image a, b;
	struct fs_params p = params(FS_LZ4HC, 3), q = params(FS_LZ4HC, 12);

	make_image(&b, &q);
	fx_write("b.fs", b.b.data, b.b.len);
	make_image(&a, &p);
	struct diff_report d = compare(fx_path("a.fs"), fx_path("b.fs"));
	(void)find(&d, DIFF_PLACEMENT, "/lib/text", "place");
	ck_assert_uint_eq(d.counts[DIFF_CONTENT] + d.counts[DIFF_MISSING] + d.counts[DIFF_SLACK],
			  0);
	diff_report_done(&d);
}
END_TEST

/* One cluster as another compressor would write it: in literals alone, where that is as long. */
START_TEST(cluster_compressed_otherwise)
{
	_cleanup_(tree_free) struct tree *t = tree_new(), *u = tree_new();
	struct fs_params p = params(FS_LZ4HC, 3), q = params(FS_LZ4HC, 12);
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;

	erofs_test_text(t, "text", 5000);
	erofs_test_text(u, "text", 5000);
	im_fs(&fs_writer_erofs, t, &p, &a);
	im_fs(&fs_writer_erofs, u, &q, &b);
	fx_write("a.fs", a.data, a.len);
	fx_write("b.fs", b.data, b.len);
	struct diff_report d = compare(fx_path("a.fs"), fx_path("b.fs"));
	(void)find(&d, DIFF_COMPRESSION, "/text", "its content as it is compressed");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

/* The same tree with a file's content at the image's end. */
START_TEST(same_tree_at_other_places)
{
	_cleanup_image_ struct fs_image i;
	struct fs_params p = params(FS_PLAIN, 0);

	make_image(&i, &p);
	struct fs_extent content = stretch(&i, "noise", NULL),
			 inode = stretch(&i, "noise", "inode");
	size_t len = i.b.len + content.len;
	_cleanup_free_ uint8_t *copy = malloc(len);
	memcpy(copy, i.b.data, i.b.len);
	memcpy(copy + i.b.len, i.b.data + content.offset, content.len);
	put_le32(copy + inode.offset + IN(u), (uint32_t)(i.b.len / EROFS_BLOCK_BYTES));
	((struct erofs_super *)(copy + EROFS_SUPER_OFFSET))->n_blocks =
		(uint32_t)(len / EROFS_BLOCK_BYTES);
	mend_checksum(copy);
	fx_write("b.fs", copy, len);
	struct diff_report d = compare(fx_path("a.fs"), fx_path("b.fs"));
	(void)find(&d, DIFF_PLACEMENT, "/noise", "first block");
	(void)find(&d, DIFF_PLACEMENT, "/noise", "place");
	(void)find(&d, DIFF_PLACEMENT, "superblock", "blocks");
	check_causes(&d, 3);
	diff_report_done(&d);
}
END_TEST

FX_MAIN("diff_erofs", usr_as_erofs, changed_structures, changed_superblock_and_slack,
	every_byte_is_attributed, same_tree_compressed_otherwise, cluster_compressed_otherwise,
	same_tree_at_other_places)
