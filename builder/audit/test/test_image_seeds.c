/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fuzzing of an image's parsers starts from: a part of a good image for each, that reads without an
 * error. With $SLIPWAY_SEEDS in the environment they are written below that directory, into one named
 * after the target.
 */
#include "builder/audit/test/image_maker.h"
#include "builder/audit/test/seeds.h"
#include "layouts/gpt_read.h"
#include "signing/efi_auth.h"
#include "stage1/fs/fuzz/fat_parts.h"
#include "stage1/fs/test/support.h"

static struct err e;

/* ---- partition table ---------------------------------------------------------------------- */

/* As builds make them, with its 128 entries. */
static void make_disk(struct layout_plan *plan, struct layout *l, struct buf *ret)
{
	_cleanup_close_ int fd = open(fx_path("table"), O_CREAT | O_TRUNC | O_RDWR, 0600);
	struct im_spec s;

	im_spec_init(&s);
	im_plan(&s, l, plan);
	im_spec_done(&s);
	ck_assert_int_eq(ftruncate(fd, (off_t)plan->disk_bytes), 0);
	ck_ok(layout_write_gpt(plan, fd, &e));
	fx_read("table", ret);
}

START_TEST(partition_table)
{
	_cleanup_buf_ struct buf disk = BUF_INIT, seed = BUF_INIT;
	struct layout_plan plan;
	struct layout l;
	struct source s;

	make_disk(&plan, &l, &disk);
	const size_t start = 34 * (size_t)512, end = 33 * (size_t)512;
	buf_append(&seed, disk.data, start);
	buf_append(&seed, disk.data + disk.len - end, end);
	seed_save_of("fuzz_checks", "table", 'd', &seed);
	/* The backup says where its entries are on the whole disk. */
	put_le64(seed.data + seed.len - 512 + GPT_ENTRIES_LBA, start / 512);
	source_init_bytes(&s, seed.data, seed.len);
	for (enum gpt_copy copy = GPT_PRIMARY; copy <= GPT_BACKUP; copy++) {
		struct gpt g;
		struct gpt_entry first;
		ck_ok(gpt_read(&s, copy, &g, &e));
		ck_assert(g.entries_crc_ok && g.header_crc_ok == (copy == GPT_PRIMARY));
		ck_assert(gpt_entry(&g, 0, &first));
		gpt_done(&g);
	}
	seed_save("fuzz_gpt", "disk", &seed);
}
END_TEST

/* ---- ESP ---------------------------------------------------------------------------------- */

static void fat_seed(const char *name, uint64_t size_bytes)
{
	const struct fs_params p = {
		.label = "ESP", .time = IM_TIME, .size_bytes = size_bytes, .sector_bytes = 512
	};
	_cleanup_buf_ struct buf image = BUF_INIT, seed = BUF_INIT;
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct part v[FAT_N_PARTS];
	struct source s;

	im_text(t, "EFI/Linux/node_1+3-0.efi", "a program\n");
	im_text(t, "EFI/BOOT/BOOTX64.EFI", "a loader\n");
	im_text(t, "loader/loader.conf", "timeout 0\n");
	im_text(t, "a name of more than thirteen units \xc3\xa4", "");
	im_fs(&fs_writer_vfat, t, &p, &image);
	buf_append_zero(&image, (size_t)size_bytes - image.len);
	source_init_bytes(&s, image.data, image.len);
	ck_ok(fs_test_use_all(&s, &e));
	ck_assert_uint_eq(fat_parts(image.data, image.len, v), size_bytes);
	for (size_t i = 0; i < FAT_N_PARTS; i++)
		buf_append(&seed, image.data + v[i].at, (size_t)MIN(v[i].len, 40 * KiB));
	seed_save("fuzz_fat", name, &seed);
	seed_save_of("fuzz_checks", name, 'e', &seed);
}

START_TEST(esp)
{
	fat_seed("fat16", 4 * MiB);
	fat_seed("fat32", 40 * MiB);
}
END_TEST

/* ---- hash tree ---------------------------------------------------------------------------- */

/* Of two blocks one digest block; of 20 small ones two levels. */
static void verity_seed(const char *name, uint32_t block_bytes, size_t n, size_t salt)
{
	struct verity_params p = { .data_block_bytes = block_bytes,
				   .hash_block_bytes = block_bytes,
				   .data_blocks = n,
				   .salt_bytes = salt };
	_cleanup_buf_ struct buf data = BUF_INIT, area = BUF_INIT, seed = BUF_INIT;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES], len[2];
	struct source in, hash;
	struct sink out;

	for (size_t i = 0; i < n * block_bytes; i++)
		buf_append(&data, &(uint8_t){ (uint8_t)(i / 97) }, 1);
	memset(p.salt, 7, salt);
	source_init_bytes(&in, data.data, data.len);
	sink_init_buf(&out, &area);
	ck_ok(verity_build(&p, &in, &out, root_hash, &e));
	source_init_bytes(&hash, area.data, area.len);
	ck_ok(verity_verify(&in, &hash, root_hash, NULL, &e));
	put_le16(len, (uint16_t)area.len);
	buf_append(&seed, len, sizeof(len));
	buf_append(&seed, area.data, area.len);
	buf_append(&seed, data.data, data.len);
	seed_save("fuzz_verity", name, &seed);
}

