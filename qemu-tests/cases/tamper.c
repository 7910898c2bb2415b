/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/tamper_machine.h"

#define FIRMWARE_TIMEOUT_SEC 300
#define BOOT_TIMEOUT_SEC     900
#define END_TIMEOUT_SEC	     600

/* That a version gets to come up, by slipway-exhausted.service of the initrd. */
#define ATTEMPTS 3u

/* What must not be seen: a kernel that firmware should have refused; the init system of an altered /usr,
 * which greets where that of the initrd says "Booting initrd of"; a node that is up. */
static const char kernel_sign[] = "Linux version ";
static const char *const up_signs[] = { "Reached target multi-user.target",
					" login: ", "Welcome to " };

static int never_said(const struct vm *vm, const char *sign, struct err *e)
{
	return strstr(vm_console_text(vm), sign)
		       ? err_set(e, -EBADMSG, "the console says '%s'", sign)
		       : 0;
}

static int never_up(const struct vm *vm, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(up_signs); i++)
		r = never_said(vm, up_signs[i], e);
	return r;
}

/* The reason must come before what must not come. */
static int wait_reason(const struct tamper_machine *m, unsigned int timeout_sec, struct err *e)
{
	const struct vm_pattern patterns[] = {
		{ .text = m->c->reason, .regex = true },
		{ .text = m->c->end == TAMPER_FIRMWARE ? kernel_sign : up_signs[0],
		  .failure = true },
		{ .text = " login: ", .failure = true },
	};
	size_t n = m->c->end == TAMPER_LATE ? 1 : ARRAY_SIZE(patterns);
	int r = vm_wait_console(m->boot.vm, patterns, n, timeout_sec, e);

	return r < 0 ? err_wrap(e, r, "no '%s' on the console", m->c->reason) : 0;
}

static int judge_firmware(const struct tamper_machine *m, struct err *e)
{
	const struct vm_pattern end[] = {
		{ .text = "BdsDxe: No bootable option or device was found" },
		{ .text = kernel_sign, .failure = true },
	};
	int r = wait_reason(m, FIRMWARE_TIMEOUT_SEC, e);

	if (r == 0)
		r = vm_wait_console(m->boot.vm, end, ARRAY_SIZE(end), FIRMWARE_TIMEOUT_SEC, e);
	return r < 0 ? r : never_said(m->boot.vm, kernel_sign, e);
}

static int wait_end(const struct tamper_machine *m, struct err *e)
{
	int r = vm_wait_exit(m->boot.vm, END_TIMEOUT_SEC, NULL, e);

	return r < 0 ? err_wrap(e, r, "neither reset nor power-off after '%s'", m->c->reason) : 0;
}

static int judge_stopped(const struct tamper_machine *m, struct err *e)
{
	int r = wait_reason(m, BOOT_TIMEOUT_SEC, e);

	if (r == 0)
		r = wait_end(m, e);
	return r < 0 ? r : never_up(m->boot.vm, e);
}

/* After the attempts: one start that marks the version bad, and one that finds no other. */
static int judge_given_up(const struct tamper_machine *m, struct err *e)
{
	static const struct vm_pattern refused[] = {
		{ .text = "Starting slipway-exhausted" },
	};
	int r = 0;

	for (unsigned int i = 1; r == 0 && i <= ATTEMPTS; i++)
		r = wait_reason(m, BOOT_TIMEOUT_SEC, e);
	if (r == 0)
		r = vm_wait_console(m->boot.vm, refused, ARRAY_SIZE(refused), BOOT_TIMEOUT_SEC, e);
	if (r >= 0)
		r = vm_wait_exit(m->boot.vm, BOOT_TIMEOUT_SEC, NULL, e);
	if (r == 0 && vm_event_count(m->boot.vm, VM_EVENT_RESET) != ATTEMPTS + 1)
		r = err_set(e, -EBADMSG, "it was started again %u times, not %u",
			    vm_event_count(m->boot.vm, VM_EVENT_RESET), ATTEMPTS + 1);
	return r < 0 ? r : never_up(m->boot.vm, e);
}

/* The command that reads the file may still be told its end, or not. */
static int judge_late(struct tamper_machine *m, struct err *e)
{
	_cleanup_free_ char *command = str_printf("cat /usr/%s >/dev/null", m->image->file);
	const struct vm_run_params p = { .command = command };
	struct err lost;
	int status, r;

	if (!command)
		return err_oom(e);
	r = boot_wait_up(&m->boot, e);
	if (r == 0)
		r = guest_ask(m->boot.vm, &m->boot.out, e, "true");
	if (r < 0)
		return r;
	if (vm_run(m->boot.vm, &p, &status, &lost) == 0 && status == 0)
		return err_set(e, -EBADMSG, "'%s' read what was altered", command);
	r = wait_reason(m, END_TIMEOUT_SEC, e);
	return r < 0 ? r : wait_end(m, e);
}

static int judge_up(struct tamper_machine *m, struct err *e)
{
	int r = boot_wait_up(&m->boot, e);

	if (r == 0)
		r = boot_check_image(&m->boot, e);
	for (size_t i = 0; r == 0 && m->c->steps[i]; i++)
		r = m->c->steps[i](&m->boot, e);
	return r;
}

/* The first sign tells which it is. */
static int judge_either(struct tamper_machine *m, struct err *e)
{
	const struct vm_pattern switched[] = {
		{ .text = m->c->reason, .regex = true },
		{ .text = "Welcome to " },
	};
	int r = vm_wait_console(m->boot.vm, switched, ARRAY_SIZE(switched), BOOT_TIMEOUT_SEC, e);

	if (r < 0)
		return r;
	if (r == 1)
		return judge_up(m, e);
	r = wait_end(m, e);
	return r < 0 ? r : never_up(m->boot.vm, e);
}

static int judge(struct tamper_machine *m, struct err *e)
{
	switch (m->c->end) {
	case TAMPER_FIRMWARE:
		return judge_firmware(m, e);
	case TAMPER_STOPPED:
		return judge_stopped(m, e);
	case TAMPER_GIVEN_UP:
		return judge_given_up(m, e);
	case TAMPER_LATE:
		return judge_late(m, e);
	case TAMPER_EITHER:
		return judge_either(m, e);
	case TAMPER_UP:
		return judge_up(m, e);
	}
	return err_set(e, -EINVAL, "no such end");
}

int tamper_judge(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(tamper_machine_done))) struct tamper_machine m = { .ctx = ctx,
										  .c = ctx->data };
	int r = tamper_machine_start(&m, e);

	return r ? r : judge(&m, e);
}
