/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/boot.h"

#include <sys/stat.h>

#include "builder/audit/files.h"

#define BOOT_TIMEOUT_SEC    900
#define RESTART_TIMEOUT_SEC 600

const char *boot_said(const struct boot *b)
{
	return buf_str(&b->out);
}

int boot_feed(struct boot *b, const char *command, const struct buf *input, const char *what,
	      struct err *e)
{
	int r = vm_run(b->vm,
		       &(struct vm_run_params){
			       .command = command, .input = input->data, .input_len = input->len },
		       NULL, e);

	return r < 0 ? err_wrap(e, r, "%s", what) : 0;
}

int boot_expect(struct boot *b, const char *command, const char *text, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "%s", command);

	if (r < 0)
		return r;
	return strstr(boot_said(b), text) ? 0
					  : err_set(e, -EBADMSG, "'%s' says nothing of '%s': %s",
						    command, text, boot_said(b));
}

int boot_do(struct boot *b, const struct boot_todo *v, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = guest_ask(b->vm, &b->out, e, "%s", v[i].command);
		if (r < 0)
			return err_wrap(e, r, "%s", v[i].what);
	}
	return 0;
}

static void boot_done(struct boot *b)
{
	vm_free(b->vm);
	buf_done(&b->out);
}

static int start(struct boot *b, const struct boot_params *bp, struct err *e)
{
	struct vm_params p = { .name = bp->name,
			       .image = b->ctx->image,
			       .snapshot = !bp->keep,
			       .ssh = true,
			       .resume = b->ctx->resume_dir,
			       .log_dir = b->ctx->log_dir,
			       .limit_sec = b->ctx->limit_sec };
	struct stat st;

	if (stat(p.image, &st) < 0)
		return err_sys(e, -errno, "%s", p.image);
	if (!bp->keep)
		p.disk_bytes = align_up((uint64_t)st.st_size, MiB) + BOOT_ROOT_BYTES;
	return vm_start(b->ctx->host, &p, &b->vm, e);
}

/*
 * Once a login prompt is on the console, systemd says no more there: either sign will do. A loader is
 * started twice where keys were enrolled: the machine is reset after that.
 */
static int wait_console(struct boot *b, struct err *e)
{
	static const struct vm_pattern patterns[] = {
		{ .text = "BdsDxe: starting Boot" },
		{ .text = "Reached target multi-user.target" },
		{ .text = " login: " },
		{ .text = "Kernel panic", .failure = true },
		{ .text = "[Ee]mergency (mode|shell)", .regex = true, .failure = true },
		{ .text = "Freezing execution", .failure = true },
		{ .text = "No bootable option or device was found", .failure = true },
	};
	int r;

	while ((r = vm_wait_console(b->vm, patterns, ARRAY_SIZE(patterns), BOOT_TIMEOUT_SEC, e)) ==
	       0)
		b->loader_sec = vm_age_sec(b->vm);
	if (r == -EBADMSG)
		e->code = r = -EIO; /* it is not up: there is nothing more to ask it */
	return MIN(r, 0);
}

/* Without a loader that tells, the kernel's start is as long ago as the kernel says that it runs. */
static int find_kernel_start(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cut -d' ' -f1 /proc/uptime");

	if (r >= 0)
		b->kernel_sec = vm_age_sec(b->vm) - strtod(boot_said(b), NULL);
	return r;
}

static int go_on(struct boot *b, struct err *e)
{
	int r = guest_set_clock(b->vm, e);

	return r < 0 ? r : guest_note(b->ctx, e, "started from a node that was up");
}

int boot_wait_up(struct boot *b, struct err *e)
{
	int status = 0;

	if (b->ctx->resume_dir && !b->restarted)
		return go_on(b, e);
	int r = wait_console(b, e);
	if (r < 0)
		return r;
	r = vm_run(b->vm,
		   &(struct vm_run_params){ .command = "systemctl is-system-running --wait",
					    .out = &b->out,
					    .timeout_sec = BOOT_TIMEOUT_SEC },
		   &status, e);
	if (r < 0)
		return r;
	bool running = status == 0 && str_has_prefix(boot_said(b), "running");
	if (running)
		return 0;
	_cleanup_free_ char *state = buf_take_str(&b->out);
	r = guest_ask(b->vm, &b->out, e,
		      "systemctl --failed --no-legend --plain; systemctl list-jobs "
		      "--no-legend --plain");
	return r < 0 ? r
		     : err_set(e, -EBADMSG, "the system is %s%s", state ? state : "", boot_said(b));
}

