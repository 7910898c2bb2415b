/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power cuts while a node takes an update: QEMU is killed, as in case_recovery.c. Whatever the boot loader
 * could start then must be whole, without the help of anything that runs later; and the node comes up
 * and goes on.
 */
#include "base/splitmix.h"
#include "qemu-tests/cases/bootable.h"
#include "qemu-tests/cases/node_disk.h"
#include "qemu-tests/cases/node_update.h"

#define MOMENT_TIMEOUT_SEC 900

/* About what an update says. */
#define UPDATE_SAYS_BYTES 16000

/*
 * The end is a moment too: what is installed and not yet on the disk. The next machine comes with another key
 * for root, and one that is there is not replaced.
 */
static const char update[] =
	"rm /root/.ssh/authorized_keys && sync /root/.ssh && "
	"systemd-run --quiet --no-block sh -c '"
	"journalctl -f -n 0 -o cat -u slipway-update.service >/dev/console & "
	"systemctl start slipway-update.service; echo The update has ended. >/dev/console'";

static int wait_moment(struct vm *vm, uint64_t bytes, struct err *e)
{
	size_t said = strlen(vm_console_text(vm)), start = said;
	int r = 0;

	while (r >= 0 && said < start + bytes &&
	       !strstr(vm_console_text(vm) + start, "The update has ended.")) {
		r = vm_wait_said(vm, said, MOMENT_TIMEOUT_SEC, e);
		said = strlen(vm_console_text(vm));
	}
	return r;
}

static int start(struct boot *b, const char *disk, struct err *e)
{
	const struct vm_params p = { .name = "console",
				     .image = disk,
				     .state_dir = b->ctx->scratch_dir, /* firmware's variables */
				     .online = true,
				     .ssh = true,
				     .log_dir = b->ctx->log_dir,
				     .limit_sec = b->ctx->limit_sec };
	int r = vm_start(b->ctx->host, &p, &b->vm, e);

	return r < 0 ? r : node_wait_up(b, e);
}

/* Up and well. @ret_done: it runs the newest version, after which there is no update */
static int come_up(struct boot *b, const char *disk, bool *ret_done, struct err *e)
{
	int r = start(b, disk, e);

	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e,
			      ". /run/slipway/status && echo $HEALTHY $IMAGE_VERSION");
	if (r < 0)
		return r;
	*ret_done = str_eq(boot_said(b), "yes 3");
	return str_has_prefix(boot_said(b), "yes ")
		       ? 0
		       : err_set(e, -EBADMSG, "the node is not well: %s", boot_said(b));
}

/* What the machine leaves behind must be right before the next one mends it. */
static int cut(struct vm_case_context *ctx, const char *disk, uint64_t bytes, bool *ret_done,
	       struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	unsigned int n = 0;
	int r = come_up(&b, disk, ret_done, e);

	if (r >= 0)
		r = guest_ask(b.vm, &b.out, e, "%s", update);
	if (r >= 0)
		r = wait_moment(b.vm, bytes, e);
	if (r < 0)
		return r;
	vm_kill(b.vm);
	r = node_disk_check_root(disk, ctx->scratch_dir, e);
	return r < 0 ? r : bootable_check(disk, &n, e);
}

static int go_on(struct vm_case_context *ctx, const char *disk, struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	bool done = false;
	int r = come_up(&b, disk, &done, e);

	return r < 0 || done ? r : node_take(&b, NULL, "installed", "Successfully installed", e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	_cleanup_free_ char *disk = NULL;
	uint64_t random = ctx->seed, bytes = 0;
	unsigned int i;
	bool done = true;
	int r = 0;

	for (i = 0; r >= 0 && i < ctx->repeat; i++) {
		if (done) {
			free(disk);
			disk = NULL;
			r = node_disk_make(ctx, "node", BOOT_ROOT_BYTES, &disk, e);
		}
		bytes = splitmix64(&random) % UPDATE_SAYS_BYTES;
		if (r >= 0)
			r = cut(ctx, disk, bytes, &done, e);
	}
	if (r >= 0 && !done)
		r = go_on(ctx, disk, e);
	return r < 0 ? err_wrap(e, r, "power cut %u of --seed %llu, after %llu bytes", i,
				(unsigned long long)ctx->seed, (unsigned long long)bytes)
		     : guest_note(ctx, e, "power cuts: %u, --seed %llu", i,
				  (unsigned long long)ctx->seed);
}

extern const struct vm_case case_update_cuts;
const struct vm_case case_update_cuts = {
	.name = "update-cuts",
	.image = "update",
	.description =
		"power cuts during updates: what can be booted is whole, and the node goes on",
	.machines = 1,
	.typical_sec = 400,
	.run = run,
};
