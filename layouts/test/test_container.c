/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks in files of qemu-img: read as qemu-img reads them, and accounted for to the last byte. */
#include <fcntl.h>

#include "base/buf.h"
#include "base/outfile.h"
#include "base/test/support.h"
#include "layouts/container.h"

#define DISK_BYTES (3 * MiB + 5 * 512)
#define DISK_MAX   (DISK_BYTES + MiB) /* VHD rounds up to whole cylinders */

static struct err e;
static char *dir;
static uint8_t *disk;

/* Zeros, noise, text that compresses, and noise up to the end, in pieces of all sizes of clusters. */
static void setup(void)
{
	uint32_t x = 1;

	dir = test_dir();
	disk = calloc(1, DISK_MAX);
	for (size_t i = 0; i < DISK_BYTES; i++) {
		x = x * 1664525 + 1013904223;
		if (i / (100 * KiB) % 3 == 1)
			disk[i] = (uint8_t)(x >> 24);
		else if (i / (100 * KiB) % 3 == 2)
			disk[i] = (uint8_t) "text that compresses\n"[i % 21];
	}
	disk[DISK_BYTES - 1] = 0xaa;
	_cleanup_free_ char *raw = str_printf("%s/raw", dir);
	ck_ok(outfile_write(raw, 0600, (char *)disk, DISK_BYTES, &e));
}

static void teardown(void)
{
	test_dir_remove(dir);
	free(disk);
}

/* In the directory of the raw disk; what it says is seen when it fails. */
static void run(const char *fmt, const char *options)
{
	_cleanup_free_ char *cmd = str_printf("cd '%s' && rm -f out && ", dir);
	_cleanup_free_ char *rest = str_printf(fmt, options);
	_cleanup_free_ char *whole = str_printf("%s%s", cmd, rest);

	ck_assert_msg(system(whole) == 0, "%s", whole);
}

static void load(const char *name, struct source *ret)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);

	ck_ok(source_open(ret, path, &e));
}

static int print_finding(void *ctx, const struct container_finding *f, struct err *ep unused_)
{
	struct buf *b = ctx;

	buf_printf(b, "%llu: %s\n", (unsigned long long)f->offset, f->what);
	return 0;
}

static void check_findings(const struct container *c, const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;

	ck_ok(container_check(c, print_finding, &got, &e));
	ck_assert_ptr_nonnull(buf_str(&got));
	if (*want)
		ck_assert_msg(strstr(buf_str(&got), want), "findings are: %s", buf_str(&got));
	else
		ck_assert_str_eq(buf_str(&got), "");
}

/* The disk in pieces that begin and end anywhere. */
static void check_disk(const struct source *s)
{
	static uint8_t data[200000];
	size_t len = 1;

	ck_assert(s->size_bytes >= DISK_BYTES && s->size_bytes <= DISK_MAX);
	for (uint64_t at = 0; at < s->size_bytes; at += len, len = len * 7 % 199999 + 1) {
		size_t n = (size_t)MIN(len, s->size_bytes - at);
		ck_ok(source_pread(s, at, data, n, &e));
		ck_assert_msg(memcmp(data, disk + at, n) == 0, "from byte %llu on",
			      (unsigned long long)at);
		len = n;
	}
}

static void check_file(const char *name)
{
	_cleanup_source_ struct source file = SOURCE_INIT;
	_cleanup_(container_free) struct container *c = NULL;

	load("out", &file);
	ck_assert_str_eq(container_probe(&file), name);
	ck_ok(container_open(&file, &c, &e));
	check_disk(&c->disk);
	check_findings(c, "");
}

#define NEEDS_QEMU_IMG                             \
	do {                                       \
		if (!test_has_program("qemu-img")) \
			test_skip("no qemu-img");  \
	} while (0)

START_TEST(reads_qcow2)
{
	static const char *const options[] = {
		"",
		"-o compat=0.10",
		"-c",
		"-c -o compat=0.10,cluster_size=512",
		"-c -o compression_type=zstd",
		"-c -o compression_type=zstd,cluster_size=2M",
		"-o cluster_size=512",
		"-o cluster_size=4k,refcount_bits=1",
		"-o refcount_bits=2",
		"-o cluster_size=2M,refcount_bits=64",
		"-o preallocation=metadata",
		"-o preallocation=full",
		"-o lazy_refcounts=on,refcount_bits=8",
		"-c -o refcount_bits=32 -S 0",
	};

	NEEDS_QEMU_IMG;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		run("qemu-img convert -t unsafe -f raw -O qcow2 %s raw out", options[i]);
		check_file("qcow2");
	}
}
END_TEST