START_TEST(hash_tree)
{
	verity_seed("two", 512, 2, 64);
	verity_seed("levels", 512, 20, 64);
	verity_seed("no-salt", 1024, 3, 0);
}
END_TEST

/* ---- signatures --------------------------------------------------------------------------- */

START_TEST(root_hash)
{
	_cleanup_buf_ struct buf cert = BUF_INIT, der = BUF_INIT, seed = BUF_INIT, json = BUF_INIT;
	_cleanup_verity_sig_ struct verity_sig sig = VERITY_SIG_INIT;
	uint8_t hash[SHA256_BYTES], len[2];

	memset(hash, 0x5a, sizeof(hash));
	ck_ok(root_hash_sign(fx_db, hash, &der, &e));
	ck_ok(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e));
	ck_ok(buf_append_x509(&cert, fx_db->cert, &e));
	put_le16(len, (uint16_t)cert.len);
	buf_append(&seed, len, sizeof(len));
	buf_append(&seed, cert.data, cert.len);
	buf_append(&seed, hash, sizeof(hash));
	buf_append(&seed, der.data, der.len);
	seed_save("fuzz_signature", "root-hash", &seed);
	ck_ok(verity_sig_build(fx_db->cert, hash, der.data, der.len, &json, &e));
	ck_ok(verity_sig_parse(json.data, json.len, &sig, &e));
	seed_save("fuzz_verity_sig", "partition", &json);
}
END_TEST

START_TEST(enrolment)
{
	static const char *const names[] = { "PK.auth", "KEK.auth", "db.auth" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		const uint8_t *lists;
		size_t len;
		fx_read(names[i], &b);
		ck_ok(efi_auth_content(b.data, b.len, &lists, &len, &e));
		seed_save("fuzz_auth", names[i], &b);
	}
}
END_TEST

/* ---- UEFI programs ------------------------------------------------------------------------ */

START_TEST(programs)
{
	static const char text[] = "ID=x\n";
	_cleanup_buf_ struct buf stub = BUF_INIT, kernel = BUF_INIT, uki = BUF_INIT;
	const struct fx_section code = { ".text", "code", 4, FX_CODE };
	const struct uki_part part = { text, sizeof(text) - 1 };

	fx_make_stub(&stub, PE_MACHINE_X86_64, "257.13-1");
	fx_make_pe(&kernel, PE_MACHINE_X86_64, &code, 1);
	const struct uki_params p = { .stub = { stub.data, stub.len },
				      .linux_ = { kernel.data, kernel.len },
				      .initrd = part,
				      .osrel = part,
				      .cmdline = { text, 4 },
				      .uname = { text, 4 } };
	ck_ok(uki_build(&p, &uki, &e));
	seed_save("fuzz_pe", "unsigned", &uki);
	ck_ok(authenticode_sign(fx_db, &uki, &e));
	seed_save("fuzz_pe", "signed", &uki);
	ck_ok(authenticode_sign(fx_pk, &uki, &e));
	ck_ok(authenticode_verify(uki.data, uki.len, fx_db->cert, &e));
	ck_ok(authenticode_verify(uki.data, uki.len, fx_pk->cert, &e));
	seed_save("fuzz_pe", "signed-twice", &uki);
}
END_TEST

/* ---- initrd ------------------------------------------------------------------------------- */

START_TEST(initrd)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	const struct tree_meta m = { .mode = 0777, .mtime = IM_TIME };

	im_text(t, "init", "#!init\n");
	im_text(t, "usr/lib/empty", "");
	ck_ok(tree_put_symlink(t, "bin", &m, "usr/bin", NULL, &e));
	for (enum compress_type type = COMPRESS_NONE; type <= COMPRESS_ZSTD; type++) {
		const struct initrd_pack_params p = { type, 0, IM_TIME, NULL };
		_cleanup_buf_ struct buf seed = BUF_INIT;
		ck_ok(initrd_pack(t, &p, &seed, &e));
		seed_save("fuzz_cpio", type == COMPRESS_NONE ? "plain" : "zstd", &seed);
	}
}
END_TEST

FX_MAIN("image_seeds", partition_table, esp, hash_tree, root_hash, enrolment, programs, initrd)
