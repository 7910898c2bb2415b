/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks that are whole and signed by a trusted key, each with one thing that must not be so: the check
 * that is for it says so.
 */
#include "builder/audit/test/verify_support.h"

static struct err e;

static const struct tree_meta meta = { .mode = 0644, .mtime = IM_TIME };

/* The table. */
static void other_label(struct layout_plan *p)
{
	strcpy(p->placed[0].label, "usr");
}

static void other_type(struct layout_plan *p)
{
	p->placed[6].type = LAYOUT_USR;
}

static void gap(struct layout_plan *p)
{
	p->placed[6].start_bytes += 512 * KiB;
}

static void other_disk_uuid(struct layout_plan *p)
{
	p->disk_uuid[3] ^= 1;
}

static void other_uuid(struct layout_plan *p)
{
	p->placed[0].uuid[3] ^= 1;
}

static void other_attributes(struct layout_plan *p)
{
	p->placed[1].attributes = 0;
}

static void longer_disk(struct layout_plan *p)
{
	p->disk_bytes += MiB;
}

static void other_hash_label(struct layout_plan *p)
{
	strcpy(p->placed[2].label, "node_1_hash");
}

/* /usr. */
static void longer_usr(struct buf *b)
{
	buf_append_zero(b, 4096);
}

/* The kernel's file. */
static const char *const other_text = "NAME=other\n";

static void other_osrel(struct uki_params *p)
{
	p->osrel = (struct uki_part){ other_text, strlen(other_text) };
}

static void other_uname(struct uki_params *p)
{
	p->uname = (struct uki_part){ "6.13", 4 };
}

static void other_root_hash(struct uki_params *p)
{
	memset(strstr((char *)(uintptr_t)p->cmdline.data, "usrhash=") + 8, 'a', 64);
}

static void other_signature(struct uki_params *p)
{
	strstr((char *)(uintptr_t)p->cmdline.data, "base64:")[40] ^= 1;
}

static void no_signature_demanded(struct uki_params *p)
{
	*(strstr((char *)(uintptr_t)p->cmdline.data, "require_signatures=1") + 19) = '0';
}

static void cut_initrd(struct uki_params *p)
{
	p->initrd.len -= 4;
}

/* A frame that unpackers skip, whatever is in it. */
static void second_frame(struct uki_params *p)
{
	static const uint8_t skipped[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'h', 'e', 'r', 'e' };
	static uint8_t both[64 * KiB];

	ck_assert_uint_le(p->initrd.len + sizeof(skipped), sizeof(both));
	memcpy(both, p->initrd.data, p->initrd.len);
	memcpy(both + p->initrd.len, skipped, sizeof(skipped));
	p->initrd = (struct uki_part){ both, p->initrd.len + sizeof(skipped) };
}

static void with_splash(struct buf *uki)
{
	const struct pe_new_section splash = { ".splash", "BM", 2, false };
	_cleanup_buf_ struct buf old = *uki;
	struct pe pe;

	*uki = (struct buf)BUF_INIT;
	ck_ok(pe_parse(&pe, old.data, old.len, &e));
	ck_ok(pe_add_sections(&pe, &splash, 1, 0, uki, &e));
}

/* The ESP. */
#define UKI "EFI/Linux/node_1.efi"

static void esp_put(struct tree *t, const char *path, const void *data, size_t len)
{
	ck_ok(tree_put_file(t, path, &meta, blob_new(data, len), NULL, &e));
}

static void foreign_file(struct tree *t)
{
	esp_put(t, "loader/credentials/x.cred", "x", 1);
}

static void foreign_loader(struct tree *t)
{
	const struct blob *b = tree_file_blob(t, "EFI/BOOT/BOOTX64.EFI");

	esp_put(t, "EFI/BOOT/BOOTAA64.EFI", b->data, b->len);
}

static void other_loader(struct tree *t)
{
	const struct blob *b = tree_file_blob(t, UKI);

	esp_put(t, "EFI/systemd/systemd-bootx64.efi", b->data, b->len);
}

