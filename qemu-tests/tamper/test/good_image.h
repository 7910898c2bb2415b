/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A small good disk, made by the builder's own writers, and looks into an altered one. */
#include "builder/audit/test/image_maker.h"
#include "qemu-tests/tamper/parts.h"

static char *gi_path;
static struct source gi_disk;

/* More than 128 data blocks, so that the hash tree has two levels. */
static inline void gi_usr(struct im_spec *s)
{
	static uint8_t program[600000];
	_cleanup_buf_ struct buf stub = BUF_INIT;
	const struct fx_section text = { ".text", "code", 4, FX_CODE };

	for (size_t i = 0; i < sizeof(program); i++)
		program[i] = (uint8_t)(i * 13 + (i >> 7));
	im_file(s->usr, "lib/systemd/systemd", program, sizeof(program));
	im_file(s->usr, "bin/less", program + 1, 50000);
	fx_make_pe(&stub, PE_MACHINE_X86_64, &text, 1);
	im_file(s->usr, "lib/systemd/boot/efi/addonx64.efi.stub", stub.data, stub.len);
	im_text(s->usr, "lib/os-release", "ID=debian\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"1\"\n");
}

static inline void gi_open(const struct source *disk, uint64_t seed, struct tamper **ret)
{
	const struct tamper_params p = {
		.disk = disk, .seed = seed, .owner = fx_db, .stranger = fx_pk
	};
	struct err e = { 0 };

	ck_ok(tamper_new(&p, ret, &e));
}

/** gi_altered() - the good disk, by a kind of its name */
static inline struct tamper *gi_altered(const char *kind)
{
	const struct tamper_kind *k = tamper_kind_find(kind);
	struct tamper *t = NULL;
	struct err e = { 0 };

	ck_assert_msg(k, "no kind %s", kind);
	gi_open(&gi_disk, 2, &t);
	ck_ok(tamper_apply(t, k, &e));
	return t;
}

/* The keys to be enrolled, which the disks of the other tests have not. */
static inline void gi_add_keys(const char *from, const char *to)
{
	static const char *const names[] = { "PK.auth", "KEK.auth", "db.auth" };
	_cleanup_(tamper_free) struct tamper *t = NULL;
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	struct source disk;
	struct err e = { 0 };

	ck_ok(source_open(&disk, from, &e));
	gi_open(&disk, 0, &t);
	ck_ok(tamper_esp_open(t, &esp, &e));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = str_printf("loader/keys/auto/%s", names[i]);
		_cleanup_buf_ struct buf b = BUF_INIT;
		fx_read(names[i], &b);
		ck_ok(tamper_esp_put(&esp, path, b.data, b.len, &e));
	}
	ck_ok(tamper_esp_save(t, &esp, &e));
	ck_ok(overlay_save_raw(&t->disk, to, &e));
	source_done(&disk);
}

static inline void gi_make(const struct fs_writer *w, enum fs_compression compression,
			   const char *path)
{
	struct im_spec s;

	im_spec_init(&s);
	gi_usr(&s);
	s.usr_writer = w;
	s.usr_fs.compression = compression;
	im_make(&s, path);
	im_spec_done(&s);
}

static inline void gi_setup(void)
{
	struct err e = { 0 };

	fx_setup();
	gi_path = str_printf("%s/good.raw", fx_dir);
	gi_make(&fs_writer_ext4, FS_PLAIN, fx_path("plain.raw"));
	gi_add_keys(fx_path("plain.raw"), gi_path);
	ck_ok(source_open(&gi_disk, gi_path, &e));
}

static inline void gi_teardown(void)
{
	source_done(&gi_disk);
	free(gi_path);
	fx_teardown();
}

/* A file of the ESP of an altered disk; it lives as long as @esp. */
static inline const struct blob *gi_esp_file(const struct tamper *t, struct tamper_esp *esp,
					     const char *path)
{
	struct err e = { 0 };

	ck_ok(tamper_esp_open(t, esp, &e));
	const struct blob *b = tree_file_blob(esp->tree, path);
	ck_assert_msg(b, "%s is not on the ESP", path);
	return b;
}
