/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's way over two versions of its image. test-boot-versions.sh makes them, and serves the second one to
 * the first, which takes it, is well, and has all of its own. Then the second is damaged on the disk, long
 * after it was found good: the node tries it as often as it may and goes back by itself.
 */
#include "qemu-tests/cases/node_update.h"
#include "qemu-tests/cases/node_users.h"

#define LEAVE_TIMEOUT_SEC 1500

static int begin(struct boot *b, struct err *e)
{
	int r = node_start(b, e);

	if (r >= 0)
		r = node_wait_up(b, e);
	if (r >= 0)
		r = boot_check_image(b, e);
	if (r >= 0)
		r = node_expect(b, "1 clean yes none - no -", "versions_1.efi", e);
	return r < 0 ? r : node_users_change(b, e);
}

static int take_second(struct boot *b, struct err *e)
{
	int r = node_take(b, NULL, "installed", "Successfully installed", e);

	if (r >= 0)
		r = node_expect(b, "1 clean yes installed 2 yes -",
				"versions_1.efi versions_2+3-0.efi", e);
	boot_keep_journal(b, "first");
	return r < 0 ? r : node_restart(b, e);
}

/* Whose root hash it has, the script compares with the note. */
static int look_at_second(struct boot *b, struct err *e)
{
	b->ctx->root_hash = NULL;
	int r = boot_check_image(b, e);

	if (r >= 0)
		r = node_expect(b, "2 good yes none - no -", "versions_1.efi versions_2.efi", e);
	if (r >= 0)
		r = node_users_check_kept(b, e);
	if (r >= 0)
		r = node_users_check_new(b, e);
	boot_keep_journal(b, "second");
	return r < 0 ? r : boot_check_console(b, NULL, e);
}

/* The top of the hash tree: no block of /usr can be read from the next start on. */
static int damage_second(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "it runs in slot B", ". /run/slipway/status && test $USR_DEVICE = vda5" },
		{ "damage it", "dd if=/dev/urandom of=/dev/vda6 bs=4096 seek=1 count=1 conv=fsync "
			       "status=none && sync" },
	};
	int r = boot_do(b, v, ARRAY_SIZE(v), e);

	return r < 0 ? r : vm_reset(b->vm, e);
}

static int come_back(struct boot *b, struct err *e)
{
	static const struct vm_pattern left[] = { { .text = "Starting slipway-other-slot" } };
	int r = vm_wait_console(b->vm, left, ARRAY_SIZE(left), LEAVE_TIMEOUT_SEC, e);

	if (r >= 0)
		r = node_wait_up(b, e);
	if (r >= 0)
		r = node_expect(b, "1 clean yes none - no 2", "versions_1.efi versions_2+0.efi", e);
	/* It came up: what counted its attempts is gone. */
	if (r >= 0)
		r = guest_must_fail(b->vm, "ls /sys/firmware/efi/efivars/SlipwayTry*",
				    "attempts are still counted", e);
	if (r >= 0)
		r = node_users_check_kept(b, e);
	boot_keep_journal(b, "back");
	return r;
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const struct {
		const char *what;
		boot_step_fn run;
	} steps[] = {
		{ "version 1", begin },
		{ "update", take_second },
		{ "version 2", look_at_second },
		{ "damage", damage_second },
		{ "back to version 1", come_back },
	};
	__attribute__((cleanup(node_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++) {
		r = steps[i].run(&b, e);
		if (r < 0)
			err_wrap(e, r, "%s", steps[i].what);
	}
	return r;
}

extern const struct vm_case case_versions;
const struct vm_case case_versions = {
	.name = "versions",
	.image = "versions",
	.description =
		"takes a version from a server, keeps its users, and leaves that version when it is damaged",
	.machines = 1,
	.typical_sec = 600,
	.run = run,
};