/* Another release's, which the owner has signed as well. */
static void older_loader(struct tree *t)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	im_loader(&b);
	b.data[FX_HEADERS + 100] ^= 1;
	ck_ok(authenticode_sign(fx_db, &b, &e));
	esp_put(t, "EFI/BOOT/BOOTX64.EFI", b.data, b.len);
	esp_put(t, "EFI/systemd/systemd-bootx64.efi", b.data, b.len);
}

static void unsigned_loader(struct tree *t)
{
	const struct blob *b = tree_file_blob(t, "EFI/BOOT/BOOTX64.EFI");
	struct pe pe;

	ck_ok(pe_parse(&pe, b->data, b->len, &e));
	esp_put(t, "EFI/BOOT/BOOTX64.EFI", b->data, pe.cert_offset);
}

static void signed_twice(struct tree *t)
{
	const struct blob *b = tree_file_blob(t, UKI);
	_cleanup_buf_ struct buf twice = BUF_INIT;

	buf_append(&twice, b->data, b->len);
	ck_ok(authenticode_sign(fx_pk, &twice, &e));
	esp_put(t, UKI, twice.data, twice.len);
}

static void other_checksum(struct tree *t)
{
	const struct blob *b = tree_file_blob(t, UKI);
	_cleanup_buf_ struct buf copy = BUF_INIT;
	struct pe pe;

	buf_append(&copy, b->data, b->len);
	ck_ok(pe_parse(&pe, copy.data, copy.len, &e));
	copy.data[pe.checksum] ^= 1;
	esp_put(t, UKI, copy.data, copy.len);
}

static void other_config(struct tree *t)
{
	esp_put(t, "loader/loader.conf", "timeout 10\n", 11);
}

static void no_srel(struct tree *t)
{
	tree_remove(t, tree_lookup(t, "loader/entries.srel"));
}

static void no_uki(struct tree *t)
{
	tree_remove(t, tree_lookup(t, UKI));
}

static void renamed_uki(struct tree *t)
{
	ck_ok(tree_move(t, tree_lookup(t, UKI), "EFI/Linux/node_2.efi", &e));
}

static void empty_directory(struct tree *t)
{
	ck_ok(tree_add_dir(t, "loader/keys", &meta, NULL, &e));
}

static void add_auth(struct tree *t, const char *name)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_free_ char *path = str_printf(ESP_KEYS "/%s", name);

	fx_read(name, &b);
	esp_put(t, path, b.data, b.len);
}

static void keys(struct tree *t)
{
	add_auth(t, "PK.auth");
	add_auth(t, "KEK.auth");
	add_auth(t, "db.auth");
}

static void some_keys(struct tree *t)
{
	add_auth(t, "db.auth");
}

/* Lines that say something else to a kernel than to whoever reads them. */
START_TEST(command_lines)
{
	static const char *const lines[] = { "console=ttyS0 init=\"", "quiet --",
					     "\"systemd.verity_usr_data=/dev/sda1\"",
					     "dm-verity.require_signatures=0" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct im_spec s;
		im_spec_init(&s);
		s.cmdline = lines[i];
		struct verify_report r = vs_of(&s);
		ck_assert_msg(vs_fails(&r, VERIFY_UKI_CMDLINE), "%s", lines[i]);
		verify_report_done(&r);
	}
}
END_TEST

static const struct {
	void (*plan)(struct layout_plan *p);
	enum verify_id id;
} plans[] = {
	{ other_label, VERIFY_GPT_LAYOUT },
	{ other_type, VERIFY_GPT_LAYOUT },
	{ gap, VERIFY_GPT_PLACES },
	{ longer_disk, VERIFY_GPT_PLACES },
	{ other_disk_uuid, VERIFY_GPT_FORM },
	{ other_uuid, VERIFY_GPT_FORM },
	{ other_attributes, VERIFY_GPT_FORM },
	{ other_hash_label, VERIFY_SLOT_LABELS },
	{ vs_with_root, VERIFY_DISK_STATE },
};

