/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A small disk as builds make them, by their writers: each field is an input of one. */
#include "base/sink.h"
#include "builder/stages/cmdline.h"
#include "builder/stages/esp.h"
#include "layouts/layout.h"
#include "signing/authenticode.h"
#include "signing/root_hash.h"
#include "signing/test/fixture.h"
#include "signing/uki.h"
#include "stage1/fs/fs.h"
#include "stage1/initrd/initrd.h"
#include "verity/verity.h"

#define IM_TIME 1700000000

struct im_spec {
	const char *version, *cmdline;
	struct tree *usr, *initrd; /* changed by the test after im_spec_init() */
	const struct fs_writer *usr_writer;
	struct fs_params usr_fs, esp_fs;
	int64_t esp_time;
	uint8_t salt, verity_uuid; /* verity_uuid: 0: as builds derive it */
	int level;		   /* of the initrd's compression */
	/* What a test does to the parts before they are put together; NULL: nothing. */
	void (*change_usr)(struct buf *filesystem);
	void (*change_uki)(struct uki_params *p);
	void (*change_unsigned)(struct buf *uki);
	void (*change_esp)(struct tree *t);
	void (*change_plan)(struct layout_plan *p);
	struct signer *signer;
};

static inline struct tree_node *im_file(struct tree *t, const char *path, const void *data,
					size_t len)
{
	const struct tree_meta m = { .mode = 0644, .mtime = IM_TIME };
	struct tree_node *n;
	struct err e = { 0 };

	ck_ok(tree_put_file(t, path, &m, blob_new(data, len), &n, &e));
	return n;
}

static inline struct tree_node *im_text(struct tree *t, const char *path, const char *text)
{
	return im_file(t, path, text, strlen(text));
}

/* Stands in for systemd-boot, as it comes in its package. */
static inline void im_loader(struct buf *out)
{
	static const char magic[] = "#### LoaderInfo: systemd-boot 257.13-1 ####";
	static const uint8_t code[900] = { 0xc3, 4, 5, 6 };
	const struct fx_section sections[] = { { ".text", code, sizeof(code), FX_CODE },
					       { ".sdmagic", magic, sizeof(magic), FX_DATA } };

	fx_make_pe(out, PE_MACHINE_X86_64, sections, ARRAY_SIZE(sections));
}

/* What every disk of these tests holds before it is changed. */
static inline void im_spec_init(struct im_spec *s)
{
	const struct tree_meta m = { .mode = 0755, .mtime = IM_TIME };
	static uint8_t big[70000];
	_cleanup_buf_ struct buf loader = BUF_INIT;
	struct err e = { 0 };

	*s = (struct im_spec){ .version = "1",
			       .cmdline = "console=ttyS0 quiet",
			       .usr = tree_new(),
			       .initrd = tree_new(),
			       .usr_writer = &fs_writer_ext4,
			       .usr_fs = { .label = "node", .time = IM_TIME },
			       .esp_fs = { .label = "ESP", .time = IM_TIME, .size_bytes = 4 * MiB },
			       .esp_time = IM_TIME,
			       .level = 3,
			       .signer = fx_db };
	memset(s->usr_fs.uuid, 1, 16);
	memset(s->usr_fs.hash_seed, 2, 16);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 31 + (i >> 8));
	im_loader(&loader);
	im_file(s->usr, "lib/systemd/boot/efi/systemd-bootx64.efi", loader.data, loader.len);
	im_file(s->usr, "bin/big", big, sizeof(big));
	im_text(s->usr, "lib/os-release", "NAME=node\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"1\"\n");
	im_text(s->usr, "lib/modules/6.12/modules.dep", "");
	im_text(s->usr, "lib/text", "one\ntwo\nthree\n");
	ck_ok(tree_put_symlink(s->usr, "lib/link", &m, "text", NULL, &e));
	ck_ok(tree_put_symlink(s->initrd, "init", &m, "usr/lib/systemd/systemd", NULL, &e));
	im_text(s->initrd, "usr/lib/text", "one\ntwo\nthree\n");
	im_text(s->initrd, "etc/initrd-release",
		"NAME=node\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"1\"\n");
}