static int come_up(struct boot *b, struct err *e)
{
	int r = boot_wait_up(b, e);

	/* What is right of every image was looked at before it was saved, and the test program is there. */
	if (r < 0 || b->ctx->resume_dir)
		return r;
	r = find_kernel_start(b, e);
	return r < 0 ? r : boot_check_image(b, e);
}

/* Others can do without, but not unnoticed. */
static int save(struct boot *b, struct err *e)
{
	struct err why;

	if (vm_save(b->vm, b->ctx->save_dir, &why) == 0)
		return 0;
	return guest_note(b->ctx, e, "other cases boot for themselves, as it cannot be saved: %s",
			  why.msg);
}

/* The connection may end before the command does. */
int boot_again(struct boot *b, struct err *e)
{
	unsigned int resets = vm_event_count(b->vm, VM_EVENT_RESET);
	int r = guest_ask(b->vm, &b->out, e, "systemctl reboot");

	if (r == -ECONNRESET)
		r = 0;
	if (r >= 0)
		r = vm_wait_event(b->vm, VM_EVENT_RESET, resets + 1, RESTART_TIMEOUT_SEC, e);
	b->restarted = true;
	return r < 0 ? err_wrap(e, r, "restart") : boot_wait_up(b, e);
}

static int power_off(struct boot *b, struct err *e)
{
	int r = vm_powerdown(b->vm, e);

	return r < 0 ? r : vm_wait_exit(b->vm, 180, NULL, e);
}

int boot_check_console(const struct boot *b, const char *const *allow, struct err *e)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	int n = vm_console_signs(vm_console_text(b->vm), vm_accel(b->vm) == VM_ACCEL_TCG, allow,
				 &found, e);

	if (n <= 0)
		return n;
	return err_set(e, -EBADMSG, "%d bad signs on the console, the first: %s", n, found.v[0]);
}

/* The journal is kept whatever came out; without a channel there is none to keep. */
void boot_keep_journal(struct boot *b, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s.journal", b->ctx->log_dir, name);
	_cleanup_fclose_ FILE *f = path ? fopen(path, "we") : NULL;
	struct err ignored;

	if (f &&
	    guest_ask(b->vm, &b->out, &ignored, "journalctl -b --no-pager -o short-monotonic") >= 0)
		fwrite(b->out.data, 1, b->out.len, f);
}

static int check_units(struct boot *b, const char *const *units, struct err *e)
{
	for (size_t i = 0; units[i]; i++) {
		int r = guest_ask(b->vm, &b->out, e, "systemctl is-active %s", units[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Cases ask through sshd and a shell: an image without them can be started, but not asked. */
static int check_channel(const struct vm_case_context *ctx, struct err *e)
{
	static const char *const needed[] = { "sbin/sshd", "bin/sh" };
	_cleanup_(image_files_free) struct image_files *f = NULL;
	struct fs_stat st;
	int r = image_files_open(ctx->image, NULL, &f, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(needed); i++) {
		r = image_files_find(f, needed[i], &st, e);
		if (r == -ENOENT) {
			err_set(e, r, "the image has no /usr/%s, through which it could be asked",
				needed[i]);
			return VM_CASE_SKIPPED;
		}
	}
	return r;
}

int boot_judge(struct vm_case_context *ctx, const struct boot_params *p, struct err *e)
{
	__attribute__((cleanup(boot_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	int r = check_channel(ctx, e);

	if (r != 0)
		return r;
	r = start(&b, p, e);
	if (r >= 0)
		r = come_up(&b, e);
	if (r < 0 && r != -EBADMSG)
		return r;
	if (r >= 0)
		r = check_units(&b, p->units, e);
	for (size_t i = 0; r >= 0 && p->steps[i]; i++)
		r = p->steps[i](&b, e);
	if (r >= 0 && ctx->save_dir)
		r = save(&b, e);
	boot_keep_journal(&b, p->name);
	if (r >= 0 && !ctx->resume_dir)
		r = power_off(&b, e);
	return r < 0 ? r : boot_check_console(&b, p->allow, e);
}
