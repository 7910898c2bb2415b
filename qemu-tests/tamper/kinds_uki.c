/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UEFI programs: what the firmware must refuse. */
#include "qemu-tests/tamper/kinds.h"
#include "qemu-tests/tamper/uki_edit.h"
#include "stage1/initrd/cpio.h"

static int save(struct tamper *t, struct tamper_uki *u, enum tamper_uki_signature how,
		const char *what, struct err *e)
{
	int r = tamper_uki_save(t, u, how, e);

	return r < 0 ? r : tamper_note(t, e, "%s: %s", u->esp.uki, what);
}

static int alter_cmdline(struct tamper *t, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	int r = tamper_uki_open(t, &u, e);

	if (r < 0)
		return r;
	buf_append_str(&u.cmdline, " dm_verity.require_signatures=0 " TAMPER_WORD);
	return buf_failed(&u.cmdline) ? err_oom(e)
				      : save(t, &u, UKI_SIGNATURE_KEPT,
					     "more on its command line, its signature is kept", e);
}

static int alter_unsigned(struct tamper *t, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	int r = tamper_uki_open(t, &u, e);

	return r < 0 ? r : save(t, &u, UKI_UNSIGNED, "without its signature", e);
}

static int alter_other_key(struct tamper *t, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	int r = tamper_uki_open(t, &u, e);

	return r < 0 ? r : save(t, &u, UKI_SIGNED_BY_STRANGER, "signed by another key only", e);
}

/* The boot loader: what firmware itself starts. */
static int find_loader(const struct tamper_esp *esp, struct tree_node **ret, struct err *e)
{
	struct tree_node *dir = tree_lookup(esp->tree, "EFI/BOOT"), *n;

	if (dir && tree_is_dir(dir)) {
		tree_for_each_child (dir, n) {
			if (tree_is_file(n)) {
				*ret = n;
				return 0;
			}
		}
	}
	return err_set(e, -ENOENT, "the ESP has no boot loader in /EFI/BOOT");
}

/* Of a kernel, it has what counts here: it is a UEFI program, and by the right key too. */
static int alter_kernel(struct tamper *t, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	struct tree_node *loader;
	int r = tamper_uki_open(t, &u, e);

	if (r == 0)
		r = find_loader(&u.esp, &loader, e);
	if (r < 0)
		return r;
	const struct blob *b = loader->inode->blob;
	const struct pe_new_section kernel = { ".linux", b->data, (size_t)b->len, true };
	u.sections = &kernel;
	u.n_sections = 1;
	return save(t, &u, UKI_SIGNATURE_KEPT, "another kernel, its signature is kept", e);
}

struct file {
	const char *path, *text;
};

/* A second archive, which the kernel would unpack over the first. */
static int append_archive(const struct file *v, size_t n, struct buf *initrd, struct err *e)
{
	_cleanup_(tree_free) struct tree *tree = tree_new();
	const struct tree_meta m = { .mode = 0755 };
	struct sink s, window;
	int r = 0;

	if (!tree)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = tree_add_file(tree, v[i].path, &m, blob_new_str(v[i].text), NULL, e);
	if (r < 0)
		return r;
	buf_pad(initrd, 4);
	sink_init_buf(&s, initrd);
	sink_init_window(&window, &s, initrd->len, MiB);
	return cpio_write(tree, 0, &window, e);
}

static int alter_initrd(struct tamper *t, const struct file *v, size_t n,
			enum tamper_uki_signature how, const char *what, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	_cleanup_buf_ struct buf initrd = BUF_INIT;
	const uint8_t *old;
	size_t len;
	int r = tamper_uki_open(t, &u, e);

	if (r == 0)
		r = tamper_pe_section(u.old->data, u.old->len, ".initrd", &old, &len, e);
	if (r < 0)
		return r;
	buf_append(&initrd, old, len);
	r = buf_failed(&initrd) ? err_oom(e) : append_archive(v, n, &initrd, e);
	if (r < 0)
		return r;
	const struct pe_new_section section = { ".initrd", initrd.data, initrd.len, false };
	u.sections = &section;
	u.n_sections = 1;
	return save(t, &u, how, what, e);
}

static int alter_appended(struct tamper *t, struct err *e)
{
	static const struct file files[] = { { "init", "#!/bin/sh\n" } };

	return alter_initrd(t, files, ARRAY_SIZE(files), UKI_SIGNATURE_KEPT,
			    "an archive behind its initrd, its signature is kept", e);
}

/* Its limit is as it was, but for the time. */
static int alter_stuck(struct tamper *t, struct err *e)
{
#define UNITS "usr/lib/systemd/system/"
	static const struct file files[] = {
		{ UNITS "initrd.target.d/20-stuck.conf",
		  "[Unit]\nRequires=stuck.service\nAfter=stuck.service\nJobTimeoutSec=60s\n" },
		{ UNITS "stuck.service", "[Unit]\nDefaultDependencies=no\n"
					 "[Service]\nType=oneshot\nExecStart=udevadm monitor\n" },
	};

	return alter_initrd(t, files, ARRAY_SIZE(files), UKI_SIGNED_BY_OWNER,
			    "an initrd that hangs, signed by the image's own key", e);
}

static int alter_truncated(struct tamper *t, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	_cleanup_buf_ struct buf half = BUF_INIT;
	int r = tamper_uki_open(t, &u, e);

	if (r < 0)
		return r;
	buf_append(&half, u.old->data, (size_t)u.old->len / 2);
	if (buf_failed(&half))
		return err_oom(e);
	r = tamper_esp_put(&u.esp, u.esp.uki, half.data, half.len, e);
	if (r == 0)
		r = tamper_esp_save(t, &u.esp, e);
	return r < 0 ? r : tamper_note(t, e, "%s: its first half", u.esp.uki);
}

/* What firmware starts from a disk that it has no entry for. */
static int alter_loader(struct tamper *t, struct err *e)
{
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct tree_node *loader;
	int r = tamper_esp_open(t, &esp, e);

	if (r == 0)
		r = find_loader(&esp, &loader, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *path = tree_path(loader);
	if (!path)
		return err_oom(e);
	const struct blob *b = loader->inode->blob;
	r = tamper_pe_unsigned(b->data, (size_t)b->len, &out, e);
	if (r == 0)
		r = tamper_sign(t, false, &out, e);
	if (r == 0)
		r = tamper_esp_put(&esp, path, out.data, out.len, e);
	if (r == 0)
		r = tamper_esp_save(t, &esp, e);
	return r < 0 ? r : tamper_note(t, e, "%s: signed by another key only", path);
}

const struct tamper_kind tamper_uki_cmdline = { "uki-cmdline", "a UKI with another command line",
						alter_cmdline };
const struct tamper_kind tamper_uki_unsigned = { "uki-unsigned", "a UKI without its signature",
						 alter_unsigned };
const struct tamper_kind tamper_uki_other_key = { "uki-other-key", "a UKI signed by another key",
						  alter_other_key };
const struct tamper_kind tamper_uki_kernel = { "uki-kernel", "a UKI with another kernel",
					       alter_kernel };
const struct tamper_kind tamper_uki_initrd = { "uki-initrd",
					       "a UKI with an archive appended to its initrd",
					       alter_appended };
const struct tamper_kind tamper_initrd_stuck = { "initrd-stuck",
						 "an initrd that hangs, by the image's owner",
						 alter_stuck };
const struct tamper_kind tamper_uki_truncated = { "uki-truncated", "the first half of a UKI",
						  alter_truncated };
const struct tamper_kind tamper_loader_other_key = { "loader-other-key",
						     "a boot loader signed by another key",
						     alter_loader };
