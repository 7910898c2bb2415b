/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running node against its own root: /usr stays what was signed, and what can be written, runs with other
 * rights or listens is known. Root may cover /usr with something else in a mount namespace, as with any
 * directory; what lies below does not change, and the next boot knows nothing of it.
 */
#include <regex.h>

#include "qemu-tests/cases/boot.h"

/* An attempt must fail, and for this reason: a command that is not there fails as well. */
struct attempt {
	const char *what, *command, *reason; /* reason: POSIX extended, of what it says */
};

#define READ_ONLY "Read-only file system"
#define IN_PRIVATE(commands) \
	"unshare -m sh -ec 'mkdir -p /run/case/upper /run/case/work /run/case/usr; " commands "'"

static const struct attempt attempts[] = {
	{ "write", "touch /usr/case", READ_ONLY },
	{ "write into a file", "echo >>/usr/lib/os-release", READ_ONLY },
	{ "remove", "rm /usr/lib/os-release", READ_ONLY },
	{ "change a mode", "chmod 4755 /usr/bin/cat", READ_ONLY },
	{ "remount", "mount -o remount,rw /usr; touch /usr/case", READ_ONLY },
	{ "a writable bind mount",
	  IN_PRIVATE("mount --bind /usr /run/case/usr; mount -o remount,bind,rw /run/case/usr; "
		     "touch /run/case/usr/case"),
	  READ_ONLY },
	{ "a second, writable mount",
	  IN_PRIVATE("mount -o rw /dev/mapper/usr /run/case/usr; touch /run/case/usr/case"),
	  READ_ONLY },
	{ "the device", "dd if=/dev/zero of=/dev/mapper/usr bs=4096 count=1 oflag=direct",
	  "[Pp]ermi|" READ_ONLY },
	{ "the device, told to be writable",
	  "blockdev --setrw /dev/mapper/usr; "
	  "dd if=/dev/zero of=/dev/mapper/usr bs=4096 count=1 oflag=direct",
	  "[Pp]ermi|" READ_ONLY "|Input/output error" },
	{ "remove the device", "dmsetup remove usr", "busy" },
};

/* Not a verdict: what is wrong is added to @wrong, so that all of it is told. */
static int try_attempt(struct boot *b, const struct attempt *a, struct buf *wrong, struct err *e)
{
	_cleanup_buf_ struct buf said = BUF_INIT;
	int status = 0;
	regex_t reason;

	int r = vm_run(b->vm, &(struct vm_run_params){ .command = a->command, .diag = &said },
		       &status, e);
	if (r < 0)
		return r;
	if (regcomp(&reason, a->reason, REG_EXTENDED | REG_NOSUB) != 0)
		return err_oom(e);
	if (status == 0)
		buf_printf(wrong, "%s: '%s' succeeded; ", a->what, a->command);
	else if (regexec(&reason, buf_str(&said), 0, NULL, 0) != 0)
		buf_printf(wrong, "%s: '%s' failed for another reason: %s; ", a->what, a->command,
			   buf_str(&said));
	regfree(&reason);
	return 0;
}

static int check_attempts(struct boot *b, struct err *e)
{
	_cleanup_buf_ struct buf wrong = BUF_INIT;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(attempts); i++)
		r = try_attempt(b, &attempts[i], &wrong, e);
	if (r < 0)
		return r;
	if (wrong.len || buf_failed(&wrong))
		return err_set(e, -EBADMSG, "changing /usr: %s", buf_str(&wrong));
	return guest_note(b->ctx, e, "%zu attempts to change /usr failed", ARRAY_SIZE(attempts));
}

/* What is laid over /usr is seen where it was laid, and gone with that. */
static int check_covers(struct boot *b, struct err *e)
{
	static const char *const covers[] = {
		IN_PRIVATE("mount -t overlay overlay -o lowerdir=/usr,upperdir=/run/case/upper,"
			   "workdir=/run/case/work /usr; echo covered >/usr/lib/os-release; "
			   "grep -qx covered /usr/lib/os-release"),
		IN_PRIVATE("echo covered >/run/case/file; mount --bind /run/case/file "
			   "/usr/lib/os-release; grep -qx covered /usr/lib/os-release"),
	};
	int r = guest_ask(b->vm, &b->out, e, "sha256sum </usr/lib/os-release");

	if (r < 0)
		return r;
	_cleanup_free_ char *before = buf_take_str(&b->out);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(covers); i++) {
		r = guest_ask(b->vm, &b->out, e, "%s", covers[i]);
		if (r >= 0)
			r = guest_ask(b->vm, &b->out, e, "sha256sum </usr/lib/os-release");
		if (r >= 0 && (!before || !str_eq(before, boot_said(b))))
			r = err_set(e, -EBADMSG, "/usr shows what was laid over it elsewhere: '%s'",
				    covers[i]);
	}
	return r;
}

static int check_survey(struct boot *b, struct err *e)
{
	_cleanup_strv_ struct strv findings = STRV_INIT;
	int r = guest_ask(b->vm, &b->out, e, "%s survey", GUEST_PROGRAM_PATH);

	if (r >= 0)
		r = case_keep(b->ctx, "findings", &b->out, e);
	if (r < 0)
		return r;
	if (strv_split(&findings, boot_said(b), "\n") < 0)
		return err_oom(e);
	/* A survey that saw nothing would allow everything. */
	if (!strstr(boot_said(b), "\nwritable / ") || !strstr(boot_said(b), "\nlisten tcp "))
		return err_set(e, -EBADMSG, "the survey lacks the root filesystem or sshd: %s",
			       boot_said(b));
	r = allowed_judge(b->ctx->allowed, &findings, e);
	return r < 0 ? r
		     : guest_note(b->ctx, e,
				  "%zu set-id files, writable places and open ports, all known",
				  findings.n);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { NULL };
	static const boot_step_fn steps[] = { check_covers, check_attempts, check_survey, NULL };

	return boot_judge(
		ctx, &(struct boot_params){ .name = "immutable", .units = units, .steps = steps },
		e);
}

extern const struct vm_case case_immutable;
const struct vm_case case_immutable = {
	.name = "immutable",
	.description = "/usr cannot be changed; what is writable, set-id or listens is known",
	.machines = 1,
	.typical_sec = 20,
	.from_running = true,
	.run = run,
};
