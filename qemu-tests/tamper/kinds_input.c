/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies beside a good UKI, and what the machine hands to it. */
#include "base/path.h"
#include "base/span.h"
#include "qemu-tests/tamper/kinds.h"
#include "qemu-tests/tamper/null_credential.h"
#include "qemu-tests/tamper/uki_edit.h"

#define STUB_DIR "lib/systemd/boot/efi/"

/* An effect that any boot would show: systemd-tmpfiles takes the credential as lines of its own. */
#define CREDENTIAL_NAME "tmpfiles.extra"
#define CREDENTIAL	"f " TAMPER_FILE " 0644 root root - -"

/* systemd's stub of an addon, which the image has for its own updates. */
static int read_addon_stub(const struct tamper *t, struct buf *ret, struct err *e)
{
	static const char *const names[] = { STUB_DIR "addonx64.efi.stub",
					     STUB_DIR "addonaa64.efi.stub" };
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		r = tamper_usr_read(&u, names[i], ret, e);
		if (r != -ENOENT)
			return r;
	}
	return r;
}

static int build_addon(const struct tamper *t, struct buf *ret, struct err *e)
{
	static const char word[] = TAMPER_WORD;
	const struct pe_new_section section = { ".cmdline", word, sizeof(word) - 1, false };
	_cleanup_buf_ struct buf stub = BUF_INIT;
	int r = read_addon_stub(t, &stub, e);

	return r < 0 ? r : tamper_pe_rebuild(stub.data, stub.len, &section, 1, ret, e);
}

