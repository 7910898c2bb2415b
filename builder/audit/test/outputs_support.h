/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A directory of what one build wrote, "out", and what verification says of it. */
#include <sys/stat.h>

#include "builder/attest/provenance.h"
#include "builder/audit/image.h"
#include "builder/audit/test/verify_support.h"
#include "verity/fsverity.h"

static inline void vo_put(const char *suffix, const void *data, size_t len)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);

	fx_write(name, data, len);
}

static inline void vo_put_uki(const struct source *esp)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	struct fs_stat st;
	struct err e = { 0 };
	uint64_t ino;
	size_t len;

	ck_ok(fs_reader_open(esp, &reader, &e));
	ck_ok(fs_reader_lookup(reader, "EFI/Linux/node_1.efi", &ino, &e));
	ck_ok(reader->ops->stat(reader, ino, &st, &e));
	data = malloc(st.size_bytes);
	ck_ok(reader->ops->read(reader, ino, 0, data, st.size_bytes, &len, &e));
	vo_put(".efi", data, len);
}

/* The disk of a spec, and its parts. */
static inline void vo_make(void)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	_cleanup_(image_free) struct image *image = NULL;
	char hex[SHA256_HEX + 1];
	struct err e = { 0 };
	struct verity_params p;
	uint8_t root[32];

	vs_make();
	ck_assert(mkdir(fx_path("out"), 0700) == 0 || errno == EEXIST);
	ck_ok(source_open(&disk, fx_path("disk.raw"), &e));
	ck_ok(image_open(&disk, &image, &e));
	ck_ok(verity_superblock_parse(disk.bytes + VS_VERITY, 512, &p, &e));
	vo_put(".raw", disk.bytes, disk.size_bytes);
	vo_put(".usr.raw", disk.bytes + VS_USR, p.data_blocks * 4096);
	vo_put(".usr-verity.raw", disk.bytes + VS_VERITY, verity_area_bytes(&p));
	vo_put(".usr-verity-sig.raw", disk.bytes + VS_SIG, 4096);
	memcpy(root, image_find(image, "usr-a")->entry.uuid, 16);
	memcpy(root + 16, image_find(image, "usr-verity-a")->entry.uuid, 16);
	hex_encode(root, 32, hex);
	strcat(hex, "\n");
	vo_put(".roothash", hex, strlen(hex));
	vo_put_uki(&image_find(image, "esp")->src);
}

static X509 *vo_trust[1];
static struct verify_params vo_params = { .trust = vo_trust, .n_trust = 1, .at = FX_NOW };

static inline struct verify_report vo_verify(const char *path, int want)
{
	struct verify_report r = { 0 };
	struct err e = { 0 };

	vo_trust[0] = fx_db->cert;
	ck_assert_int_eq(verify_path(fx_path(path), &vo_params, &r, &e), want);
	return r;
}

static inline void vo_hash(const char *suffix, struct provenance_file *f)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_buf_ struct buf b = BUF_INIT;

	fx_read(name, &b);
	sha256_bytes(b.data, b.len, f->digest);
}

#define VO_LOCK_HEX "0505050505050505050505050505050505050505050505050505050505050505"
#define VO_KEY_HEX  "AA4B54C3CDCA79751B16BC6B5225629DF75B188B"

/* As a build says of some of its outputs. */
static inline void vo_put_provenance(const struct signer *signer)
{
	struct recipe recipe = { .name = (char *)(uintptr_t) "node",
				 .version = (char *)(uintptr_t) "1",
				 .arch = (char *)(uintptr_t) "x86-64",
				 .cmdline = (char *)(uintptr_t) "quiet",
				 .filesystem = { .type = "erofs" } };
	struct layout layout = { .name = (char *)(uintptr_t) "acl" };
	struct components components = COMPONENTS_INIT;
	struct lock_suite suite = { .suite = (char *)(uintptr_t) "trixie",
				    .component = (char *)(uintptr_t) "main",
				    .codename = (char *)(uintptr_t) "trixie" };
	struct lock lock = { .suites = &suite, .n_suites = 1 };
	struct provenance_file files[] = { { .name = "node_1.efi" },
					   { .name = "node_1.cdx.json" },
					   { .name = "node_1.roothash" },
					   { .name = "node_1.raw", .kind = PROVENANCE_FSVERITY } };
	struct provenance_file inputs[] = { { .name = "recipe" }, { .name = "lock" } };
	const struct provenance_params p = { .recipe = &recipe,
					     .lock = &lock,
					     .layout = &layout,
					     .components = &components,
					     .signer = signer,
					     .outputs = files,
					     .n_outputs = ARRAY_SIZE(files),
					     .inputs = inputs,
					     .n_inputs = ARRAY_SIZE(inputs) };
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_source_ struct source disk = SOURCE_INIT;
	struct err e = { 0 };

	ck_ok(strv_add(&suite.signers, VO_KEY_HEX));
	memset(inputs[1].digest, 5, SHA256_BYTES);
	ck_ok(source_open(&disk, fx_path("out/node_1.raw"), &e));
	ck_ok(fsverity_digest(&disk, NULL, files[3].digest, &e));
	vo_hash(".roothash", &files[2]);

	vo_put(".cdx.json", "{}", 2);
	vo_hash(".efi", &files[0]);
	vo_hash(".cdx.json", &files[1]);
	ck_ok(provenance_write(&p, &b, &e));
	vo_put(".provenance.json", b.data, b.len);
	strv_done(&suite.signers);
}
