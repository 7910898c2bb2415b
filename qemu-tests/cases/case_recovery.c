/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any image: power cuts. A new node's machine is killed at a random moment of its first boot, at one of the boot
 * after that, and while it writes; after each its file system must be sound, and in the end it is up and
 * has all that it was told to be on the disk.
 *
 * QEMU is killed by SIGKILL, and its disk is a raw file: what the guest was told to be written is in the
 * host's page cache, and stays. So this is a disk that loses its power, and not one that loses what is in
 * a volatile cache of its own: a write is whole, torn between sectors, or not there, and no earlier one is lost.
 */
#include "base/splitmix.h"
#include "qemu-tests/cases/boot.h"
#include "qemu-tests/cases/node_disk.h"

#define MOMENT_TIMEOUT_SEC 900
#define KEPT_DIR	   "/var/lib/case-recovery"
#define KEPT_MAX	   40

/* About what a machine says on its console until the kernel runs, and from the initrd on until it is up. */
#define LOADER_SAYS_BYTES 500
#define SYSTEM_SAYS_BYTES 50000

struct recovery {
	struct vm_case_context *ctx;
	char *disk;
	uint64_t random; /* state */
	unsigned int kills;
};

static uint64_t next_random(struct recovery *r, uint64_t below)
{
	return splitmix64(&r->random) % below;
}

static int start(struct recovery *r, const char *name, bool ssh, struct vm **ret, struct err *e)
{
	const struct vm_params p = { .name = name,
				     .image = r->disk,
				     .state_dir = r->ctx->scratch_dir, /* firmware's variables */
				     .ssh = ssh,
				     .log_dir = r->ctx->log_dir,
				     .limit_sec = r->ctx->limit_sec };

	return vm_start(r->ctx->host, &p, ret, e);
}

/* What the machine leaves behind must be right before the next one mends it. */
static int cut_power(struct recovery *r, struct vm *vm, struct err *e)
{
	vm_kill(vm);
	r->kills++;
	return node_disk_check_root(r->disk, r->ctx->scratch_dir, e);
}

/* Moments are counted in what the console says, not in seconds: they are as many on a busy machine. */
static int wait_moment(struct vm *vm, bool system, size_t bytes, struct err *e)
{
	int r = system ? vm_expect(vm, "Run /init as init process", MOMENT_TIMEOUT_SEC, e) : 0;
	size_t said = strlen(vm_console_text(vm)), end = said + bytes;

	while (r >= 0 && said < end && !strstr(vm_console_text(vm), " login: ")) {
		r = vm_wait_said(vm, said, MOMENT_TIMEOUT_SEC, e);
		said = strlen(vm_console_text(vm));
	}
	return r;
}

/* Firmware and boot loader write too, and say little. */
static int kill_in_boot(struct recovery *r, const char *name, struct err *e)
{
	_cleanup_(vm_free) struct vm *vm = NULL;
	bool system = next_random(r, 6) != 0;
	size_t bytes = next_random(r, system ? SYSTEM_SAYS_BYTES : LOADER_SAYS_BYTES);
	int c = start(r, name, false, &vm, e);

	if (c >= 0)
		c = wait_moment(vm, system, bytes, e);
	if (c >= 0)
		c = cut_power(r, vm, e);
	return c < 0 ? err_wrap(e, c, "%s, %zu bytes after the start of the %s", name, bytes,
				system ? "initrd" : "machine")
		     : 0;
}

/*
 * File N holds "N" again and again; it is named on the console once it is on the disk. The next machine comes
 * with another key for root: one that is there is not replaced, but a file that a power cut has left empty is, as is
 * the host's.
 */
#define CONTENT "yes $i | head -c $((i * 5003))"
#define EMPTY	"/root/.ssh/authorized_keys /etc/ssh/ssh_host_ed25519_key"
static const char writer[] = "truncate -s 0 " EMPTY " && sync " EMPTY " && mkdir " KEPT_DIR
			     " && sync " KEPT_DIR " /var/lib && "
			     "systemd-run --quiet --no-block --working-directory=" KEPT_DIR
			     " sh -ec 'i=0; while :; do i=$((i + 1)); " CONTENT
			     " >$i; sync $i .; echo kept $i. >/dev/console; done'";

