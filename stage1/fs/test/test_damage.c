/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Damaged images: whatever a reader says, it says it soon and without touching what is not its own
 * (run under sanitizers). Seeds are fixed; set FS_DAMAGE_ROUNDS for more of them.
 */
#include "stage1/fs/erofs_format.h"
#include "stage1/fs/test/support.h"

#define SUPER_RO_COMPAT (1024 + 100)
#define METADATA_CSUM	0x400
#define EROFS_COMPAT	(1024 + 8)
#define EROFS_CHECKSUM	1

static uint32_t next(uint64_t *x, uint32_t below)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*x >> 33) % below);
}

static unsigned int rounds(void)
{
	const char *s = getenv("FS_DAMAGE_ROUNDS");
	uint64_t n;

	return s && parse_u64(s, 10, &n) == 0 ? (unsigned int)n : 2000;
}

/* Compressible, and yet not the same everywhere. */
static struct blob *text(size_t len)
{
	uint8_t *data = malloc(len);

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i % 7 ? i / 300 : i * i >> 9);
	return blob_new_take(data, len);
}

/* A bit of everything, in few blocks. */
static struct tree *sample(bool posix)
{
	struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0777 };
	struct tree_node *n;
	struct err e = { 0 };
	char value[500] = "v", target[200];

	for (int i = 0; i < 150; i++) {
		_cleanup_free_ char *path = str_printf("dir/sub/an entry with a long name %d", i);
		fs_test_file(t, path, (size_t)i % 3);
	}
	n = fs_test_file(t, "file", 9000);
	fs_test_file(t, "dir/other.txt", 100);
	ck_ok(tree_add_file(t, "text", &(struct tree_meta){ .mode = 0644 }, text(70000), NULL, &e));
	if (!posix)
		return t;
	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = 0;
	ck_ok(tree_add_symlink(t, "slow", &m, target, NULL, &e));
	ck_ok(tree_add_symlink(t, "fast", &m, "file", NULL, &e));
	ck_assert_int_eq(tree_set_xattr(n, "user.in.inode", "abc", 3), 0);
	n = fs_test_file(t, "attributes", 5);
	ck_assert_int_eq(tree_set_xattr(n, "user.in.block", value, sizeof(value)), 0);
	ck_assert_int_eq(tree_set_xattr(n, "security.capability", value, 20), 0);
	return t;
}

/* Of EROFS only: how the next image is made. */
static enum fs_compression compression;
static uint32_t cluster_bytes;

static void make(const struct fs_writer *w, bool posix, struct buf *b)
{
	_cleanup_(tree_free) struct tree *t = sample(posix);
	struct fs_params p = fs_test_params();

	p.compression = compression;
	p.cluster_bytes = cluster_bytes;
	struct err e = { 0 };
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	struct sink s;

	ck_ok(w->plan(t, &p, &plan, &e));
	sink_init_buf(&s, b);
	ck_ok(w->write(plan, &s, &e));
	ck_assert_uint_le(b->len, plan->bytes);
	buf_append_zero(b, plan->bytes - b->len);
	ck_assert(!buf_failed(b));
}

/* An exact copy on the heap, so that a byte too far is seen. */
static int use(const struct buf *b, size_t len, struct err *e)
{
	_cleanup_free_ uint8_t *copy = malloc(len ? len : 1);
	struct source src;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, b->data, len);
	source_init_bytes(&src, copy, len);
	return fs_test_use_all(&src, e);
}

static void truncate_it(const struct fs_writer *w, bool posix)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };

	make(w, posix, &b);
	ck_ok(use(&b, b.len, &e));
	for (size_t len = 0; len < b.len; len += len < 5000 ? 61 : b.len / 200)
		ck_assert_int_lt(use(&b, len, &e), 0);
	ck_assert_int_lt(use(&b, b.len - 1, &e), 0);
}

/* Where there is something: flipping zeros in unused space tells little. */
static size_t *used_offsets(const struct buf *b, size_t *ret_n)
{
	size_t *v = malloc(b->len * sizeof(*v)), n = 0;

	ck_assert_ptr_nonnull(v);
	for (size_t i = 0; i < b->len; i++) {
		size_t block = i / 64 * 64;
		static const uint8_t zeros[64];
		if (memcmp(b->data + block, zeros, MIN(64, b->len - block)) != 0)
			v[n++] = i;
	}
	*ret_n = n;
	return v;
}

static void forget_checksums(const struct fs_writer *w, uint8_t *image)
{
	if (w == &fs_writer_ext4)
		put_le32(image + SUPER_RO_COMPAT,
			 get_le32(image + SUPER_RO_COMPAT) & ~METADATA_CSUM);
	if (w == &fs_writer_erofs)
		put_le32(image + EROFS_COMPAT, get_le32(image + EROFS_COMPAT) & ~EROFS_CHECKSUM);
}