static inline void im_spec_done(struct im_spec *s)
{
	tree_free(s->usr);
	tree_free(s->initrd);
}

/* A filesystem in memory. */
static inline void im_fs(const struct fs_writer *w, const struct tree *t, const struct fs_params *p,
			 struct buf *out)
{
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	struct err e = { 0 };
	struct sink s, window;

	ck_ok(w->plan(t, p, &plan, &e));
	buf_append_zero(out, plan->bytes);
	sink_init_buf(&s, out);
	sink_init_window(&window, &s, 0, plan->bytes);
	ck_ok(w->write(plan, &window, &e));
}

static inline void im_uki(const struct im_spec *s, const uint8_t root[32], const struct buf *der,
			  struct buf *out)
{
	_cleanup_buf_ struct buf stub = BUF_INIT, kernel = BUF_INIT, initrd = BUF_INIT;
	_cleanup_free_ char *base64 = base64_encode(der->data, der->len);
	const struct blob *osrel = tree_file_blob(s->usr, "lib/os-release");
	char hex[SHA256_HEX];
	struct err e = { 0 };

	hex_encode(root, 32, hex);
	_cleanup_free_ char *cmdline = cmdline_make(s->cmdline, hex, base64);
	fx_make_stub(&stub, PE_MACHINE_X86_64, "257.13-1");
	fx_make_kernel(&kernel, PE_MACHINE_X86_64, FX_SBAT_HEADER "linux,1,The kernel");
	const struct initrd_pack_params pack = { COMPRESS_ZSTD, s->level, IM_TIME, NULL };
	ck_ok(initrd_pack(s->initrd, &pack, &initrd, &e));
	struct uki_params p = { .stub = { stub.data, stub.len },
				.linux_ = { kernel.data, kernel.len },
				.initrd = { initrd.data, initrd.len },
				.osrel = { osrel->data, osrel->len },
				.cmdline = { cmdline, strlen(cmdline) },
				.uname = { "6.12", 4 } };
	if (s->change_uki)
		s->change_uki(&p);
	ck_ok(uki_build(&p, out, &e));
	if (s->change_unsigned)
		s->change_unsigned(out);
	ck_ok(authenticode_sign(s->signer, out, &e));
}

static inline void im_esp(const struct im_spec *s, const uint8_t root[32], const struct buf *uki,
			  struct buf *out)
{
	struct fs_params p = s->esp_fs;
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_buf_ struct buf loader = BUF_INIT;
	_cleanup_free_ char *path = str_printf("EFI/Linux/node_%s.efi", s->version);
	struct err e = { 0 };

	im_file(t, path, uki->data, uki->len)->inode->mtime = s->esp_time;
	im_loader(&loader);
	ck_ok(authenticode_sign(s->signer, &loader, &e));
	im_file(t, "EFI/BOOT/BOOTX64.EFI", loader.data, loader.len);
	im_file(t, "EFI/systemd/systemd-bootx64.efi", loader.data, loader.len);
	im_text(t, "loader/loader.conf", ESP_LOADER_CONF);
	im_text(t, "loader/entries.srel", ESP_ENTRIES_SREL);
	if (s->change_esp)
		s->change_esp(t);
	if (!p.uuid[0])
		layout_volume_id(root, p.uuid);
	im_fs(&fs_writer_vfat, t, &p, out);
}

