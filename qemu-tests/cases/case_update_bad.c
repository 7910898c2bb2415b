/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Versions that are signed and complete, and do not come up or are not well: updates.sh makes them, and
 * puts them into slot B as an update would. They are tried as often as the layout says; then the node is on
 * the version before, says so, and does not take them again.
 */
#include "qemu-tests/cases/node_update.h"

struct bad_version {
	const char *channel, *version;
	const char *says; /* the journal of the boots that failed; NULL: it cannot */
};

/* One to enrol the keys, three of the bad version, and the one that leads back. */
#define LOADER_STARTS	 5
#define FAIL_TIMEOUT_SEC 1800

static int fall_back(struct boot *b, struct err *e)
{
	static const struct vm_pattern started[] = { { .text = "BdsDxe: starting Boot" } };
	int r = node_start(b, e);

	for (int i = 0; r >= 0 && i < LOADER_STARTS; i++) {
		r = vm_wait_console(b->vm, started, 1, FAIL_TIMEOUT_SEC, e);
		if (r < 0)
			r = err_wrap(e, r, "start %d of the boot loader", i + 1);
	}
	return r < 0 ? r : node_wait_up(b, e);
}

static int check_reasons(struct boot *b, const struct bad_version *bad, struct err *e)
{
	_cleanup_free_ char *given_up =
		str_printf("version %s did not come up and is not taken again", bad->version);

	if (!given_up)
		return err_oom(e);
	int r = boot_expect(b, "journalctl -b -p err -o cat -u slipway-status.service", given_up,
			    e);
	return r < 0 || !bad->says
		       ? r
		       : boot_expect(b, "journalctl -p err -o cat -u slipway-health.service",
				     bad->says, e);
}

/* Not even when there is no trace of it left on the disk. */
static int check_held(struct boot *b, const struct bad_version *bad, struct err *e)
{
	int r = node_take(b, bad->channel, "none", "", e);

	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, "/usr/lib/systemd/systemd-sysupdate vacuum -m 1");
	if (r >= 0)
		r = node_take(b, bad->channel, "held", "did not come up here before", e);
	return r;
}

static int run_bad(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	const struct bad_version *bad = ctx->data;
	_cleanup_free_ char *status = str_printf("1 clean yes none - no %s", bad->version),
			    *entries = str_printf("update_1.efi update_%s+0-3.efi", bad->version);

	if (!status || !entries)
		return err_oom(e);
	int r = fall_back(&b, e);
	unsigned int resets = r >= 0 ? vm_event_count(b.vm, VM_EVENT_RESET) : 0;
	if (r >= 0)
		r = node_expect(&b, status, entries, e);
	if (r >= 0)
		r = check_reasons(&b, bad, e);
	if (r >= 0)
		r = check_held(&b, bad, e);
	if (r >= 0 && vm_event_count(b.vm, VM_EVENT_RESET) != resets)
		return err_set(e, -EBADMSG, "it goes on to restart");
	return r;
}

#define BAD(kind, number, reason, text)                                             \
	extern const struct vm_case case_update_##kind;                             \
	const struct vm_case case_update_##kind = {                                 \
		.name = "update-" #kind,                                            \
		.image = "update",                                                  \
		.description = "a version " text " is tried three times, and left", \
		.machines = 1,                                                      \
		.typical_sec = 1200,                                                \
		.run = run_bad,                                                     \
		.data = &(const struct bad_version){ #kind, number, reason },       \
	};
BAD(crash, "4", "not well after 10 s: containerd.service is", "whose containerd crashes")
BAD(unwell, "5", "not well after 10 s: test -e /never: exit status 1", "with a failing command")
BAD(panic, "6", NULL, "whose kernel panics")
BAD(freeze, "7", NULL, "whose systemd hangs")