static const struct {
	void (*uki)(struct uki_params *p);
	void (*built)(struct buf *uki);
	enum verify_id id;
} ukis[] = {
	{ other_osrel, NULL, VERIFY_UKI_OSREL },
	{ other_uname, NULL, VERIFY_UKI_UNAME },
	{ other_root_hash, NULL, VERIFY_UKI_ROOT_HASH },
	{ other_signature, NULL, VERIFY_UKI_ROOT_HASH },
	{ no_signature_demanded, NULL, VERIFY_UKI_ROOT_HASH },
	{ cut_initrd, NULL, VERIFY_UKI_INITRD },
	{ second_frame, NULL, VERIFY_UKI_INITRD },
	{ NULL, with_splash, VERIFY_UKI_SECTIONS },
};

static const struct {
	void (*esp)(struct tree *t);
	enum verify_id id;
} esps[] = {
	{ foreign_file, VERIFY_ESP_FILES },   { foreign_loader, VERIFY_ESP_FILES },
	{ no_srel, VERIFY_ESP_FILES },	      { renamed_uki, VERIFY_ESP_FILES },
	{ some_keys, VERIFY_ESP_FILES },      { other_loader, VERIFY_ESP_LOADER },
	{ older_loader, VERIFY_ESP_LOADER },  { unsigned_loader, VERIFY_PE_SIGNATURE },
	{ signed_twice, VERIFY_PE_FORM },     { other_checksum, VERIFY_PE_FORM },
	{ other_config, VERIFY_ESP_CONFIG },  { no_uki, VERIFY_SLOT_UKI },
	{ empty_directory, VERIFY_ESP_FORM }, { keys, VERIFY_ESP_ENROLMENT },
};

static void must_fail(struct im_spec *s, enum verify_id id, size_t i)
{
	struct verify_report r = vs_of(s);

	ck_assert_msg(vs_fails(&r, id), "%s does not fail in case %zu", verify_id_name(id), i);
	verify_report_done(&r);
}

START_TEST(partition_tables)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		struct im_spec s;
		im_spec_init(&s);
		s.change_plan = plans[i].plan;
		must_fail(&s, plans[i].id, i);
	}
}
END_TEST

START_TEST(kernels)
{
	for (size_t i = 0; i < ARRAY_SIZE(ukis); i++) {
		struct im_spec s;
		im_spec_init(&s);
		s.change_uki = ukis[i].uki;
		s.change_unsigned = ukis[i].built;
		must_fail(&s, ukis[i].id, i);
	}
}
END_TEST

START_TEST(files_of_the_esp)
{
	for (size_t i = 0; i < ARRAY_SIZE(esps); i++) {
		struct im_spec s;
		im_spec_init(&s);
		s.change_esp = esps[i].esp;
		must_fail(&s, esps[i].id, i);
	}
}
END_TEST

static void long_config(struct tree *t)
{
	char *text = calloc(1, 100001);

	ck_assert_ptr_nonnull(text);
	memset(text, '\x01', 100000);
	esp_put(t, "loader/loader.conf", text, 100000);
	free(text);
}

/* Each of its characters takes four to be shown. */
START_TEST(long_text)
{
	struct im_spec s;
	size_t len = 0;

	im_spec_init(&s);
	s.change_esp = long_config;
	struct verify_report r = vs_of(&s);
	for (size_t i = 0; i < r.n; i++)
		if (r.v[i].id == VERIFY_ESP_CONFIG && r.v[i].verdict == VERIFY_FAIL)
			len = strlen(r.v[i].found);
	ck_assert_uint_eq(len, 4 * 16384 + strlen(" (and more)"));
	verify_report_done(&r);
}
END_TEST

/* Files in /usr and in the initrd. */
static const struct {
	const char *usr, *initrd, *text;
	enum verify_id id;
} files[] = {
	{ NULL, "usr/bin/sh", "#!\n", VERIFY_UKI_INITRD },
	{ NULL, "usr/lib/libx.so", "\177ELF", VERIFY_UKI_INITRD_FILES },
	{ NULL, "usr/bin/big", "\177ELF", VERIFY_UKI_INITRD_FILES },
	{ NULL, "lib/modules/6.12/x.ko.xz", "x", VERIFY_UKI_INITRD_FILES },
	{ "lib/os-release", NULL, "NAME=node\n", VERIFY_USR_VERSION },
	{ "lib/os-release", NULL, "IMAGE_ID=\"node\"\nIMAGE_VERSION=\"2\"\n", VERIFY_USR_VERSION },
};

