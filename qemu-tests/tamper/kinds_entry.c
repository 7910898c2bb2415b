/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the boot loader in files of their own, which nobody signs: what they name is up to who writes
 * the ESP.
 * Spec: UAPI Boot Loader Specification, Type #1
 */
#include "qemu-tests/tamper/kinds.h"
#include "qemu-tests/tamper/uki_edit.h"

/* With all that would make it another system: its root, its init, no look at signatures. */
static int add_entry(struct tamper_esp *esp, const char *program, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_printf(&text,
		   "title Tampered\nlinux /%s\noptions root=/dev/vda8 rw init=/usr/bin/sh "
		   "dm_verity.require_signatures=0 " TAMPER_WORD "\n",
		   program);
	if (buf_failed(&text))
		return err_oom(e);
	int r = tamper_esp_put(esp, "loader/entries/" TAMPER_ENTRY, text.data, text.len, e);
	return r < 0 ? r : tamper_esp_choose(esp, TAMPER_ENTRY, e);
}

static int alter_unsigned(struct tamper *t, struct err *e)
{
	static const char program[] = "slipway-tampered.efi";
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = tamper_uki_open(t, &u, e);

	if (r == 0)
		r = tamper_uki_build(t, &u, UKI_UNSIGNED, &out, e);
	if (r == 0)
		r = tamper_esp_put(&u.esp, program, out.data, out.len, e);
	if (r == 0)
		r = add_entry(&u.esp, program, e);
	if (r == 0)
		r = tamper_esp_save(t, &u.esp, e);
	return r < 0 ? r
		     : tamper_note(t, e,
				   "esp: entry " TAMPER_ENTRY " of a UKI without a signature");
}

static int alter_cmdline(struct tamper *t, struct err *e)
{
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	int r = tamper_esp_open(t, &esp, e);

	if (r == 0)
		r = add_entry(&esp, esp.uki, e);
	if (r == 0)
		r = tamper_esp_save(t, &esp, e);
	return r < 0 ? r
		     : tamper_note(t, e,
				   "esp: entry " TAMPER_ENTRY " of the signed UKI, with options");
}

const struct tamper_kind tamper_entry_unsigned = {
	"entry-unsigned", "an entry of the boot loader for an unsigned UKI, chosen by loader.conf",
	alter_unsigned
};
const struct tamper_kind tamper_entry_cmdline = {
	"entry-cmdline",
	"an entry of the boot loader for the signed UKI with another command line, chosen by loader.conf",
	alter_cmdline
};