static int kill_while_writing(struct recovery *r, struct vm *vm, unsigned int *ret_kept,
			      struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	char last[32];
	int c = guest_ask(vm, &out, e, "%s", writer);

	*ret_kept = 1 + (unsigned int)next_random(r, KEPT_MAX);
	snprintf(last, sizeof(last), "kept %u.", *ret_kept);
	if (c >= 0)
		c = vm_expect(vm, last, MOMENT_TIMEOUT_SEC, e);
	if (c >= 0)
		c = cut_power(r, vm, e);
	return c < 0 ? err_wrap(e, c, "while it writes, after file %u", *ret_kept) : 0;
}

static int check_kept(struct boot *b, unsigned int kept, struct err *e)
{
	_cleanup_free_ char *command =
		str_printf("cd " KEPT_DIR " && all=$(seq %u) && "
			   "test \"$(for i in $all; do " CONTENT "; done | sha256sum)\" = "
			   "\"$(cat $all | sha256sum)\" || { ls -l >&2; exit 1; }",
			   kept);
	const struct vm_run_params p = { .command = command, .timeout_sec = MOMENT_TIMEOUT_SEC };
	int c = command ? vm_run(b->vm, &p, NULL, e) : err_oom(e);

	return c < 0 ? err_wrap(e, c, "files that were on the disk") : 0;
}

static void end(struct boot *b)
{
	vm_free(b->vm);
	buf_done(&b->out);
}

/* Up, and killed while it writes. */
static int come_up(struct recovery *r, unsigned int *ret_kept, struct err *e)
{
	__attribute__((cleanup(end))) struct boot b = { .ctx = r->ctx, .out = BUF_INIT };
	int c = start(r, "writes", true, &b.vm, e);

	if (c >= 0)
		c = boot_wait_up(&b, e);
	if (c >= 0)
		c = boot_check_image(&b, e);
	return c < 0 ? err_wrap(e, c, "after power cuts while it booted")
		     : kill_while_writing(r, b.vm, ret_kept, e);
}

static int come_back(struct recovery *r, unsigned int kept, struct err *e)
{
	__attribute__((cleanup(end))) struct boot b = { .ctx = r->ctx, .out = BUF_INIT };
	int c = start(r, "back", true, &b.vm, e);

	if (c >= 0)
		c = boot_wait_up(&b, e);
	if (c >= 0)
		c = check_kept(&b, kept, e);
	return c < 0 ? err_wrap(e, c, "after a power cut while it wrote") : 0;
}

static int run_round(struct recovery *r, struct err *e)
{
	unsigned int kept = 0;
	int c = node_disk_make(r->ctx, "node", BOOT_ROOT_BYTES, &r->disk, e);

	if (c >= 0)
		c = kill_in_boot(r, "first-boot", e);
	if (c >= 0)
		c = kill_in_boot(r, "second-boot", e);
	if (c >= 0)
		c = come_up(r, &kept, e);
	if (c >= 0)
		c = come_back(r, kept, e);
	if (c >= 0 && unlink(r->disk) < 0)
		c = err_sys(e, -errno, "%s", r->disk);
	free(r->disk);
	r->disk = NULL;
	return c;
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	struct recovery r = { .ctx = ctx, .random = ctx->seed };
	int c = 0;

	for (unsigned int i = 0; c >= 0 && i < ctx->repeat; i++)
		c = run_round(&r, e);
	return c < 0 ? err_wrap(e, c, "power cut %u of --seed %llu", r.kills,
				(unsigned long long)ctx->seed)
		     : guest_note(ctx, e, "power cuts: %u, --seed %llu", r.kills,
				  (unsigned long long)ctx->seed);
}

extern const struct vm_case case_recovery;
const struct vm_case case_recovery = {
	.name = "recovery",
	.description =
		"power cuts in first boots, in others and while it writes: it comes back with what was kept",
	.machines = 1,
	.typical_sec = 800,
	.run = run,
};
