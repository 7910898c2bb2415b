/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/tamper_machine.h"

#include <fcntl.h>

#include "base/outfile.h"
#include "qemu-tests/tamper/parts.h"
#include "qemu-tests/tamper/stranger.h"
#include "qemu-tests/vm/varstore.h"
#include "signing/efi_auth.h"

/* Which bits are flipped; any would do. */
#define SEED 1

static int alter(struct tamper_machine *m, struct err *e)
{
	const struct tamper_params p = {
		.disk = &m->disk, .seed = SEED, .owner = m->ctx->owner, .stranger = m->stranger
	};
	int r = tamper_new(&p, &m->image, e);

	for (size_t i = 0; r == 0 && i < TAMPER_KINDS_MAX && m->c->kinds[i]; i++) {
		const struct tamper_kind *k = tamper_kind_find(m->c->kinds[i]);
		r = k ? tamper_apply(m->image, k, e)
		      : err_set(e, -EINVAL, "there is no kind '%s'", m->c->kinds[i]);
	}
	for (size_t i = 0; r == 0 && i < m->image->notes.n; i++)
		r = guest_note(m->ctx, e, "%s", m->image->notes.v[i]);
	/* A kind that is not for this image. */
	return r == -ENOKEY || r == -ENOTSUP || r == -ENOENT ? VM_CASE_SKIPPED : r;
}

static int add_variable(struct buf *store, enum efi_variable variable, const struct blob *auth,
			struct err *e)
{
	struct varstore_variable v = { .name = efi_variable_name(variable),
				       .vendor = efi_variable_vendor(variable),
				       .attributes = EFI_KEY_ATTRIBUTES };
	const uint8_t *lists;
	int r = efi_auth_content(auth->data, (size_t)auth->len, &lists, &v.len, e);

	v.data = lists;
	return r < 0 ? r : varstore_add(store, &v, e);
}

/* As its boot loader would enrol them in setup mode. */
static int enrol(const struct tamper_machine *m, struct buf *store, struct err *e)
{
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	int r = tamper_esp_open(m->image, &esp, e);

	for (enum efi_variable v = EFI_VARIABLE_PK; r == 0 && v <= EFI_VARIABLE_DB; v++) {
		_cleanup_free_ char *path =
			str_printf("loader/keys/auto/%s.auth", efi_variable_name(v));
		if (!path)
			return err_oom(e);
		const struct blob *auth = tree_file_blob(esp.tree, path);
		if (!auth) {
			(void)err_set(e, -ENOENT, "the ESP has no keys to be enrolled");
			return VM_CASE_SKIPPED;
		}
		r = add_variable(store, v, auth, e);
	}
	return r;
}

static int make_variables(const struct tamper_machine *m, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/vars.fd", m->ctx->scratch_dir);
	_cleanup_free_ char *empty = vm_host_firmware_vars(m->ctx->host);
	_cleanup_(blob_unref) struct blob *b = NULL;
	_cleanup_buf_ struct buf store = BUF_INIT;

	if (!empty)
		return err_set(e, -ENOENT, "UEFI firmware is missing: install ovmf");
	if (!path)
		return err_oom(e);
	int r = blob_new_file(AT_FDCWD, empty, &b, e);
	if (r < 0)
		return r;
	buf_append(&store, b->data, (size_t)b->len);
	r = buf_failed(&store) ? err_oom(e) : enrol(m, &store, e);
	return r ? r : outfile_write(path, 0600, store.data, store.len, e);
}

static int make_disk(const struct tamper_machine *m, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/disk.qcow2", m->ctx->scratch_dir);
	_cleanup_free_ char *backing = realpath(m->ctx->image, NULL);

	if (!path || !backing)
		return err_oom(e);
	return overlay_save_qcow2(&m->image->disk, backing,
				  align_up(m->disk.size_bytes, MiB) + BOOT_ROOT_BYTES, path, e);
}

static int start(struct tamper_machine *m, struct err *e)
{
	const struct vm_params p = { .name = "tampered",
				     .image = m->ctx->image,
				     .snapshot = true,
				     .state_dir = m->ctx->scratch_dir,
				     .no_reboot = m->c->end != TAMPER_GIVEN_UP,
				     .ssh = m->c->end >= TAMPER_LATE,
				     .smbios = (const char *const *)m->image->smbios.v,
				     .log_dir = m->ctx->log_dir,
				     .limit_sec = m->ctx->limit_sec };

	return vm_start(m->ctx->host, &p, &m->boot.vm, e);
}

int tamper_machine_start(struct tamper_machine *m, struct err *e)
{
	const struct vm_case_context *ctx = m->ctx;

	m->disk = (struct source)SOURCE_INIT;
	m->boot = (struct boot){ .ctx = m->ctx, .out = BUF_INIT };
	int r = source_open(&m->disk, ctx->image, e);
	if (r == 0)
		r = stranger_new(ctx->scratch_dir, &m->stranger, e);
	if (r == 0)
		r = alter(m, e);
	if (r == 0)
		r = make_variables(m, e);
	if (r == 0)
		r = make_disk(m, e);
	return r ? r : start(m, e);
}

void tamper_machine_done(struct tamper_machine *m)
{
	vm_free(m->boot.vm);
	buf_done(&m->boot.out);
	tamper_free(m->image);
	source_done(&m->disk);
	signer_free(m->stranger);
}