/* One for this UKI, one for all. */
static int alter_addon(struct tamper *t, bool sign, struct err *e)
{
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	_cleanup_buf_ struct buf addon = BUF_INIT;
	const char *name = sign ? "stranger" : "unsigned";
	int r = tamper_esp_open(t, &esp, e);

	if (r == 0)
		r = build_addon(t, &addon, e);
	if (r == 0 && sign)
		r = tamper_sign(t, false, &addon, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *own = str_printf("%s.extra.d/%s.addon.efi", esp.uki, name);
	_cleanup_free_ char *global = str_printf("loader/addons/%s-all.addon.efi", name);
	if (!own || !global)
		return err_oom(e);
	r = tamper_esp_put(&esp, own, addon.data, addon.len, e);
	if (r == 0)
		r = tamper_esp_put(&esp, global, addon.data, addon.len, e);
	if (r == 0)
		r = tamper_esp_save(t, &esp, e);
	return r < 0 ? r : tamper_note(t, e, "esp: %s and %s", own, global);
}

static int alter_addon_unsigned(struct tamper *t, struct err *e)
{
	return alter_addon(t, false, e);
}

static int alter_addon_other_key(struct tamper *t, struct err *e)
{
	return alter_addon(t, true, e);
}

/* For this UKI, and for all. */
static int put_credential(struct tamper *t, const void *data, size_t len, const char *what,
			  struct err *e)
{
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	static const char global[] = "loader/credentials/" CREDENTIAL_NAME ".cred";
	int r = tamper_esp_open(t, &esp, e);

	if (r < 0)
		return r;
	_cleanup_free_ char *own = str_printf("%s.extra.d/" CREDENTIAL_NAME ".cred", esp.uki);
	if (!own)
		return err_oom(e);
	r = tamper_esp_put(&esp, own, data, len, e);
	if (r == 0)
		r = tamper_esp_put(&esp, global, data, len, e);
	if (r == 0)
		r = tamper_esp_save(t, &esp, e);
	return r < 0 ? r : tamper_note(t, e, "esp: %s and %s, %s", own, global, what);
}

static int alter_credential(struct tamper *t, struct err *e)
{
	return put_credential(t, CREDENTIAL "\n", strlen(CREDENTIAL "\n"), "plain text", e);
}

static int alter_credential_null(struct tamper *t, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	int r = null_credential_build(CREDENTIAL_NAME, CREDENTIAL "\n", strlen(CREDENTIAL "\n"), &b,
				      e);

	return r < 0 ? r : put_credential(t, b.data, b.len, "encrypted by no key", e);
}

/* The os-release of version 0. */
static int old_release(const struct tamper_uki *u, struct buf *ret, struct err *e)
{
	const uint8_t *text;
	size_t len;
	int r = tamper_pe_section(u->old->data, u->old->len, ".osrel", &text, &len, e);

	if (r < 0)
		return r;
	struct span all = { (const char *)text, len }, line;
	while (span_line(&all, &line))
		if (line.len < 14 || memcmp(line.p, "IMAGE_VERSION=", 14) != 0)
			buf_printf(ret, "%.*s\n", SPAN_ARG(line));
	buf_append_str(ret, "IMAGE_VERSION=0\n");
	return buf_failed(ret) ? err_oom(e) : 0;
}

/* node_1.efi, node_1+2-1.efi: node_0.efi */
static char *old_name(const char *uki)
{
	const char *version = strrchr(uki, '_');
	size_t len = version ? (size_t)(version + 1 - uki) : strlen(uki) - strlen(".efi");

	return str_printf("%.*s0.efi", (int)len, uki);
}

/* What the owner once released: its /usr is not on this disk any more. */
static int add_old(struct tamper *t, struct tamper_uki *u, const char *name, struct err *e)
{
	_cleanup_buf_ struct buf osrel = BUF_INIT, out = BUF_INIT;
	uint8_t root_hash[SHA256_BYTES];

	if (!t->p.owner)
		return err_set(e, -ENOKEY, "an old release takes the image's own key");
	int r = tamper_uki_root_hash(u, root_hash, e);
	if (r < 0)
		return r;
	sha256_bytes(root_hash, sizeof(root_hash), root_hash);
	r = tamper_uki_sign_root_hash(u, t->p.owner, root_hash, e);
	if (r == 0)
		r = old_release(u, &osrel, e);
	if (r < 0)
		return r;
	const struct pe_new_section section = { ".osrel", osrel.data, osrel.len, false };
	u->sections = &section;
	u->n_sections = 1;
	r = tamper_uki_build(t, u, UKI_SIGNED_BY_OWNER, &out, e);
	return r < 0 ? r : tamper_esp_put(&u->esp, name, out.data, out.len, e);
}

static int alter_old(struct tamper *t, bool chosen, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	int r = tamper_uki_open(t, &u, e);

	if (r < 0)
		return r;
	_cleanup_free_ char *name = old_name(u.esp.uki);
	if (!name)
		return err_oom(e);
	r = add_old(t, &u, name, e);
	if (r == 0 && chosen)
		r = tamper_esp_choose(&u.esp, path_last(name), e);
	if (r == 0)
		r = tamper_esp_save(t, &u.esp, e);
	return r < 0 ? r
		     : tamper_note(t, e, "esp: %s, an older release%s", name,
				   chosen ? ", which loader.conf chooses" : "");
}

static int alter_old_beside(struct tamper *t, struct err *e)
{
	return alter_old(t, false, e);
}

static int alter_old_chosen(struct tamper *t, struct err *e)
{
	return alter_old(t, true, e);
}

static int add_smbios(struct tamper *t, const char *text, struct err *e)
{
	int r = strv_add(&t->smbios, text);

	return r < 0 ? err_oom(e) : tamper_note(t, e, "machine: SMBIOS string %s", text);
}

static int alter_smbios_cmdline(struct tamper *t, struct err *e)
{
	return add_smbios(t, "io.systemd.stub.kernel-cmdline-extra=" TAMPER_WORD, e);
}

static int alter_smbios_credential(struct tamper *t, struct err *e)
{
	return add_smbios(t, "io.systemd.credential:" CREDENTIAL_NAME "=" CREDENTIAL, e);
}

const struct tamper_kind tamper_addon_unsigned = { "addon-unsigned", "addons without a signature",
						   alter_addon_unsigned };
const struct tamper_kind tamper_addon_other_key = { "addon-other-key",
						    "addons signed by another key",
						    alter_addon_other_key };
const struct tamper_kind tamper_esp_credential = { "esp-credential", "credentials on the ESP",
						   alter_credential };
const struct tamper_kind tamper_esp_credential_null = {
	"esp-credential-null", "credentials on the ESP, encrypted by no key", alter_credential_null
};
const struct tamper_kind tamper_uki_old = { "uki-old", "an older signed UKI beside the new one",
					    alter_old_beside };
const struct tamper_kind tamper_uki_old_chosen = { "uki-old-chosen",
						   "an older signed UKI, chosen by loader.conf",
						   alter_old_chosen };
const struct tamper_kind tamper_smbios_cmdline = { "smbios-cmdline",
						   "more kernel command line, by the machine",
						   alter_smbios_cmdline };
const struct tamper_kind tamper_smbios_credential = { "smbios-credential",
						      "a credential, by the machine",
						      alter_smbios_credential };
