/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/audit.h"

#include <fcntl.h>
#include <sys/wait.h>

static void set_why(struct judgement_report *j, const struct verify_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct verify_check *k = &r->v[i];
		if (k->verdict != VERIFY_FAIL)
			continue;
		snprintf(j->why, sizeof(j->why), "%s: %s%s%s", verify_id_name(k->id), k->where,
			 *k->where ? ": " : "", k->found);
		return;
	}
}

/* Either of them. */
struct audited {
	const struct source *disk;
	const char *path;
};

static void look(const struct audited *what, const struct verify_params *p,
		 struct judgement_report *j)
{
	struct verify_report r = { 0 };
	struct err e;

	*j = (struct judgement_report){ .what = NOT_JUDGED };
	int n = what->path ? verify_path(what->path, p, &r, &e)
			   : verify_disk(what->disk, p, &r, &e);
	if (n < 0) {
		snprintf(j->why, sizeof(j->why), "%.500s", e.msg);
	} else {
		j->what = r.n_failed ? JUDGED_BAD : JUDGED_GOOD;
		set_why(j, &r);
	}
	verify_report_done(&r);
}

/* Nothing of the parent's is cleaned up in the child: it only says what it saw. */
static void look_and_tell(const struct audited *what, const struct verify_params *p, int fd)
{
	struct judgement_report j;

	look(what, p, &j);
	_exit(write(fd, &j, sizeof(j)) == sizeof(j) ? 0 : 1);
}

static int hear(int fd, pid_t child, struct judgement_report *ret, struct err *e)
{
	ssize_t n = read(fd, ret, sizeof(*ret));
	int status;

	if (waitpid(child, &status, 0) != child)
		return err_sys(e, -errno, "wait");
	if (n == sizeof(*ret))
		return 0;
	*ret = (struct judgement_report){ .what = NOT_JUDGED };
	snprintf(ret->why, sizeof(ret->why), "it ended with %s %d",
		 WIFSIGNALED(status) ? "signal" : "status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}

static int audit(const struct audited *what, const struct verify_params *p,
		 struct judgement_report *ret, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "pipe");
	pid_t child = fork();
	if (child == 0)
		look_and_tell(what, p, fds[1]);
	int r = child < 0 ? err_sys(e, -errno, "fork") : 0;
	close(fds[1]);
	if (r == 0)
		r = hear(fds[0], child, ret, e);
	close(fds[0]);
	return r;
}

int tamper_audit(const struct source *disk, const struct verify_params *p,
		 struct judgement_report *ret, struct err *e)
{
	return audit(&(struct audited){ .disk = disk }, p, ret, e);
}

int tamper_audit_path(const char *path, const struct verify_params *p, struct judgement_report *ret,
		      struct err *e)
{
	return audit(&(struct audited){ .path = path }, p, ret, e);
}

char *tamper_line(const struct tamper *t, const struct tamper_kind *family)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s: ", family->name);
	for (size_t i = 0; i < t->notes.n; i++)
		buf_printf(&b, "%s%s", i ? "; " : "", t->notes.v[i]);
	return buf_take_str(&b);
}

const char *judgement_name(enum judgement j)
{
	static const char *const names[] = { "refused", "PASSED", "NOT JUDGED" };

	return names[j];
}
