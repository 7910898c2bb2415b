/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees against those of veritysetup, and damage that must be found. */
#include <fcntl.h>

#include "base/blob.h"
#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "verity/test/noise.h"
#include "verity/verity.h"

#define SALT_HEX                                                           \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define UUID_TEXT "00112233-4455-6677-8899-aabbccddeeff"
#define UUID_HEX  "00112233445566778899aabbccddeeff"

static struct verity_params params(uint64_t data_blocks, size_t salt_bytes)
{
	struct verity_params p = { .data_block_bytes = 4096,
				   .hash_block_bytes = 4096,
				   .data_blocks = data_blocks,
				   .salt_bytes = salt_bytes };
	char hex[2 * 64 + 1] = "";

	memcpy(hex, SALT_HEX, 2 * salt_bytes);
	ck_assert_int_eq(hex_decode(hex, p.salt, salt_bytes), 0);
	ck_assert_int_eq(hex_decode(UUID_HEX, p.uuid, 16), 0);
	return p;
}

/* A source that is read, not mapped. */
static struct source unmapped(const struct source *s)
{
	struct source w;
	struct err e = { 0 };

	ck_ok(source_init_window(&w, s, 0, s->size_bytes, &e));
	w.bytes = NULL;
	return w;
}

static const char *veritysetup(void)
{
	static const char *const paths[] = { "/usr/sbin/veritysetup", "/sbin/veritysetup",
					     "/usr/bin/veritysetup" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* Runs veritysetup format; its root hash in hex goes to @root_hex. */
static void oracle(const struct verity_params *p, bool superblock, const char *data_path,
		   const char *hash_path, char root_hex[65])
{
	_cleanup_free_ char *salt = str_printf("--salt=%.*s", (int)(2 * p->salt_bytes), SALT_HEX);
	_cleanup_free_ char *data_block = str_printf("--data-block-size=%u", p->data_block_bytes);
	_cleanup_free_ char *hash_block = str_printf("--hash-block-size=%u", p->hash_block_bytes);
	_cleanup_free_ char *blocks =
		str_printf("--data-blocks=%llu", (unsigned long long)p->data_blocks);
	const char *const argv[] = { veritysetup(),
				     "format",
				     data_block,
				     hash_block,
				     blocks,
				     "--uuid=" UUID_TEXT,
				     p->salt_bytes ? salt : "--salt=-",
				     data_path,
				     hash_path,
				     superblock ? NULL : "--no-superblock",
				     NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = { 0 };

	ck_ok(run_program(&(struct run_params){ .argv = argv, .out = &out }, NULL, &e));
	const char *line = strstr(buf_str(&out), "Root hash:");
	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(sscanf(line, "Root hash: %64s", root_hex), 1);
}

static void build(const struct verity_params *p, const struct source *data, struct buf *area,
		  char root_hex[65])
{
	struct sink out;
	struct err e = { 0 };
	uint8_t root[VERITY_ROOT_HASH_BYTES];

	sink_init_buf(&out, area);
	ck_ok(verity_build(p, data, &out, root, &e));
	hex_encode(root, sizeof(root), root_hex);
	ck_assert_uint_eq(area->len, verity_area_bytes(p));
}

static void expect_file(const char *path, const uint8_t *bytes, size_t len)
{
	_cleanup_(blob_unref) struct blob *b = NULL;
	struct err e = { 0 };

	ck_ok(blob_new_file(AT_FDCWD, path, &b, &e));
	ck_assert_uint_eq(b->len, len);
	ck_assert(memcmp(b->data, bytes, len) == 0);
}

/* Ours and veritysetup's, small ones also without the superblock; and libcryptsetup accepts ours. */
static void compare(const struct verity_params *p, const char *dir, const char *data_path)
{
	_cleanup_free_ char *with = str_printf("%s/with", dir), *ours = str_printf("%s/ours", dir);
	_cleanup_free_ char *without = str_printf("%s/without", dir);
	char root_hex[65], want_hex[65];
	uint8_t root[VERITY_ROOT_HASH_BYTES];
	_cleanup_buf_ struct buf area = BUF_INIT;
	_cleanup_source_ struct source data = SOURCE_INIT;
	struct source hash;
	struct err e = { 0 };

	ck_ok(source_open(&data, data_path, &e));
	build(p, &data, &area, root_hex);
	ck_ok(outfile_write(ours, 0600, area.data, area.len, &e));
	oracle(p, true, data_path, with, want_hex);
	ck_assert_str_eq(root_hex, want_hex);
	expect_file(with, area.data, area.len);
	if (p->data_blocks > 1 && p->data_blocks < 1000) {
		oracle(p, false, data_path, without, want_hex);
		ck_assert_str_eq(root_hex, want_hex);
		expect_file(without, area.data + p->hash_block_bytes,
			    area.len - p->hash_block_bytes);
		ck_assert_int_eq(unlink(without), 0);
	}
	ck_assert_int_eq(hex_decode(root_hex, root, sizeof(root)), 0);
	ck_ok(verity_verify_cryptsetup(data_path, ours, root, &e));
	source_init_bytes(&hash, area.data, area.len);
	ck_ok(verity_verify(&data, &hash, root, p->pool, &e));
	ck_assert_int_eq(unlink(with), 0);
}

static void write_noise(const char *path, size_t bytes)
{
	_cleanup_free_ uint8_t *data = malloc(bytes);
	struct err e = { 0 };

	ck_ok(outfile_write(path, 0600, noise(data, bytes, bytes), bytes, &e));
}

static void compare_noise(struct verity_params p)
{
	_cleanup_free_ char *dir = test_dir(), *data_path = str_printf("%s/data", dir);

	write_noise(data_path, p.data_blocks * p.data_block_bytes);
	compare(&p, dir, data_path);
	test_dir_remove(TAKE_PTR(dir));
}

START_TEST(equal_to_veritysetup)
{
	static const uint64_t blocks[] = {
		1, 2, 15, 16, 17, 127, 128, 129, 128 * 128 - 1, 128 * 128, 128 * 128 + 1
	};

	if (!veritysetup())
		test_skip("no veritysetup");
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		compare_noise(params(blocks[i], 64));
}
END_TEST

START_TEST(equal_to_veritysetup_for_other_geometries)
{
	if (!veritysetup())
		test_skip("no veritysetup");
	struct verity_params p = params(4000, 64);
	p.hash_block_bytes = 512;
	compare_noise(p);
	p = params(4000, 64);
	p.data_block_bytes = 1024;
	compare_noise(p);
	compare_noise(params(300, 32));
	compare_noise(params(300, 0));
	compare_noise(params(300, 7));
}
END_TEST

START_TEST(equal_to_veritysetup_for_one_gib)
{
	_cleanup_free_ char *dir = test_dir(), *path = str_printf("%s/data", dir);
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct verity_params p = params(GiB / 4096, 64);
	uint8_t some[10000];
	struct err e = { 0 };

	if (veritysetup()) {
		_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ck_assert_int_eq(ftruncate(fd, GiB), 0);
		for (off_t at = 0; at < (off_t)GiB; at += 100 * MiB)
			ck_assert_int_eq(pwrite(fd, noise(some, sizeof(some), (uint64_t)at + 1),
						sizeof(some), at),
					 sizeof(some));
		ck_ok(pool_new(4, &pool, &e));
		p.pool = pool;
		compare(&p, dir, path);
	}
	test_dir_remove(TAKE_PTR(dir));
	if (!veritysetup())
		test_skip("no veritysetup");
}
END_TEST

START_TEST(threads_and_mapping_make_no_difference)
{
	struct verity_params p = params(128 * 128 + 77, 64);
	size_t bytes = p.data_blocks * 4096;
	_cleanup_free_ uint8_t *data = malloc(bytes);
	_cleanup_buf_ struct buf first = BUF_INIT;
	char root_hex[65], again_hex[65];
	struct source mapped, src;
	struct err e = { 0 };

	source_init_bytes(&mapped, noise(data, bytes, 5), bytes);
	build(&p, &mapped, &first, root_hex);
	for (unsigned int threads = 1; threads <= 8; threads++) {
		_cleanup_(pool_free) struct pool *pool = NULL;
		_cleanup_buf_ struct buf area = BUF_INIT;
		ck_ok(pool_new((threads + 1) / 2, &pool, &e));
		p.pool = pool;
		src = threads % 2 ? mapped : unmapped(&mapped);
		build(&p, &src, &area, again_hex);
		ck_assert_str_eq(again_hex, root_hex);
		ck_assert_uint_eq(area.len, first.len);
		ck_assert(memcmp(area.data, first.data, area.len) == 0);
	}
}
END_TEST

/* One good pair of areas, three levels high, to be damaged. */
struct pair {
	uint8_t *data;
	size_t data_bytes;
	struct buf area;
	uint8_t root[VERITY_ROOT_HASH_BYTES];
};

static void pair_init(struct pair *t)
{
	struct verity_params p = params(128 * 128 + 300, 64);
	struct source src;
	char hex[65];

	*t = (struct pair){ .data_bytes = p.data_blocks * 4096 };
	t->data = noise(malloc(t->data_bytes), t->data_bytes, 9);
	source_init_bytes(&src, t->data, t->data_bytes);
	build(&p, &src, &t->area, hex);
	ck_assert_int_eq(hex_decode(hex, t->root, sizeof(t->root)), 0);
}

static int pair_verify(const struct pair *t, struct err *e)
{
	struct source data, hash, slow_data, slow_hash;

	source_init_bytes(&data, t->data, t->data_bytes);
	source_init_bytes(&hash, t->area.data, t->area.len);
	slow_data = unmapped(&data);
	slow_hash = unmapped(&hash);
	struct err other = { 0 };
	*e = other;
	int r = verity_verify(&data, &hash, t->root, NULL, e);
	ck_assert_int_eq(verity_verify(&slow_data, &slow_hash, t->root, NULL, &other), r);
	ck_assert_str_eq(other.msg, e->msg);
	return r;
}

static void pair_done(struct pair *t)
{
	free(t->data);
	buf_done(&t->area);
}

START_TEST(a_flipped_bit_is_found)
{
	/* Area: superblock 0, root block 1, level 1 in 2..3, level 0 in 4..134. */
	static const struct {
		bool in_data;
		size_t at;
		const char *says;
	} flips[] = {
		{ true, 0, "data block 0:" },
		{ true, 4096 * 1000 + 4095, "data block 1000:" },
		{ true, 4096 * (128 * 128 + 299), "data block 16683:" },
		{ false, 4096, "hash block 1: its hash differs from the one expected as the root" },
		{ false, 4096 * 2 - 1, "hash block 1:" },
		{ false, 4096 * 2,
		  "hash block 2: its hash differs from the one in the level above" },
		{ false, 4096 * 3 + 5, "hash block 3:" },
		{ false, 4096 * 4, "hash block 4:" },
		{ false, 4096 * 135 - 1, "hash block 134:" },
		{ false, 512, "hash block 0: byte 512 must be zero" },
		{ false, 4095, "hash block 0: byte 4095 must be zero" },
		{ false, 88, "hash block 1:" }, /* another salt */
	};
	struct err e = { 0 };
	struct pair t;

	pair_init(&t);
	ck_assert_uint_eq(t.area.len, 135 * 4096);
	ck_ok(pair_verify(&t, &e));
	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		uint8_t *byte = (flips[i].in_data ? t.data : t.area.data) + flips[i].at;
		*byte ^= 0x10;
		ck_fails(pair_verify(&t, &e), -EBADMSG, flips[i].says);
		*byte ^= 0x10;
	}
	t.root[31] ^= 1;
	ck_fails(pair_verify(&t, &e), -EBADMSG, "root hash");
	t.root[31] ^= 1;
	t.data_bytes--;
	ck_fails(pair_verify(&t, &e), -ERANGE, "data area");
	t.data_bytes++;
	t.area.len--;
	ck_fails(pair_verify(&t, &e), -ERANGE, "hash area");
	t.area.len++;
	ck_ok(pair_verify(&t, &e));
	pair_done(&t);
}
END_TEST

/* A tree whose hashes are right but whose padding hides something. */
START_TEST(padding_of_a_hash_block_must_be_zero)
{
	struct verity_params p = params(2, 64);
	uint8_t data[2 * 4096], root[32], salted[64 + 4096];
	_cleanup_buf_ struct buf area = BUF_INIT;
	struct source d, h;
	struct err e = { 0 };
	char hex[65];

	source_init_bytes(&d, noise(data, sizeof(data), 1), sizeof(data));
	build(&p, &d, &area, hex);
	area.data[4096 + 64] = 1;
	memcpy(salted, p.salt, 64);
	memcpy(salted + 64, area.data + 4096, 4096);
	sha256_bytes(salted, sizeof(salted), root);
	source_init_bytes(&h, area.data, area.len);
	ck_fails(verity_verify(&d, &h, root, NULL, &e), -EBADMSG, "hash block 1: byte 64");
}
END_TEST

START_TEST(libcryptsetup_refuses_damage)
{
	_cleanup_free_ char *dir = test_dir(), *d = str_printf("%s/d", dir);
	_cleanup_free_ char *h = str_printf("%s/h", dir);
	struct err e = { 0 };
	struct pair t;

	pair_init(&t);
	ck_ok(outfile_write(d, 0600, t.data, t.data_bytes, &e));
	ck_ok(outfile_write(h, 0600, t.area.data, t.area.len, &e));
	ck_ok(verity_verify_cryptsetup(d, h, t.root, &e));
	t.root[0] ^= 1;
	ck_fails(verity_verify_cryptsetup(d, h, t.root, &e), -EBADMSG, "libcryptsetup");
	t.root[0] ^= 1;
	t.data[4096 * 77] ^= 1;
	ck_ok(outfile_write(d, 0600, t.data, t.data_bytes, &e));
	ck_fails(verity_verify_cryptsetup(d, h, t.root, &e), -EBADMSG, "libcryptsetup");
	t.area.data[0] = 'V';
	ck_ok(outfile_write(h, 0600, t.area.data, t.area.len, &e));
	ck_fails(verity_verify_cryptsetup(d, h, t.root, &e), -EBADMSG, "libcryptsetup");
	ck_fails(verity_verify_cryptsetup(d, "/nonexistent", t.root, &e), -ENOENT, "nonexistent");
	pair_done(&t);
	test_dir_remove(TAKE_PTR(dir));
}
END_TEST

START_TEST(bad_parameters)
{
	struct verity_params p = params(2, 64);
	uint8_t data[2 * 4096] = { 0 }, root[32] = { 7 };
	_cleanup_buf_ struct buf area = BUF_INIT;
	struct source d;
	struct sink out;
	struct err e = { 0 };

	sink_init_buf(&out, &area);
	source_init_bytes(&d, data, sizeof(data) - 1);
	ck_fails(verity_build(&p, &d, &out, root, &e), -EIO, "8191 bytes, 8192 expected");
	p.data_blocks = 0;
	ck_fails(verity_build(&p, &d, &out, root, &e), -EINVAL, "no data blocks");
	p = params(2, 64);
	p.salt_bytes = 257;
	ck_fails(verity_build(&p, &d, &out, root, &e), -EINVAL, "salt of 257");
	p = params(2, 64);
	p.hash_block_bytes = 2048 + 512;
	ck_fails(verity_build(&p, &d, &out, root, &e), -EINVAL, "hash block of 2560");
	p = params(UINT64_MAX / 4096, 64);
	ck_fails(verity_build(&p, &d, &out, root, &e), -EOVERFLOW, "2^63");
	ck_assert_uint_eq(root[0], 7);
	p = params(1, 64);
	sink_init_window(&out, &out, 0, 100);
	ck_fails(verity_build(&p, &d, &out, root, &e), -ENOSPC, "hash tree");
}
END_TEST

TEST_MAIN("verity", equal_to_veritysetup, equal_to_veritysetup_for_other_geometries,
	  equal_to_veritysetup_for_one_gib, threads_and_mapping_make_no_difference,
	  a_flipped_bit_is_found, padding_of_a_hash_block_must_be_zero,
	  libcryptsetup_refuses_damage, bad_parameters)
