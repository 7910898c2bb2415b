/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kinds do to programs, signatures and what the machine is given. */
#include "qemu-tests/tamper/test/good_image.h"

#define UKI "EFI/Linux/node_1.efi"

static struct err e;

static int verify_partition(const char *kind, X509 *cert)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered(kind);
	_cleanup_verity_sig_ struct verity_sig sig = VERITY_SIG_INIT;
	const struct image_partition *p;
	static uint8_t content[MiB];

	ck_ok(tamper_partition(t, "usr-verity-sig-a", &p, &e));
	ck_ok(source_pread(&p->src, 0, content, sizeof(content), &e));
	int r = verity_sig_parse(content, sizeof(content), &sig, &e);
	return r < 0 ? r : root_hash_verify(cert, sig.root_hash, sig.der.data, sig.der.len, &e);
}

START_TEST(partition_signatures_are_no_good)
{
	ck_assert_int_eq(verify_partition("sig-root-hash", fx_db->cert), -EKEYREJECTED);
	ck_assert_int_eq(verify_partition("sig-other-key", fx_db->cert), -EKEYREJECTED);
	ck_ok(verify_partition("sig-other-key", fx_pk->cert));
	ck_assert_int_eq(verify_partition("sig-none", fx_db->cert), -EBADMSG);
}
END_TEST

START_TEST(programs_are_signed_as_meant)
{
	static const struct {
		const char *kind, *path;
		int result;
	} kinds[] = {
		{ "usr-data", UKI, 0 },
		{ "uki-cmdline", UKI, -EKEYREJECTED },
		{ "uki-unsigned", UKI, -ENODATA },
		{ "uki-other-key", UKI, -EKEYREJECTED },
		{ "uki-kernel", UKI, -EKEYREJECTED },
		{ "uki-initrd", UKI, -EKEYREJECTED },
		{ "initrd-stuck", UKI, 0 },
		{ "uki-truncated", UKI, -EBADMSG },
		{ "loader-other-key", UKI, 0 },
		{ "loader-other-key", "EFI/BOOT/BOOTX64.EFI", -EKEYREJECTED },
		{ "addon-unsigned", UKI ".extra.d/unsigned.addon.efi", -ENODATA },
		{ "addon-unsigned", "loader/addons/unsigned-all.addon.efi", -ENODATA },
		{ "addon-other-key", UKI ".extra.d/stranger.addon.efi", -EKEYREJECTED },
		{ "uki-old", UKI, 0 },
		{ "uki-old", "EFI/Linux/node_0.efi", 0 },
		{ "uki-old-chosen", "EFI/Linux/node_0.efi", 0 },
		{ "root-hash-other-key", UKI, 0 },
		{ "root-hash-unsigned", UKI, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(tamper_free) struct tamper *t = gi_altered(kinds[i].kind);
		_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
		const struct blob *b = gi_esp_file(t, &esp, kinds[i].path);
		int r = authenticode_verify(b->data, (size_t)b->len, fx_db->cert, &e);
		ck_assert_msg(r == kinds[i].result, "%s: %s: %d", kinds[i].kind, kinds[i].path, r);
	}
}
END_TEST

/* A section of a program of an altered ESP, as text or bytes. */
static void section(const char *kind, const char *path, const char *name, struct buf *ret)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered(kind);
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	const struct blob *b = gi_esp_file(t, &esp, path);
	const uint8_t *content;
	size_t len;

	ck_ok(tamper_pe_section(b->data, (size_t)b->len, name, &content, &len, &e));
	buf_done(ret);
	buf_append(ret, content, len);
}

