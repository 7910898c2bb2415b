/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of what a build wrote, taken off a disk: parts and disk are of each other, or it is said. */
#include <sys/stat.h>

#include "builder/attest/provenance.h"
#include "builder/audit/image.h"
#include "builder/audit/test/verify_support.h"

static struct err e;

static void put(const char *suffix, const void *data, size_t len)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);

	fx_write(name, data, len);
}

static void put_uki(const struct source *esp)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	struct fs_stat st;
	uint64_t ino;
	size_t len;

	ck_ok(fs_reader_open(esp, &reader, &e));
	ck_ok(fs_reader_lookup(reader, "EFI/Linux/node_1.efi", &ino, &e));
	ck_ok(reader->ops->stat(reader, ino, &st, &e));
	data = malloc(st.size_bytes);
	ck_ok(reader->ops->read(reader, ino, 0, data, st.size_bytes, &len, &e));
	put(".efi", data, len);
}

/* The disk of a spec, and its parts. */
static void make(void)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	_cleanup_(image_free) struct image *image = NULL;
	char hex[SHA256_HEX + 1];
	struct verity_params p;
	uint8_t root[32];

	vs_make();
	ck_assert(mkdir(fx_path("out"), 0700) == 0 || errno == EEXIST);
	ck_ok(source_open(&disk, fx_path("disk.raw"), &e));
	ck_ok(image_open(&disk, &image, &e));
	ck_ok(verity_superblock_parse(disk.bytes + VS_VERITY, 512, &p, &e));
	put(".raw", disk.bytes, disk.size_bytes);
	put(".usr.raw", disk.bytes + VS_USR, p.data_blocks * 4096);
	put(".usr-verity.raw", disk.bytes + VS_VERITY, verity_area_bytes(&p));
	put(".usr-verity-sig.raw", disk.bytes + VS_SIG, 4096);
	memcpy(root, image_find(image, "usr-a")->entry.uuid, 16);
	memcpy(root + 16, image_find(image, "usr-verity-a")->entry.uuid, 16);
	hex_encode(root, 32, hex);
	strcat(hex, "\n");
	put(".roothash", hex, strlen(hex));
	put_uki(&image_find(image, "esp")->src);
}

static struct verify_report verify(int want)
{
	X509 *const trust[] = { fx_db->cert };
	const struct verify_params p = { .trust = trust, .n_trust = 1, .at = FX_NOW };
	struct verify_report r = { 0 };

	ck_assert_int_eq(verify_path(fx_path("out"), &p, &r, &e), want);
	return r;
}

static void must_fail(enum verify_id id)
{
	struct verify_report r = verify(0);

	ck_assert(vs_fails(&r, id));
	verify_report_done(&r);
}

/* Another byte at a place of a part. */
static void flip(const char *suffix, off_t at)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_close_ int fd = open(fx_path(name), O_RDWR | O_CLOEXEC);
	uint8_t b;

	ck_assert_int_eq(pread(fd, &b, 1, at), 1);
	b ^= 1;
	ck_assert_int_eq(pwrite(fd, &b, 1, at), 1);
}

START_TEST(good)
{
	make();
	struct verify_report r = verify(0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	ck_assert_int_eq(unlink(fx_path("out/node_1.raw")), 0);
	r = verify(0);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
}
END_TEST

START_TEST(parts_of_something_else)
{
	static const struct {
		const char *suffix;
		off_t at;
		enum verify_id id;
	} flips[] = {
		{ ".usr.raw", 5000, VERIFY_SLOT_TREE },
		{ ".usr.raw", 5000, VERIFY_OUTPUTS },
		{ ".usr-verity.raw", 5000, VERIFY_SLOT_TREE },
		{ ".usr-verity-sig.raw", 4000, VERIFY_SLOT_SIGNATURE },
		{ ".efi", 5000, VERIFY_PE_SIGNATURE },
		{ ".roothash", 64, VERIFY_OUTPUTS },
		{ ".raw", VS_USR_B, VERIFY_SLOT_EMPTY },
		{ ".raw", VS_VERITY + 5000, VERIFY_OUTPUTS },
	};

	make();
	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		flip(flips[i].suffix, flips[i].at);
		must_fail(flips[i].id);
		flip(flips[i].suffix, flips[i].at);
	}
	put(".usr.raw", "", 0);
	must_fail(VERIFY_SLOT_SUPERBLOCK);
}
END_TEST

static void hash(const char *suffix, struct provenance_file *f)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_buf_ struct buf b = BUF_INIT;

	fx_read(name, &b);
	sha256_bytes(b.data, b.len, f->digest);
}

/* As a build says of two of its outputs. */
static void put_provenance(const struct signer *signer)
{
	struct recipe recipe = { .name = (char *)(uintptr_t) "node",
				 .version = (char *)(uintptr_t) "1",
				 .arch = (char *)(uintptr_t) "x86-64",
				 .cmdline = (char *)(uintptr_t) "quiet",
				 .filesystem = { .type = "erofs" } };
	struct layout layout = { .name = (char *)(uintptr_t) "acl" };
	struct components components = COMPONENTS_INIT;
	struct lock lock = { .n_packages = 0 };
	struct provenance_file files[] = { { .name = "node_1.efi" },
					   { .name = "node_1.cdx.json" } };
	const struct provenance_params p = { .recipe = &recipe,
					     .lock = &lock,
					     .layout = &layout,
					     .components = &components,
					     .signer = signer,
					     .outputs = files,
					     .n_outputs = 2 };
	_cleanup_buf_ struct buf b = BUF_INIT;

	put(".cdx.json", "{}", 2);
	hash(".efi", &files[0]);
	hash(".cdx.json", &files[1]);
	ck_ok(provenance_write(&p, &b, &e));
	put(".provenance.json", b.data, b.len);
}

START_TEST(what_the_build_says)
{
	make();
	put_provenance(fx_db);
	struct verify_report r = verify(0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	put(".cdx.json", "[]", 2);
	must_fail(VERIFY_PROVENANCE);
	ck_assert_int_eq(unlink(fx_path("out/node_1.cdx.json")), 0);
	must_fail(VERIFY_PROVENANCE);
	put_provenance(fx_db);
	flip(".provenance.json", 100);
	must_fail(VERIFY_PROVENANCE);
	put_provenance(fx_pk);
	must_fail(VERIFY_PROVENANCE);
	ck_assert_int_eq(unlink(fx_path("out/node_1.provenance.json")), 0);
	r = verify(0);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
}
END_TEST

START_TEST(what_cannot_be_read)
{
	make();
	ck_assert_int_eq(unlink(fx_path("out/node_1.efi")), 0);
	verify(-ENOENT);
	fx_write("out/other.roothash", "", 0);
	verify(-ENOENT);
	ck_assert(strstr(e.msg, "2 files are called"));
}
END_TEST

FX_MAIN("verify_outputs", good, parts_of_something_else, what_the_build_says, what_cannot_be_read)