static void flip(const struct fs_writer *w, bool posix, bool checksums, bool must_notice)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	unsigned int n_failed = 0, n_rounds = rounds();
	struct source src;
	size_t n_used;
	struct err e = { 0 };

	make(w, posix, &b);
	if (!checksums)
		forget_checksums(w, b.data);
	/* An exact copy, so that a byte too far is seen; made once, as that takes longer than reading it. */
	_cleanup_free_ uint8_t *image = malloc(b.len);
	ck_assert_ptr_nonnull(image);
	memcpy(image, b.data, b.len);
	source_init_bytes(&src, image, b.len);
	ck_ok(fs_test_use_all(&src, &e));
	_cleanup_free_ size_t *used = used_offsets(&b, &n_used);
	for (uint64_t seed = 1; seed <= n_rounds; seed++) {
		uint64_t x = seed;
		size_t at[16];
		uint8_t old[16];
		unsigned int n = 1 + next(&x, ARRAY_SIZE(at));
		for (unsigned int i = 0; i < n; i++) {
			at[i] = used[next(&x, (uint32_t)n_used)];
			old[i] = image[at[i]];
			image[at[i]] = next(&x, 4) ? (uint8_t)next(&x, 256)
						   : (uint8_t)(old[i] ^ 1 << next(&x, 8));
		}
		n_failed += fs_test_use_all(&src, &e) < 0;
		for (unsigned int i = n; i-- > 0;)
			image[at[i]] = old[i];
	}
	printf("%s: %u of %u damaged images refused\n", w->name, n_failed, n_rounds);
	ck_assert_uint_gt(n_failed, must_notice ? n_rounds / 10 : 0);
}

START_TEST(ext4_truncated)
{
	truncate_it(&fs_writer_ext4, true);
}
END_TEST

START_TEST(ext4_flipped)
{
	flip(&fs_writer_ext4, true, true, true);
}
END_TEST

/* What one makes who can make checksums, too: they are switched off. */
START_TEST(ext4_flipped_without_checksums)
{
	flip(&fs_writer_ext4, true, false, false);
}
END_TEST

START_TEST(erofs_truncated)
{
	truncate_it(&fs_writer_erofs, true);
}
END_TEST

static void flip_erofs(enum fs_compression c, uint32_t bytes)
{
	compression = c;
	cluster_bytes = bytes;
	flip(&fs_writer_erofs, true, false, false);
}

START_TEST(erofs_flipped)
{
	flip_erofs(FS_PLAIN, 0);
}
END_TEST

START_TEST(erofs_flipped_lz4)
{
	flip_erofs(FS_LZ4, 0);
}
END_TEST

START_TEST(erofs_flipped_zstd)
{
	flip_erofs(FS_ZSTD, 16384);
}
END_TEST

START_TEST(vfat_truncated)
{
	truncate_it(&fs_writer_vfat, false);
}
END_TEST

START_TEST(vfat_flipped)
{
	flip(&fs_writer_vfat, false, true, true);
}
END_TEST

START_TEST(nothing_and_noise)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };
	uint64_t x = 1;

	buf_append_zero(&b, 100000);
	ck_fails(use(&b, b.len, &e), -EINVAL, "not a filesystem that we know");
	for (int i = 0; i < 200; i++) {
		for (size_t k = 0; k < b.len; k++)
			b.data[k] = (uint8_t)next(&x, 256);
		put_le16(b.data + 1080, 0xef53); /* ext4's magic */
		ck_assert_int_lt(use(&b, b.len, &e), 0);
		put_le16(b.data + 1080, 0);
		put_le16(b.data + 510, 0xaa55);
		b.data[0] = 0xeb;
		b.data[21] = 0xf8;
		put_le16(b.data + 11, 512);
		b.data[13] = 1;
		b.data[16] = 2;
		ck_assert_int_lt(use(&b, b.len, &e), 0);
	}
}
END_TEST

/* Offset of the entry with this short name. */
static size_t find_entry(const struct buf *b, const char *name)
{
	const uint8_t *p = memmem(b->data, b->len, name, 11);

	ck_assert_ptr_nonnull(p);
	return (size_t)(p - b->data);
}

START_TEST(vfat_particular_damage)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };

	make(&fs_writer_vfat, false, &b);
	size_t fat = (size_t)get_le16(b.data + 14) * 512, file = find_entry(&b, "FILE       ");
	size_t sub = find_entry(&b, "SUB        ");
	uint16_t dir_cluster = get_le16(b.data + find_entry(&b, "DIR        ") + 26);
	uint16_t cluster = get_le16(b.data + file + 26);
	put_le16(b.data + fat + 2 * cluster, cluster); /* a loop of one */
	ck_fails(use(&b, b.len, &e), -EINVAL, "in a loop");
	put_le16(b.data + fat + 2 * cluster, 0xfff0);
	ck_fails(use(&b, b.len, &e), -EINVAL, "which is none");
	put_le16(b.data + fat + 2 * cluster, 0xffff);
	ck_fails(use(&b, b.len, &e), -EINVAL, "9000 bytes in 1 clusters");
	put_le16(b.data + fat + 2 * cluster, (uint16_t)(cluster + 1));
	ck_ok(use(&b, b.len, &e));
	put_le32(b.data + file + 28, 0); /* a power cut before the size was written */
	ck_ok(use(&b, b.len, &e));
	put_le32(b.data + file + 28, 9000);
	uint16_t old = get_le16(b.data + sub + 26);
	put_le16(b.data + sub + 26, dir_cluster); /* a directory in itself */
	ck_fails(use(&b, b.len, &e), -EINVAL, "in two chains");
	put_le16(b.data + sub + 26, old);
	b.data[file - 32 + 13] ^= 1; /* the long name's checksum */
	ck_fails(use(&b, b.len, &e), -EINVAL, "does not belong");
	b.data[file - 32 + 13] ^= 1;
	b.data[file - 32] = 0x42; /* its number */
	ck_fails(use(&b, b.len, &e), -EINVAL, "does not belong");
	b.data[file - 32] = 0x7f;
	ck_fails(use(&b, b.len, &e), -EINVAL, "bad long name");
}
END_TEST

