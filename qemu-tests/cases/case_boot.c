/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any image: it comes up in order, and how long each phase took. */
#include "qemu-tests/cases/boot.h"
#include "qemu-tests/cases/boot_times.h"

static int report_times(struct boot *b, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = guest_ask(b->vm, &b->out, e, BOOT_TIMES_COMMAND);

	if (r >= 0)
		r = boot_times_format(b->loader_sec, b->kernel_sec, boot_said(b), &text, e);
	return r < 0 ? r : guest_note(b->ctx, e, "%s", buf_str(&text));
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { "multi-user.target", NULL };
	static const boot_step_fn steps[] = { report_times, NULL };

	return boot_judge(
		ctx, &(struct boot_params){ .name = "boot", .units = units, .steps = steps }, e);
}

extern const struct vm_case case_boot;
const struct vm_case case_boot = {
	.name = "boot",
	.description = "comes up with Secure Boot, no unit failed, nothing bad on the console",
	.machines = 1,
	.typical_sec = 150,
	.saves_running = true,
	.run = run,
};