START_TEST(reads_vhd)
{
	NEEDS_QEMU_IMG;
	run("qemu-img convert -t unsafe -f raw -O vpc -o subformat=fixed,%s raw out",
	    "force_size=on");
	check_file("vhd");
	run("qemu-img convert -t unsafe -f raw -O vpc -o subformat=fixed,%s raw out",
	    "force_size=off");
	check_file("vhd");
}
END_TEST

/* Of each of the kinds of geometry that there are; qemu-img rounds the size up to it. */
START_TEST(reads_geometries_of_vhd)
{
	static const char *const sizes[] = { "1M", "34M", "200M", "2596M", "40G", "150G" };

	NEEDS_QEMU_IMG;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_source_ struct source file = SOURCE_INIT;
		_cleanup_(container_free) struct container *c = NULL;
		run("qemu-img create -q -f vpc -o subformat=fixed,force_size=off out %s", sizes[i]);
		load("out", &file);
		ck_ok(container_open(&file, &c, &e));
		check_findings(c, "");
	}
}
END_TEST

static void check_refused(const char *fmt, const char *options, int code, const char *text)
{
	_cleanup_source_ struct source file = SOURCE_INIT;
	struct container *c = NULL;

	run(fmt, options);
	load("out", &file);
	ck_assert_ptr_nonnull(container_probe(&file));
	ck_fails(container_open(&file, &c, &e), code, text);
}

START_TEST(refuses_what_is_elsewhere)
{
	NEEDS_QEMU_IMG;
	check_refused("qemu-img create -q -f qcow2 -F raw -b raw %s out", "", -EOPNOTSUPP,
		      "snapshot over another file");
	check_refused("qemu-img create -q -f qcow2 -o data_file=data,data_file_raw=%s out 1M", "on",
		      -EOPNOTSUPP, "another file");
	check_refused("qemu-img create -q -f qcow2 -o extended_l2=%s out 1M", "on", -EOPNOTSUPP,
		      "subclusters");
	check_refused("qemu-img create -q --object secret,id=s,data=abc -f qcow2 -o "
		      "encrypt.format=luks,encrypt.iter-time=10,encrypt.key-secret=%s out 1M",
		      "s", -EOPNOTSUPP, "encrypted");
	check_refused("qemu-img convert -t unsafe -f raw -O vpc %s raw out", "-o subformat=dynamic",
		      -EOPNOTSUPP, "dynamic");
}
END_TEST

/* What is done to a good file, and what is told of it. */
struct damage {
	uint64_t at; /* below 0: from the end on */
	int width;   /* 1, 4 or 8 bytes, big-endian */
	uint64_t value;
	int code; /* of opening; 0: it opens */
	const char *text;
};

static void put(uint8_t *p, int width, uint64_t v)
{
	if (width == 1)
		*p = (uint8_t)v;
	else if (width == 4)
		put_be32(p, (uint32_t)v);
	else
		put_be64(p, v);
}

static void check_damage(uint8_t *bytes, size_t len, const struct damage *d)
{
	uint8_t *at = bytes + (d->at > len ? len + d->at : d->at), good[8];
	struct container *c = NULL;
	struct source damaged;

	memcpy(good, at, (size_t)d->width);
	put(at, d->width, d->value);
	source_init_bytes(&damaged, bytes, len);
	if (d->code) {
		ck_fails(container_open(&damaged, &c, &e), d->code, d->text);
	} else {
		ck_ok(container_open(&damaged, &c, &e));
		check_findings(c, d->text);
		container_free(c);
	}
	memcpy(at, good, (size_t)d->width);
}

static void check_damages(const struct damage *v, size_t n)
{
	_cleanup_source_ struct source file = SOURCE_INIT;

	load("out", &file);
	_cleanup_free_ uint8_t *bytes = malloc((size_t)file.size_bytes);
	ck_ok(source_pread(&file, 0, bytes, (size_t)file.size_bytes, &e));
	for (size_t i = 0; i < n; i++)
		check_damage(bytes, (size_t)file.size_bytes, &v[i]);
}