static inline void im_plan(const struct im_spec *s, struct layout *l, struct layout_plan *plan)
{
	static const struct layout_partition parts[] = {
		{ LAYOUT_ESP, LAYOUT_NO_SLOT, 4 * MiB },
		{ LAYOUT_USR, 0, 4 * MiB },
		{ LAYOUT_USR_VERITY, 0, MiB },
		{ LAYOUT_USR_VERITY_SIG, 0, MiB },
		{ LAYOUT_USR, 1, 4 * MiB },
		{ LAYOUT_USR_VERITY, 1, MiB },
		{ LAYOUT_USR_VERITY_SIG, 1, MiB },
	};
	struct layout_params p = { .arch = "x86-64", .name = "node", .version = s->version };
	struct err e = { 0 };

	*l = (struct layout){ .name = (char *)(uintptr_t) "test",
			      .sector_bytes = 512,
			      .n_partitions = ARRAY_SIZE(parts) };
	memcpy(l->partitions, parts, sizeof(parts));
	ck_ok(layout_place(l, &p, plan, &e));
}

static inline void im_put(int fd, const struct layout_plan *plan, enum layout_type t, int slot,
			  const struct buf *content)
{
	const struct layout_placed *p = layout_placed_find(plan, t, slot);

	ck_assert_uint_le(content->len, p->size_bytes);
	ck_assert_int_eq(pwrite(fd, content->data, content->len, (off_t)p->start_bytes),
			 (ssize_t)content->len);
}

static inline void im_verity(const struct im_spec *s, const struct buf *usr, struct buf *out,
			     uint8_t root[32])
{
	struct verity_params p = { .data_block_bytes = 4096,
				   .hash_block_bytes = 4096,
				   .data_blocks = usr->len / 4096,
				   .salt_bytes = 64 };
	struct err e = { 0 };
	struct source data;
	struct sink sink;

	memset(p.salt, s->salt, 64);
	memset(p.uuid, s->verity_uuid, 16);
	if (!s->verity_uuid)
		verity_derive_uuid(&p);
	source_init_bytes(&data, usr->data, usr->len);
	sink_init_buf(&sink, out);
	ck_ok(verity_build(&p, &data, &sink, root, &e));
}

/* What a build writes of a version. */
struct im_parts {
	struct buf usr, verity, sig, uki;
	uint8_t root[32];
};

static inline void im_parts_make(const struct im_spec *s, struct im_parts *p)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	struct err e = { 0 };

	*p = (struct im_parts){ .usr = BUF_INIT };
	im_fs(s->usr_writer, s->usr, &s->usr_fs, &p->usr);
	if (s->change_usr)
		s->change_usr(&p->usr);
	im_verity(s, &p->usr, &p->verity, p->root);
	ck_ok(root_hash_sign(s->signer, p->root, &der, &e));
	ck_ok(verity_sig_build(s->signer->cert, p->root, der.data, der.len, &p->sig, &e));
	im_uki(s, p->root, &der, &p->uki);
}

static inline void im_parts_done(struct im_parts *p)
{
	buf_done(&p->usr);
	buf_done(&p->verity);
	buf_done(&p->sig);
	buf_done(&p->uki);
}

static inline void im_put_slot(int fd, const struct layout_plan *plan, int slot,
			       const struct im_parts *p)
{
	im_put(fd, plan, LAYOUT_USR, slot, &p->usr);
	im_put(fd, plan, LAYOUT_USR_VERITY, slot, &p->verity);
	im_put(fd, plan, LAYOUT_USR_VERITY_SIG, slot, &p->sig);
}

/* The disk, in a file. */
static inline void im_make(const struct im_spec *s, const char *path)
{
	struct im_parts parts;
	_cleanup_buf_ struct buf esp = BUF_INIT;
	_cleanup_close_ int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
	struct layout_plan plan;
	struct layout l;
	struct err e = { 0 };

	im_plan(s, &l, &plan);
	im_parts_make(s, &parts);
	im_esp(s, parts.root, &parts.uki, &esp);
	layout_set_root_hash(&plan, parts.root);
	if (s->change_plan)
		s->change_plan(&plan);
	ck_assert_int_eq(ftruncate(fd, (off_t)plan.disk_bytes), 0);
	im_put(fd, &plan, LAYOUT_ESP, LAYOUT_NO_SLOT, &esp);
	im_put_slot(fd, &plan, 0, &parts);
	im_parts_done(&parts);
	ck_ok(layout_write_gpt(&plan, fd, &e));
}
