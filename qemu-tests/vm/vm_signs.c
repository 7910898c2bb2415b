/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs of trouble on a console. Kernel texts are those of Linux 6.x, the others systemd's. */
#include "qemu-tests/vm/vm_console.h"

static const struct vm_pattern signs[] = {
	{ .text = "Kernel panic" },
	{ .text = "Oops: " },
	{ .text = "BUG: " },
	{ .text = "kernel BUG at " },
	{ .text = "WARNING: " },
	{ .text = "Call Trace:" },
	{ .text = "general protection fault" },
	{ .text = "double fault" },
	{ .text = "segfault" },
	{ .text = "traps: " },
	{ .text = "soft lockup" },
	{ .text = "blocked for more than" },
	{ .text = "self-detected stall" },
	{ .text = "detected stalls on CPUs" },
	{ .text = "invoked oom-killer" },
	{ .text = "Out of memory" },
	{ .text = "I/O error" },
	{ .text = "EXT4-fs error" },
	{ .text = "erofs: .*(corrupt|bogus|invalid)", .regex = true },
	{ .text = "verity: .*(corrupt|failed)", .regex = true },
	{ .text = "(avc|audit|apparmor|IPE|Lockdown).*(denied|DENIED)", .regex = true },
	{ .text = "[Ee]mergency (mode|shell)", .regex = true },
	{ .text = "[Rr]escue mode", .regex = true },
	{ .text = "Failed to start" },
	{ .text = "Failed to mount" },
	{ .text = "Dependency failed" },
	{ .text = "[FAILED]" },
	{ .text = "[DEPEND]" },
	{ .text = "ordering cycle" },
	{ .text = "Timed out waiting for" },
	{ .text = "Freezing execution" },
	{ .text = "Failed with result" },
	{ .text = "BdsDxe: failed to (load|start)", .regex = true },
	{ .text = "Security Violation" },
};

static bool allowed(const char *line, const char *const *allow)
{
	for (; allow && *allow; allow++)
		if (strstr(line, *allow))
			return true;
	return false;
}

/* Lines are matched one at a time, so that each is judged once. */
static int judge(const char *line, size_t len, size_t number, const char *const *allow,
		 struct strv *ret, struct err *e)
{
	struct vm_console c = VM_CONSOLE_INIT;
	_cleanup_free_ char *found = NULL;

	buf_append(&c.text, line, len);
	int r = vm_console_match(&c, signs, ARRAY_SIZE(signs), &found, e);
	vm_console_done(&c);
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r;
	if (allowed(found, allow))
		return 0;
	if (strv_addf(ret, "line %zu: %s", number, found) < 0)
		return err_oom(e);
	return 1;
}

int vm_console_signs(const char *text, const char *const *allow, struct strv *ret, struct err *e)
{
	size_t number = 0;
	int count = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		int r = judge(text, len, ++number, allow, ret, e);

		if (r < 0)
			return r;
		count += r;
		text += len + (text[len] == '\n');
	}
	return count;
}