/*
 * Made by qemu-img with clusters of 64 KiB: header, table of refcounts, its one block, level 1, level 2,
 * then the data. Offsets of fields as in the specification.
 */
#define BLOCK	(2 * 64 * KiB)
#define LEVEL_1 (3 * 64 * KiB)
#define LEVEL_2 (4 * 64 * KiB)
#define DATA	(5 * 64 * KiB)
#define ONLY	(UINT64_C(1) << 63)

START_TEST(tells_what_is_wrong_with_qcow2)
{
	static const struct damage damages[] = {
		{ 4, 4, 4, -EOPNOTSUPP, "version 4" },
		{ 20, 4, 8, -EBADMSG, "clusters of 2^8" },
		{ 20, 4, 22, -EBADMSG, "clusters of 2^22" },
		{ 24, 8, UINT64_MAX, -EBADMSG, "a table of 1 entries" },
		{ 36, 4, 0, -EBADMSG, "a table of 0 entries" },
		{ 36, 4, UINT32_MAX, -EBADMSG, "too large" },
		{ 40, 8, LEVEL_1 + 8, -EBADMSG, "its table lies at" },
		{ 40, 8, UINT64_C(1) << 60, -EBADMSG, "outside of the file" },
		{ 79, 1, 2, -EBADMSG, "corrupt" },
		{ 72, 1, 1, -EOPNOTSUPP, "not known" },
		{ 100, 4, 96, -EBADMSG, "a header of 96" },
		{ 96, 4, 7, -EBADMSG, "refcounts of 2^7" },
		{ 104, 1, 1, -EBADMSG, "compression 1" },
		{ 60, 4, 1, 0, "60: it holds snapshots" },
		{ 79, 1, 1, 0, "72: it is marked as in use" },
		{ 80, 1, 1, 0, "80: compatible features" },
		{ 88, 8, 1, 0, "88: features of which" },
		{ 111, 1, 1, 0, "111: bytes of the header" },
		{ 112, 4, 0x1234, 0, "112: an extension of the header, of type 0x1234" },
		{ 130, 1, 'x', 0, "120: the header names a feature" },
		{ 4096, 1, 1, 0, "4096: bytes that are no part" },
		{ BLOCK + 13, 1, 2, 0, "393216: its refcount is 2, and there are 1" },
		{ BLOCK + 1025, 1, 1, 0, "its refcount is 1, and there are 0" },
		{ LEVEL_1, 8, LEVEL_2, 0, "a table is told to be shared" },
		{ LEVEL_1, 8, ONLY | BLOCK, 0, "a table lies where something else does" },
		{ LEVEL_1 + 4096, 8, ONLY, 0, "bytes that are no part" },
		{ LEVEL_2 + 8 * 49, 8, ONLY | DATA, 0, "behind the end of the disk" },
		{ LEVEL_2 + 8, 8, 0, 0, "364544: bytes that are no part of the disk" },
		{ LEVEL_2 + 8, 8, ONLY | DATA | 1, 0, "bytes that are no part of the disk" },
		{ LEVEL_2 + 8, 8, ONLY | (DATA + 65536), 0, "two things lie in one place" },
		{ LEVEL_2 + 8, 8, DATA, 0, "shared with a snapshot" },
		{ UINT64_C(-1), 1, 1, 0, "bytes that are no part of the disk" },
	};

	NEEDS_QEMU_IMG;
	run("qemu-img convert -t unsafe -f raw -O %s raw out", "qcow2");
	check_damages(damages, ARRAY_SIZE(damages));
}
END_TEST

START_TEST(tells_what_is_wrong_with_vhd)
{
	static const struct damage damages[] = {
		{ UINT64_C(-512), 1, 'C', -EBADMSG, "neither" },
		{ UINT64_C(-100), 1, 1, -EBADMSG, "the checksum of its footer" },
	};

	NEEDS_QEMU_IMG;
	run("qemu-img convert -t unsafe -f raw -O vpc -o subformat=fixed%s raw out", "");
	check_damages(damages, ARRAY_SIZE(damages));
}
END_TEST