START_TEST(files_of_usr_and_initrd)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct im_spec s;
		im_spec_init(&s);
		im_text(files[i].usr ? s.usr : s.initrd,
			files[i].usr ? files[i].usr : files[i].initrd, files[i].text);
		must_fail(&s, files[i].id, i);
	}
}
END_TEST

/* More than a GiB of zeros, in a filesystem of less than one MiB. */
START_TEST(files_without_end)
{
	const size_t len = 64 * MiB;
	const struct tree_meta m = { .mode = 0644, .mtime = IM_TIME };
	struct blob *zeros = blob_new_take(calloc(1, len), len);
	struct im_spec s;

	im_spec_init(&s);
	s.usr_writer = &fs_writer_erofs;
	for (int i = 0; i < 17; i++) {
		_cleanup_free_ char *path = str_printf("share/%d", i);
		ck_ok(tree_put_file(s.usr, path, &m, blob_ref(zeros), NULL, &e));
	}
	blob_unref(zeros);
	must_fail(&s, VERIFY_USR_FILESYSTEM, 0);
}
END_TEST

START_TEST(others)
{
	struct im_spec s;

	im_spec_init(&s);
	s.change_usr = longer_usr;
	must_fail(&s, VERIFY_USR_FILESYSTEM, 0);
	im_spec_init(&s);
	s.cmdline = "quiet systemd.verity=0";
	must_fail(&s, VERIFY_UKI_CMDLINE, 1);
	im_spec_init(&s);
	s.signer = fx_pk;
	must_fail(&s, VERIFY_SLOT_SIGNATURE, 2);
	im_spec_init(&s);
	s.version = "2";
	must_fail(&s, VERIFY_USR_VERSION, 3);
}
END_TEST

START_TEST(certificates)
{
	X509 *const trust[] = { fx_pk->cert, fx_db->cert };
	struct policy policy;
	struct verify_params p = {
		.trust = trust, .n_trust = 2, .at = FX_NOW - 1, .policy = &policy
	};

	policy_init(&policy);
	vs_make();
	struct verify_report r = vs_verify_as(&p);
	ck_assert(vs_fails(&r, VERIFY_CERT_TIME) && r.n_failed == 1);
	verify_report_done(&r);
	p.at = FX_NOW + 3651 * 86400LL;
	r = vs_verify_as(&p);
	ck_assert(vs_fails(&r, VERIFY_CERT_TIME) && r.n_failed == 1);
	verify_report_done(&r);
	p.at = FX_NOW;
	policy.key_bits = 4096;
	r = vs_verify_as(&p);
	ck_assert(vs_fails(&r, VERIFY_CERT_KEY) && r.n_failed == 1);
	verify_report_done(&r);
	p.n_trust = 1;
	r = vs_verify_as(&p);
	ck_assert(vs_fails(&r, VERIFY_SLOT_SIGNATURE) && vs_fails(&r, VERIFY_PE_SIGNATURE));
	verify_report_done(&r);
}
END_TEST

/* Keys for enrolment are fine if all of them are trusted. */
START_TEST(enrolment)
{
	struct signer *kek = fx_signer("KEK");
	X509 *const trust[] = { fx_pk->cert, kek->cert, fx_db->cert };
	const struct verify_params p = { .trust = trust, .n_trust = 3, .at = FX_NOW };
	struct im_spec s;

	im_spec_init(&s);
	s.change_esp = keys;
	im_make(&s, fx_path("disk.raw"));
	im_spec_done(&s);
	struct verify_report r = vs_verify_as(&p);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	signer_free(kek);
}
END_TEST

FX_MAIN("verify_checks", partition_tables, kernels, command_lines, files_of_the_esp, long_text,
	files_without_end, files_of_usr_and_initrd, others, certificates, enrolment)