START_TEST(only_the_section_meant_changes)
{
	static const char *const names[] = { ".cmdline", ".linux", ".initrd",
					     ".osrel",	 ".uname", ".text" };
	static const struct {
		const char *kind, *section;
	} kinds[] = { { "uki-cmdline", ".cmdline" },
		      { "uki-kernel", ".linux" },
		      { "uki-initrd", ".initrd" },
		      { "initrd-stuck", ".initrd" },
		      { "uki-unsigned", "" },
		      { "uki-other-key", "" },
		      { "root-hash-other-key", ".cmdline" },
		      { "root-hash-unsigned", ".cmdline" } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
			section("usr-data", UKI, names[j], &a);
			section(kinds[i].kind, UKI, names[j], &b);
			bool same = a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
			ck_assert_msg(same == !str_eq(kinds[i].section, names[j]), "%s: %s",
				      kinds[i].kind, names[j]);
		}
	}
}
END_TEST

START_TEST(command_lines_are_as_meant)
{
	_cleanup_buf_ struct buf good = BUF_INIT, b = BUF_INIT;

	section("usr-data", UKI, ".cmdline", &good);
	ck_assert_ptr_nonnull(strstr(buf_str(&good), "=root-hash-signature=base64:"));
	section("uki-cmdline", UKI, ".cmdline", &b);
	ck_assert(str_has_prefix(buf_str(&b), buf_str(&good)));
	ck_assert(str_has_suffix(buf_str(&b), " " TAMPER_WORD));
	section("addon-unsigned", "loader/addons/unsigned-all.addon.efi", ".cmdline", &b);
	ck_assert_str_eq(buf_str(&b), TAMPER_WORD);
	section("root-hash-unsigned", UKI, ".cmdline", &b);
	ck_assert_ptr_null(strstr(buf_str(&b), "root-hash-signature"));
	ck_assert_ptr_nonnull(strstr(buf_str(&b), "usrhash="));
	section("root-hash-other-key", UKI, ".cmdline", &b);
	ck_assert_uint_eq(b.len, good.len);
	section("uki-old", "EFI/Linux/node_0.efi", ".cmdline", &b);
	ck_assert_int_ne(memcmp(strstr(buf_str(&b), "usrhash=") + 8,
				strstr(buf_str(&good), "usrhash=") + 8, 64),
			 0);
	section("uki-old", "EFI/Linux/node_0.efi", ".osrel", &b);
	ck_assert_str_eq(buf_str(&b), "ID=debian\nIMAGE_ID=\"node\"\nIMAGE_VERSION=0\n");
}
END_TEST

START_TEST(the_old_one_is_chosen)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered("uki-old-chosen");
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	const struct blob *b = gi_esp_file(t, &esp, "loader/loader.conf");
	static const char want[] = ESP_LOADER_CONF "default node_0.efi\n";

	ck_assert_uint_eq(b->len, strlen(want));
	ck_assert_mem_eq(b->data, want, strlen(want));
}
END_TEST

START_TEST(machines_get_their_strings)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered("smbios-cmdline");

	ck_ok(tamper_apply(t, tamper_kind_find("smbios-credential"), &e));
	ck_assert_uint_eq(t->smbios.n, 2);
	ck_assert_str_eq(t->smbios.v[0], "io.systemd.stub.kernel-cmdline-extra=" TAMPER_WORD);
	ck_assert(str_has_prefix(t->smbios.v[1], "io.systemd.credential:tmpfiles.extra=f "));
}
END_TEST

START_TEST(some_take_the_owners_key)
{
	static const char *const kinds[] = { "root-hash-other-key", "root-hash-unsigned", "uki-old",
					     "uki-old-chosen", "initrd-stuck" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(tamper_free) struct tamper *t = NULL;
		gi_open(&gi_disk, 0, &t);
		t->p.owner = NULL;
		ck_fails(tamper_apply(t, tamper_kind_find(kinds[i]), &e), -ENOKEY, "key");
	}
}
END_TEST

int main(void)
{
	const TTest *tests[] = { partition_signatures_are_no_good,
				 programs_are_signed_as_meant,
				 only_the_section_meant_changes,
				 command_lines_are_as_meant,
				 the_old_one_is_chosen,
				 machines_get_their_strings,
				 some_take_the_owners_key };

	return test_run_with("tamper_programs", tests, ARRAY_SIZE(tests), gi_setup, gi_teardown);
}