START_TEST(ext4_particular_damage)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };

	make(&fs_writer_ext4, true, &b);
	put_le32(b.data + SUPER_RO_COMPAT, get_le32(b.data + SUPER_RO_COMPAT) & ~METADATA_CSUM);
	/* "dir" is entered below itself: its entry for "sub" now names its parent */
	uint8_t *sub = memmem(b.data, b.len, "\x03\x02sub", 5);
	ck_assert_ptr_nonnull(sub);
	uint32_t old = get_le32(sub - 6);
	put_le32(sub - 6, 2);
	ck_fails(use(&b, b.len, &e), -EINVAL, "is there twice");
	put_le32(sub - 6, 0x7fffffff);
	ck_fails(use(&b, b.len, &e), -EINVAL, "no inode 2147483647");
	put_le32(sub - 6, old);
	ck_ok(use(&b, b.len, &e));
	sub[2] = '/';
	ck_fails(use(&b, b.len, &e), -EINVAL, "bad name");
	sub[2] = 's';
	uint8_t *other = memmem(b.data, b.len, "\x09\x01other.txt", 11);
	ck_assert_ptr_nonnull(other);
	other[0] = 60; /* the name goes past its entry */
	ck_fails(use(&b, b.len, &e), -EINVAL, "bad directory entry");
	other[0] = 9;
	put_le16(sub - 2, 5);
	ck_fails(use(&b, b.len, &e), -EINVAL, "bad directory entry");
}
END_TEST

static int find_index(void *ctx, const struct fs_extent *x, struct err *e unused_)
{
	*(uint64_t *)ctx = x->offset;
	return x->own && str_eq(x->own, "index of clusters");
}

/* What the reader does not know it names. */
START_TEST(erofs_unknown_features)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };
	struct source src;
	uint64_t ino, at;
	uint8_t byte;
	size_t len;

	compression = FS_LZ4;
	cluster_bytes = 0;
	make(&fs_writer_erofs, true, &b);
	forget_checksums(&fs_writer_erofs, b.data);
	source_init_bytes(&src, b.data, b.len);
	ck_ok(fs_reader_open(&src, &r, &e));
	ck_ok(fs_reader_lookup(r, "text", &ino, &e));
	ck_assert_int_eq(r->ops->extents(r, ino, find_index, &at, &e), 1);
	struct erofs_map_head *head = (struct erofs_map_head *)(b.data + at), old = *head;
	head->algorithms = EROFS_LZMA;
	ck_fails(r->ops->read(r, ino, 0, &byte, 1, &len, &e), -EINVAL, "compressed with LZMA");
	head->algorithms = EROFS_DEFLATE;
	ck_fails(r->ops->read(r, ino, 0, &byte, 1, &len, &e), -EINVAL, "compressed with DEFLATE");
	*head = old;
	head->cluster_bits = 1;
	ck_fails(r->ops->read(r, ino, 0, &byte, 1, &len, &e), -EINVAL,
		 "logical clusters of more than a block");
	*head = old;
	head->advise = EROFS_ADVISE_FRAGMENT;
	ck_fails(r->ops->read(r, ino, 69999, &byte, 1, &len, &e), -EINVAL,
		 "a packed inode that there is not");
	head->advise = 0x40;
	ck_fails(r->ops->read(r, ino, 0, &byte, 1, &len, &e), -EINVAL,
		 "compressed in a way that is not known");
	*head = old;
	ck_ok(r->ops->read(r, ino, 0, &byte, 1, &len, &e));
	((struct erofs_super *)(b.data + EROFS_SUPER_OFFSET))->extra_devices = 1;
	ck_fails(use(&b, b.len, &e), -EINVAL, "contents on 1 further devices");
}
END_TEST

TEST_MAIN("damage", erofs_unknown_features, erofs_truncated, erofs_flipped, erofs_flipped_lz4,
	  erofs_flipped_zstd, ext4_truncated, ext4_flipped, ext4_flipped_without_checksums,
	  vfat_truncated, vfat_flipped, nothing_and_noise, vfat_particular_damage,
	  ext4_particular_damage)