/* A footer by itself, whatever is in it, with its checksum. */
static void make_vhd(uint8_t *file, size_t disk_bytes, size_t at, uint8_t value)
{
	uint8_t *f = file + disk_bytes;
	uint32_t sum = 0;

	memset(file, 0, disk_bytes + 512);
	memcpy(f, "conectix", 8);
	put_be32(f + 8, 2);
	put_be32(f + 12, 0x00010000);
	put_be64(f + 16, UINT64_MAX);
	put_be64(f + 40, disk_bytes);
	put_be64(f + 48, disk_bytes);
	put_be32(f + 56, 0x00000411);
	put_be32(f + 60, 2);
	if (at)
		f[at] ^= value;
	for (size_t i = 0; i < 512; i++)
		sum += f[i];
	put_be32(f + 64, ~sum);
}

START_TEST(tells_what_a_footer_hides)
{
	static const struct {
		size_t at;
		uint8_t value;
		int code;
		const char *text;
	} cases[] = {
		{ 0, 0, 0, "" },
		{ 11, 1, 0, "" }, /* temporary */
		{ 11, 2, 0, "4104: features of the footer" },
		{ 16, 1, 0, "names a further header" },
		{ 47, 1, 0, "another size" },
		{ 84, 1, 0, "state of a machine" },
		{ 511, 1, 0, "4607: reserved bytes" },
		{ 55, 1, -EBADMSG, "tells of 4097 bytes, and there are 4096" },
		{ 63, 1, -EOPNOTSUPP, "dynamic" },
		{ 63, 6, -EOPNOTSUPP, "a difference to another" },
		{ 57, 1, 0, "4152: the geometry" },
		{ 58, 1, 0, "the geometry" },
		{ 59, 1, 0, "the geometry" },
		{ 63, 2, -EBADMSG, "type 0" },
		{ 13, 2, -EOPNOTSUPP, "version 00030000" },
	};
	uint8_t bytes[4096 + 512];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container *c = NULL;
		struct source file;
		make_vhd(bytes, 4096, cases[i].at, cases[i].value);
		source_init_bytes(&file, bytes, sizeof(bytes));
		if (cases[i].code) {
			ck_fails(container_open(&file, &c, &e), cases[i].code, cases[i].text);
			continue;
		}
		ck_ok(container_open(&file, &c, &e));
		ck_assert_uint_eq(c->disk.size_bytes, 4096);
		check_findings(c, cases[i].text);
		container_free(c);
	}
}
END_TEST

/* Whatever it is cut to: an error, or bytes that are missing; and never what was not there. */
START_TEST(survives_being_cut_short)
{
	_cleanup_source_ struct source file = SOURCE_INIT;
	uint8_t byte;

	NEEDS_QEMU_IMG;
	run("qemu-img convert -t unsafe -f raw -O qcow2 -o cluster_size=%s raw out", "4k");
	load("out", &file);
	for (uint64_t len = 0; len < file.size_bytes; len += 1 + len / 3) {
		struct container *c = NULL;
		struct source cut;
		ck_ok(source_init_window(&cut, &file, 0, len, &e));
		if (!container_probe(&cut) || container_open(&cut, &c, &e) < 0)
			continue;
		ck_assert_int_eq(source_pread(&c->disk, DISK_BYTES - 1, &byte, 1, &e), -EBADMSG);
		_cleanup_buf_ struct buf found = BUF_INIT;
		int r = container_check(c, print_finding, &found, &e);
		ck_assert(r == -EBADMSG || (r == 0 && found.len));
		container_free(c);
	}
}
END_TEST

START_TEST(knows_what_is_none)
{
	static const char *const texts[] = { "", "QFI",
					     "a disk of its own, and nothing around it" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct container *c = NULL;
		struct source s;
		source_init_bytes(&s, texts[i], strlen(texts[i]));
		ck_assert_ptr_null(container_probe(&s));
		ck_fails(container_open(&s, &c, &e), -EBADMSG, "neither");
	}
}
END_TEST

int main(void)
{
	const TTest *tests[] = { reads_qcow2,
				 reads_vhd,
				 reads_geometries_of_vhd,
				 refuses_what_is_elsewhere,
				 tells_what_is_wrong_with_qcow2,
				 tells_what_is_wrong_with_vhd,
				 tells_what_a_footer_hides,
				 survives_being_cut_short,
				 knows_what_is_none };

	return test_run_with("container", tests, ARRAY_SIZE(tests), setup, teardown);
}
