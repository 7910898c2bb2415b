/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any image: how a machine ends that may not, or cannot, go on. */
#include <sys/stat.h>

#include "qemu-tests/cases/boot.h"

#define REFUSAL_TIMEOUT_SEC  600
#define WATCHDOG_TIMEOUT_SEC 600
#define LIMIT_TIMEOUT_SEC    300

static int start(struct boot *b, enum vm_firmware firmware, struct err *e)
{
	struct vm_params p = { .name = "console",
			       .image = b->ctx->image,
			       .snapshot = true,
			       .firmware = firmware,
			       .ssh = firmware == VM_FIRMWARE_SECURE_BOOT,
			       .resume = b->ctx->resume_dir,
			       .log_dir = b->ctx->log_dir,
			       .limit_sec = b->ctx->limit_sec };
	struct stat st;

	if (stat(p.image, &st) < 0)
		return err_sys(e, -errno, "%s", p.image);
	p.disk_bytes = align_up((uint64_t)st.st_size, MiB) + BOOT_ROOT_BYTES;
	return vm_start(b->ctx->host, &p, &b->vm, e);
}

static void end(struct boot *b)
{
	vm_free(b->vm);
	buf_done(&b->out);
}

/* The machine must be off by itself: a reset would start it again, and not end here. */
static int run_no_secure_boot(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(end))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	static const struct vm_pattern patterns[] = {
		{ .text = "Finished slipway-secure-boot" },
		{ .text = "Welcome to ", .failure = true },
		{ .text = "EXT4-fs (", .failure = true },
		{ .text = "erofs: (device ", .failure = true },
	};
	int r = start(&b, VM_FIRMWARE_UEFI, e);

	if (r >= 0)
		r = vm_wait_console(b.vm, patterns, ARRAY_SIZE(patterns), REFUSAL_TIMEOUT_SEC, e);
	if (r >= 0)
		r = vm_wait_exit(b.vm, REFUSAL_TIMEOUT_SEC, NULL, e);
	if (r < 0)
		return r;
	if (vm_event_count(b.vm, VM_EVENT_RESET))
		return err_set(e, -EBADMSG, "the machine was started again");
	for (size_t i = 1; i < ARRAY_SIZE(patterns); i++)
		if (strstr(vm_console_text(b.vm), patterns[i].text))
			return err_set(e, -EBADMSG, "the console says '%s'", patterns[i].text);
	return 0;
}

/* Frozen, PID 1 feeds the watchdog no more. */
static int run_hang(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(end))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	int r = start(&b, VM_FIRMWARE_SECURE_BOOT, e);

	if (r >= 0)
		r = boot_wait_up(&b, e);
	if (r >= 0)
		r = guest_ask(b.vm, &b.out, e, "echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze");
	if (r < 0)
		return r;
	unsigned int resets = vm_event_count(b.vm, VM_EVENT_RESET);
	r = vm_wait_event(b.vm, VM_EVENT_WATCHDOG, 1, WATCHDOG_TIMEOUT_SEC, e);
	if (r >= 0)
		r = vm_wait_event(b.vm, VM_EVENT_RESET, resets + 1, WATCHDOG_TIMEOUT_SEC, e);
	return r;
}

/* A target that never comes, with the limit of the real one, but for the time. */
static int run_boot_limit(struct vm_case_context *ctx, struct err *e)
{
	static const char stuck[] =
		"cd /run/systemd/system && mkdir stuck.target.d && "
		"cp /usr/lib/systemd/system/multi-user.target.d/10-limit.conf stuck.target.d/ && "
		"printf '[Unit]\nJobTimeoutSec=5s\n' >stuck.target.d/20-soon.conf && "
		"printf '[Unit]\nRequires=stuck.service\nAfter=stuck.service\n' >stuck.target && "
		"printf '[Service]\nType=oneshot\nExecStart=sleep infinity\n' >stuck.service && "
		"systemctl daemon-reload && systemctl start --no-block stuck.target";
	__attribute__((cleanup(end))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	int r = start(&b, VM_FIRMWARE_SECURE_BOOT, e);

	if (r >= 0)
		r = boot_wait_up(&b, e);
	if (r >= 0)
		r = boot_expect(&b, "systemctl show -P JobTimeoutUSec multi-user.target", "15min",
				e);
	if (r >= 0)
		r = guest_ask(b.vm, &b.out, e, "%s", stuck);
	if (r < 0)
		return r;
	unsigned int resets = vm_event_count(b.vm, VM_EVENT_RESET);
	return vm_wait_event(b.vm, VM_EVENT_RESET, resets + 1, LIMIT_TIMEOUT_SEC, e);
}

extern const struct vm_case case_no_secure_boot, case_hang, case_boot_limit;
const struct vm_case case_no_secure_boot = {
	.name = "no-secure-boot",
	.description = "with Secure Boot switched off it says so and powers off, before any mount",
	.machines = 1,
	.typical_sec = 60,
	.run = run_no_secure_boot,
};
const struct vm_case case_hang = {
	.name = "hang",
	.description = "when systemd hangs, the watchdog resets the machine",
	.machines = 1,
	.typical_sec = 160,
	.from_running = true,
	.run = run_hang,
};
const struct vm_case case_boot_limit = {
	.name = "boot-limit",
	.description = "a boot that does not come to its end is ended by a reset",
	.machines = 1,
	.typical_sec = 20,
	.from_running = true,
	.run = run_boot_limit,
};
