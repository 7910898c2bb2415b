/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node and a web server of this machine, on which updates.sh has made a channel for each case:
 * "next" has version 2, "stable", which the image names, version 3. The others are like "next", but
 * for what a server, a stranger or somebody on the way has made of them.
 */
#include "qemu-tests/cases/node_update.h"

/* What must not be taken, what the node calls that, and what its journal says. */
static const struct refusal {
	const char *channel, *result, *says;
} refusals[] = {
	{ "absent", "failed", "failed with code 404" },
	{ "stranger", "failed", "Signature verification failed" },
	{ "unsigned", "failed", "failed with code 404" },
	{ "mixed", "failed", "Signature verification failed" },
	{ "older", "none", "" },
	{ "stale", "none", "" },
	{ "past", "stale", "was good until" },
	{ "reset", "failed", "Server returned nothing" },
	{ "stall", "failed", "Timeout was reached" },
	{ "short", "failed", "did not check out" },
	{ "wrong", "failed", "did not check out" },
	{ "lost", "failed", "failed with code 404" },
	{ "changed", "failed", "did not check out" },
	{ "kernel", "failed", "did not check out" },
};

/* The partition table, what can be booted, and the slot that runs. */
#define STATE                                                                                     \
	"partx -g -r -o NR,START,SECTORS,TYPE,UUID,NAME,FLAGS /dev/vda; ls -lA /boot/EFI/Linux; " \
	"sha256sum /boot/EFI/Linux/*; cat /dev/vda3 /dev/vda4 | sha256sum"
#define SLOT "head -c 192M /dev/vda2 | sha256sum"

static int refuse(struct boot *b, const struct refusal *f, const char *before, struct err *e)
{
	int r = node_take(b, f->channel, f->result, f->says, e);

	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, STATE);
	if (r >= 0 && !str_eq(boot_said(b), before))
		r = err_set(e, -EBADMSG, "the node is not as it was: %s, and now: %s", before,
			    boot_said(b));
	return r < 0 ? err_wrap(e, r, "channel %s", f->channel) : 0;
}

/* The kernel image is the last part: all others are there when it does not fit. */
static int refuse_when_full(struct boot *b, const char *before, struct err *e)
{
	static const struct refusal full = { "next", "failed", "No space left on device" };
	int r = guest_ask(b->vm, &b->out, e,
			  "! dd if=/dev/zero of=/boot/fill bs=1M status=none 2>/dev/null && sync");

	if (r >= 0)
		r = refuse(b, &full, before, e);
	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, "rm /boot/fill");
	return r < 0 ? err_wrap(e, r, "a full ESP") : 0;
}

static int refuse_all(struct boot *b, struct err *e)
{
	_cleanup_free_ char *before = NULL, *slot = NULL;
	int r = guest_ask(b->vm, &b->out, e, SLOT);

	slot = buf_take_str(&b->out);
	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, STATE);
	before = buf_take_str(&b->out);
	if (r >= 0 && (!slot || !before))
		return err_oom(e);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(refusals); i++)
		r = refuse(b, &refusals[i], before, e);
	if (r >= 0)
		r = refuse_when_full(b, before, e);
	return r < 0 ? r : boot_expect(b, SLOT, slot, e);
}

static int run_update(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	int r = node_start(&b, e);

	if (r >= 0)
		r = node_wait_up(&b, e);
	if (r >= 0)
		r = node_expect(&b, "1 clean yes none - no -", "update_1.efi", e);
	if (r >= 0)
		r = refuse_all(&b, e);
	if (r >= 0)
		r = node_take(&b, "next", "installed", "Successfully installed", e);
	if (r >= 0)
		r = node_expect(&b, "1 clean yes installed 2 yes -",
				"update_1.efi update_2+3-0.efi", e);
	/* Once is enough. */
	if (r >= 0)
		r = node_take(&b, "next", "none", "", e);
	if (r >= 0)
		r = node_restart(&b, e);
	if (r >= 0)
		r = node_expect(&b, "2 good yes none - no -", "update_1.efi update_2.efi", e);
	if (r >= 0)
		r = node_take(&b, NULL, "installed", "Successfully installed", e);
	if (r >= 0)
		r = node_restart(&b, e);
	if (r >= 0)
		r = node_expect(&b, "3 good yes none - no -", "update_2.efi update_3.efi", e);
	/* Of three versions the third is where the first was. */
	if (r >= 0)
		r = boot_expect(&b, ". /run/slipway/status && echo $USR_DEVICE", "vda2", e);
	return r;
}

/* Its UKI would end in the firmware, and so it must not get so far. */
static int run_foreign(struct vm_case_context *ctx, struct err *e)
{
	static const struct refusal forged = { "forged", "failed", "did not check out" },
				    foreign = { "foreign", "refused",
						"which the firmware does not know: not taken" };
	__attribute__((cleanup(node_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	_cleanup_free_ char *before = NULL;
	int r = node_start(&b, e);

	if (r >= 0)
		r = node_wait_up(&b, e);
	if (r >= 0)
		r = guest_ask(b.vm, &b.out, e, STATE);
	before = buf_take_str(&b.out);
	if (r >= 0 && !before)
		return err_oom(e);
	if (r >= 0)
		r = refuse(&b, &forged, before, e);
	if (r >= 0)
		r = refuse(&b, &foreign, before, e);
	/* Nothing is held against a version whose key may come to be trusted. */
	return r < 0 ? r : node_expect(&b, "1 clean yes refused - no -", "update_1.efi", e);
}

extern const struct vm_case case_update;
const struct vm_case case_update = {
	.name = "update",
	.image = "update",
	.description = "takes two updates from a server, and nothing that is not right",
	.machines = 1,
	.typical_sec = 600,
	.run = run_update,
};

extern const struct vm_case case_update_foreign;
const struct vm_case case_update_foreign = {
	.name = "update-foreign",
	.image = "update",
	.description = "takes no version that is signed by a key which the firmware does not know",
	.machines = 1,
	.typical_sec = 200,
	.run = run_foreign,
};
