/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/case_util.h"

#include <stdarg.h>

#include "base/outfile.h"

static char *format(const char *fmt, va_list ap)
{
	char *s = NULL;

	return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

int guest_ask(struct vm *vm, struct buf *out, struct err *e, const char *fmt, ...)
{
	_cleanup_free_ char *command = NULL;
	va_list ap;

	va_start(ap, fmt);
	command = format(fmt, ap);
	va_end(ap);
	if (!command)
		return err_oom(e);
	buf_done(out);
	int r = vm_run(vm, &(struct vm_run_params){ .command = command, .out = out }, NULL, e);
	while (r >= 0 && out->len && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return r;
}

int guest_must_fail(struct vm *vm, const char *command, const char *what, struct err *e)
{
	int status = 0;
	int r = vm_run(vm, &(struct vm_run_params){ .command = command }, &status, e);

	if (r < 0)
		return r;
	return status ? 0 : err_set(e, -EBADMSG, "%s: '%s' succeeded", what, command);
}

int guest_note(struct vm_case_context *ctx, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *s = format(fmt, ap);
	va_end(ap);
	return strv_take(&ctx->notes, s) < 0 ? err_oom(e) : 0;
}

int case_keep(const struct vm_case_context *ctx, const char *name, const struct buf *text,
	      struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s.txt", ctx->log_dir, name);

	if (!path || buf_failed(text))
		return err_oom(e);
	return outfile_write(path, 0644, text->data, text->len, e);
}

int guest_set_clock(struct vm *vm, struct err *e)
{
	static const char command[] = "date --set=@$(cat /sys/class/rtc/rtc0/since_epoch)";

	return vm_run(vm, &(struct vm_run_params){ .command = command }, NULL, e);
}

int guest_install(struct vm *vm, struct err *e)
{
	const struct vm_run_params p = {
		.command = "cat >" GUEST_PROGRAM_PATH " && chmod 700 " GUEST_PROGRAM_PATH,
		.input = guest_program_start,
		.input_len = (size_t)(guest_program_end - guest_program_start),
	};

	return vm_run(vm, &p, NULL, e);
}
