/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recipes/node: containerd runs a container. */
#include "qemu-tests/cases/boot.h"
#include "qemu-tests/cases/container.h"

static int check_container(struct boot *b, struct err *e)
{
	_cleanup_buf_ struct buf archive = BUF_INIT;
	int r = container_archive(CONTAINER_IMAGE, "hello", &archive, e);

	if (r >= 0)
		r = boot_feed(b, "ctr image import --local -", &archive, "import a container image",
			      e);
	if (r < 0)
		return r;
	r = guest_ask(b->vm, &b->out, e, "ctr run --rm %s case-node", CONTAINER_IMAGE);
	return r < 0 ? err_wrap(e, r, "run a container")
		     : container_note(b->ctx, "containerd", boot_said(b), e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = {
		"containerd.service",	     "ssh.service",
		"systemd-networkd.service",  "systemd-resolved.service",
		"systemd-timesyncd.service", NULL
	};
	static const boot_step_fn steps[] = { check_container, NULL };

	return boot_judge(
		ctx, &(struct boot_params){ .name = "node", .units = units, .steps = steps }, e);
}

extern const struct vm_case case_node;
const struct vm_case case_node = {
	.name = "node",
	.image = "node",
	.description =
		"boots with Secure Boot to a node in order: /usr signed and read-only, a container runs",
	.machines = 1,
	.typical_sec = 20,
	.from_running = true,
	.run = run,
};
