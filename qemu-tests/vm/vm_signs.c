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

/*
 * What the kernel says when nothing went on for too long. An emulated CPU stands still whenever the machine below
 * has other things to do, while its clock goes on: then it is that machine of which these tell, not the image. One
 * that stands still for good is found out all the same, as it never comes to what its case waits for. The last is
 * a panic in a kernel's first second, that saw no ticks of its timer; what follows it is a reset, by panic=.
 */
static const char *const stalls[] = { "soft lockup",
				      "workqueue lockup",
				      "blocked for more than",
				      "self-detected stall",
				      "detected stalls on CPUs",
				      "IO-APIC + timer doesn't work",
				      NULL };

/* They come with a trace. All else that has one has a sign of its own before it. */
#define TRACE "Call Trace:"

struct judgement {
	const char *const *allow;
	bool emulated, stalled;
	struct strv *ret;
};

static bool holds_any(const char *line, const char *const *texts)
{
	for (; texts && *texts; texts++)
		if (strstr(line, *texts))
			return true;
	return false;
}

bool vm_console_is_stall(const char *line)
{
	return holds_any(line, stalls);
}

static bool is_allowed(struct judgement *j, const char *line)
{
	if (holds_any(line, j->allow))
		return true;
	if (!j->emulated)
		return false;
	if (vm_console_is_stall(line))
		return j->stalled = true;
	return j->stalled && strstr(line, TRACE);
}

/* Lines are matched one at a time, so that each is judged once. */
static int judge(struct judgement *j, const char *line, size_t len, size_t number, struct err *e)
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
	if (is_allowed(j, found))
		return 0;
	if (strv_addf(j->ret, "line %zu: %s", number, found) < 0)
		return err_oom(e);
	return 1;
}

int vm_console_signs(const char *text, bool emulated, const char *const *allow, struct strv *ret,
		     struct err *e)
{
	struct judgement j = { .allow = allow, .emulated = emulated, .ret = ret };
	size_t number = 0;
	int count = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		int r = judge(&j, text, len, ++number, e);

		if (r < 0)
			return r;
		count += r;
		text += len + (text[len] == '\n');
	}
	return count;
}
