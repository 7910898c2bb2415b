/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any image: an extension is merged into /usr if the image's own key signed it, and not otherwise. */
#include <fcntl.h>

#include "base/blob.h"
#include "qemu-tests/cases/boot.h"
#include "qemu-tests/cases/extension.h"
#include "qemu-tests/tamper/stranger.h"

#define DIR_PATH "/var/lib/extensions"

/* The identity that the node's own os-release tells. */
struct identity {
	char *id, *version_id;
};

static void identity_done(struct identity *i)
{
	free(i->id);
	free(i->version_id);
}

static int ask_identity(struct boot *b, struct identity *ret, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e,
			  ". /usr/lib/os-release && echo $ID && echo $VERSION_ID");

	if (r < 0)
		return r;
	size_t len = strcspn(boot_said(b), "\n");
	ret->id = strndup(boot_said(b), len);
	ret->version_id = strdup(boot_said(b) + len + strspn(boot_said(b) + len, "\n"));
	return ret->id && ret->version_id ? 0 : err_oom(e);
}

/* The image alone in its directory, and what the boot does with it done once more. */
static int try_image(struct boot *b, const struct extension_params *p, int *ret_merged,
		     struct err *e)
{
	static const char command[] =
		"systemctl stop systemd-sysext.service; rm -rf " DIR_PATH "; mkdir -p " DIR_PATH
		" && cat >" DIR_PATH "/" EXTENSION_NAME ".raw && "
		"{ systemctl start systemd-sysext.service || systemctl reset-failed; }";
	_cleanup_free_ char *path = str_printf("%s/extension.raw", b->ctx->scratch_dir);
	_cleanup_(blob_unref) struct blob *image = NULL;

	if (!path)
		return err_oom(e);
	int r = extension_make(p, path, e);
	if (r == 0)
		r = blob_new_file(AT_FDCWD, path, &image, e);
	unlink(path);
	if (r < 0)
		return err_wrap(e, r, "%s", p->note);
	const struct vm_run_params put = { .command = command,
					   .input = image->data,
					   .input_len = image->len },
				   look = { .command = "test -e " EXTENSION_PROGRAM };
	int missing = 0;
	r = vm_run(b->vm, &put, NULL, e);
	if (r >= 0)
		r = vm_run(b->vm, &look, &missing, e);
	*ret_merged = !missing;
	return r < 0 ? err_wrap(e, r, "%s", p->note) : 0;
}

static int check_merged(struct boot *b, const struct extension_params *p, struct err *e)
{
	int merged = 0;
	int r = try_image(b, p, &merged, e);

	if (r < 0)
		return r;
	if (!merged) {
		r = guest_ask(b->vm, &b->out, e,
			      "journalctl -b -u systemd-sysext.service -o cat | tail -n 3");
		return r < 0 ? r
			     : err_set(e, -EBADMSG, "a signed extension was not merged: %s",
				       boot_said(b));
	}
	return boot_expect(b, EXTENSION_PROGRAM " dm-tables", "root_hash_sig_key_desc", e);
}

static int check_refused(struct boot *b, const struct extension_params *p, struct err *e)
{
	int merged = 0;
	int r = try_image(b, p, &merged, e);

	return r == 0 && merged ? err_set(e, -EBADMSG, "%s was merged", p->note) : r;
}

static int check_directory(struct boot *b, const struct identity *i, struct err *e)
{
	int r = guest_ask(
		b->vm, &b->out, e,
		"systemctl stop systemd-sysext.service; rm -rf " DIR_PATH "; cd /var/lib && "
		"mkdir -p extensions/d/usr/lib/extension-release.d extensions/d/usr/bin && "
		"printf 'ID=%s\\nVERSION_ID=%s\\n' "
		">extensions/d/usr/lib/extension-release.d/extension-release.d && "
		"touch extensions/d%s && { systemctl start systemd-sysext.service || "
		"systemctl reset-failed; }",
		i->id, i->version_id, EXTENSION_PROGRAM);

	return r < 0 ? r
		     : guest_must_fail(b->vm, "test -e " EXTENSION_PROGRAM,
				       "a directory was merged", e);
}

static int check_extensions(struct boot *b, struct err *e)
{
	__attribute__((cleanup(identity_done))) struct identity i = { NULL, NULL };
	_cleanup_(signer_free) struct signer *stranger = NULL;
	int r = stranger_new(b->ctx->scratch_dir, &stranger, e);

	if (r == 0)
		r = ask_identity(b, &i, e);
	if (r < 0)
		return r;
	const struct signer *owner = b->ctx->owner;
	/* A device that is open is used again by its root hash: each has one of its own. */
	const struct extension_params refused[] = {
		{ EXTENSION_BARE, NULL, i.id, i.version_id, false,
		  "an extension without a hash tree" },
		{ EXTENSION_HASHED, NULL, i.id, i.version_id, false,
		  "an extension that nobody signed" },
		{ EXTENSION_SIGNED, stranger, i.id, i.version_id, false,
		  "an extension that a stranger signed" },
		{ EXTENSION_SIGNED, stranger, i.id, i.version_id, true,
		  "an extension of a usr partition that a stranger signed" },
		{ EXTENSION_SIGNED, owner, i.id, "0", false, "an extension for another release" },
	};
	const struct extension_params good = { EXTENSION_SIGNED, owner, i.id,
					       i.version_id,	 false, "a signed extension" };

	r = check_merged(b, &good, e);
	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(refused); k++)
		r = check_refused(b, &refused[k], e);
	return r < 0 ? r : check_directory(b, &i, e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { NULL };
	static const boot_step_fn steps[] = { check_extensions, NULL };
	/* What the kernel says of those that it refuses. */
	static const char *const allow[] = { "verity: Root hash verification failed", NULL };

	if (!ctx->owner) {
		(void)err_set(e, -ENOKEY,
			      "an extension is to be signed: give --key and --certificate");
		return VM_CASE_SKIPPED;
	}
	return boot_judge(
		ctx,
		&(struct boot_params){
			.name = "extensions", .units = units, .steps = steps, .allow = allow },
		e);
}

extern const struct vm_case case_extensions;
const struct vm_case case_extensions = {
	.name = "extensions",
	.description = "an extension that the image's key signed is merged, others are not",
	.machines = 1,
	.typical_sec = 40,
	.from_running = true,
	.run = run,
};
