/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any image: what is a node's own. Two nodes of one image, on disks of two sizes, are two; what makes them so and
 * what was changed in /etc stays over a restart, and slipway-etc-diff tells it. A node whose root
 * partition is gone begins anew; one whose root partition cannot be read stops, and leaves it as it is.
 */
#include "qemu-tests/cases/node_disk.h"
#include "qemu-tests/cases/node_identity.h"

#define LARGE_ROOT_BYTES (9 * GiB)
#define STOP_TIMEOUT_SEC 1500

struct state {
	struct node_identity first, large;
};

static void state_done(struct state *s)
{
	node_identity_done(&s->first);
	node_identity_done(&s->large);
}

/* The case's own data, in the context of one of its machines. */
static struct state *state_of(const struct boot *b)
{
	return (struct state *)b->ctx->data;
}

static int change_etc(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "a node changes nothing in /etc but what makes it this one",
		  "test \"$(slipway-etc-diff)\" = \"$(printf '%s\\n' 'A machine-id' "
		  "'A ssh/ssh_host_ed25519_key' 'A ssh/ssh_host_ed25519_key.pub')\"" },
		{ "change /etc",
		  "cd /etc && echo case >>issue && rm issue.net && mkdir case && echo case >case/added "
		  "&& cp -p debian_version case/kept && mv -f case/kept debian_version" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

static int check_etc(struct boot *b, struct err *e)
{
	static const char want[] = "A case\nA case/added\n= debian_version\nM issue\nD issue.net\n"
				   "A machine-id\nA ssh/ssh_host_ed25519_key\n"
				   "A ssh/ssh_host_ed25519_key.pub";
	int r = guest_ask(b->vm, &b->out, e, "slipway-etc-diff");

	if (r >= 0 && !str_eq(boot_said(b), want))
		r = err_set(e, -EBADMSG, "after a restart slipway-etc-diff says: %s", boot_said(b));
	return r < 0 ? r : boot_expect(b, "tail -n 1 /etc/issue /etc/case/added", "case\n", e);
}

static int check_restart(struct boot *b, struct err *e)
{
	_cleanup_node_identity_ struct node_identity after = { NULL, NULL, NULL };
	struct state *s = state_of(b);
	int r = node_identity_ask(b, &s->first, e);

	if (r >= 0)
		r = change_etc(b, e);
	if (r >= 0)
		r = boot_again(b, e);
	if (r >= 0)
		r = node_identity_ask(b, &after, e);
	if (r >= 0)
		r = node_identity_kept(&s->first, &after, e);
	return r < 0 ? r : check_etc(b, e);
}

static int check_large(struct boot *b, struct err *e)
{
	uint64_t bytes;
	int r = guest_ask(b->vm, &b->out, e, "df -B1 --output=size / | tail -n 1 | tr -d ' '");

	if (r >= 0 && (parse_u64(boot_said(b), 10, &bytes) < 0 || bytes < LARGE_ROOT_BYTES / 8 * 7))
		r = err_set(e, -EBADMSG, "of a disk with room for %llu bytes root has %s",
			    (unsigned long long)LARGE_ROOT_BYTES, boot_said(b));
	return r;
}

/* Another node than the first, on a larger disk. */
static int check_other(struct boot *b, struct err *e)
{
	struct state *s = state_of(b);
	int r = check_large(b, e);

	if (r >= 0)
		r = node_identity_ask(b, &s->large, e);
	if (r >= 0)
		r = node_identity_others(&s->first, &s->large, e);
	return r < 0 ? r
		     : guest_ask(b->vm, &b->out, e,
				 "echo case >/var/lib/case && sync /var/lib/case");
}

/* The same disk, without its root partition: nothing of what it was is left, and nothing is missing. */
static int check_anew(struct boot *b, struct err *e)
{
	_cleanup_node_identity_ struct node_identity now = { NULL, NULL, NULL };
	struct state *s = state_of(b);
	int r = check_large(b, e);

	if (r >= 0)
		r = node_identity_ask(b, &now, e);
	if (r >= 0)
		r = node_identity_others(&s->large, &now, e);
	return r < 0 ? r : guest_ask(b->vm, &b->out, e, "test ! -e /var/lib/case");
}

/* A whole boot of a disk, from power on to power off, with one look at it. */
static int boot_disk(struct vm_case_context *ctx, struct state *s, const char *name,
		     const char *disk, boot_step_fn look, struct err *e)
{
	static const char *const units[] = { "ssh.service", NULL };
	const boot_step_fn steps[] = { look, NULL };
	struct vm_case_context own = *ctx;

	own.image = disk;
	own.data = s;
	int r = boot_judge(
		&own,
		&(struct boot_params){ .name = name, .units = units, .steps = steps, .keep = true },
		e);
	ctx->notes = own.notes;
	return r < 0 ? err_wrap(e, r, "%s", name) : r;
}

/* It must say why, and be off in the end: neither wait for somebody nor go on for ever. */
static int watch_stop(struct vm *vm, struct err *e)
{
	static const struct vm_pattern said[] = {
		{ .text = "Failed to mount sysroot.mount - Root partition, which is left as it is" },
		{ .text = "Welcome to ", .failure = true },
	};
	int r = vm_wait_console(vm, said, ARRAY_SIZE(said), STOP_TIMEOUT_SEC, e);

	if (r >= 0)
		r = vm_wait_exit(vm, STOP_TIMEOUT_SEC, NULL, e);
	if (r >= 0 && strstr(vm_console_text(vm), said[1].text))
		r = err_set(e, -EBADMSG, "a node without its state came up");
	return r;
}

static int check_stop(struct vm_case_context *ctx, const char *disk, struct err *e)
{
	const struct vm_params p = { .name = "unreadable-root",
				     .image = disk,
				     .log_dir = ctx->log_dir,
				     .limit_sec = ctx->limit_sec };
	_cleanup_buf_ struct buf before = BUF_INIT, after = BUF_INIT;
	_cleanup_(vm_free) struct vm *vm = NULL;
	int r = node_disk_wipe_root(disk, e);

	if (r >= 0)
		r = node_disk_root_start(disk, &before, e);
	if (r >= 0)
		r = vm_start(ctx->host, &p, &vm, e);
	if (r >= 0)
		r = watch_stop(vm, e);
	if (r >= 0)
		r = node_disk_root_start(disk, &after, e);
	if (r >= 0 && memcmp(before.data, after.data, before.len) != 0)
		r = err_set(e, -EBADMSG, "a root partition that cannot be read was written");
	return r < 0 ? err_wrap(e, r, "unreadable-root") : 0;
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(state_done))) struct state s = { .first = { NULL, NULL, NULL } };
	_cleanup_free_ char *small = NULL, *large = NULL;
	int r = node_disk_make(ctx, "small", BOOT_ROOT_BYTES, &small, e);

	if (r == 0)
		r = boot_disk(ctx, &s, "first", small, check_restart, e);
	if (r == 0)
		r = node_disk_make(ctx, "large", LARGE_ROOT_BYTES, &large, e);
	if (r == 0)
		r = boot_disk(ctx, &s, "second", large, check_other, e);
	if (r == 0)
		r = node_disk_delete_root(large, e);
	if (r == 0)
		r = boot_disk(ctx, &s, "anew", large, check_anew, e);
	return r == 0 ? check_stop(ctx, large, e) : r;
}

extern const struct vm_case case_state;
const struct vm_case case_state = {
	.name = "state",
	.description =
		"two nodes are two, and stay who they are; without a root partition one begins "
		"anew, with a broken one it stops",
	.machines = 1,
	.typical_sec = 900,
	.run = run,
};
