/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/vm/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/run.h"

/* In the child between fork and exec: only what a forked thread may call. */
static void run(const struct child_params *p, int null, int report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < p->n_keep; i++)
		(void)fcntl(p->keep[i], F_SETFD,
			    0); /* fails for what is not open: nothing to keep */
	run_exec(&(struct run_exec){ .argv = p->argv,
				     .in = p->in >= 0 ? p->in : null,
				     .out = p->out >= 0 ? p->out : null,
				     .diag = p->diag >= 0 ? p->diag : null,
				     .report = report });
}

static void reap(struct child *c, int options)
{
	int status;

	if (waitpid(c->pid, &status, options) != c->pid)
		return;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	c->pid = 0;
	c->source = sd_event_source_disable_unref(c->source);
	close(TAKE_FD(c->pidfd));
}

static int on_end(unused_ sd_event_source *s, unused_ int fd, unused_ uint32_t revents, void *data)
{
	reap(data, WNOHANG);
	return 0;
}

static int watch(struct child *c, sd_event *event, struct err *e)
{
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd < 0)
		return err_sys(e, -errno, "pidfd_open");
	int r = sd_event_add_io(event, &c->source, c->pidfd, EPOLLIN, on_end, c);
	if (r < 0)
		return err_sys(e, r, "watch a process");
	/* What it said last is handled before its end. */
	r = sd_event_source_set_priority(c->source, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? err_sys(e, r, "watch a process") : 0;
}

int child_start(struct child *c, sd_event *event, const struct child_params *p, struct err *e)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), rep_r = -1, rep_w = -1;
	int fds[2], code = 0;

	if (null < 0)
		return err_sys(e, -errno, "/dev/null");
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "pipe");
	rep_r = fds[0], rep_w = fds[1];
	*c = (struct child)CHILD_INIT;
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, -errno, "fork");
	if (pid == 0)
		run(p, null, rep_w);
	c->pid = pid;
	close(TAKE_FD(rep_w));
	if (read(rep_r, &code, sizeof(code)) == sizeof(code)) {
		child_kill(c);
		return err_sys(e, -code, "run %s", p->argv[0]);
	}
	int r = watch(c, event, e);
	if (r < 0)
		child_kill(c);
	return r;
}

void child_kill(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
			;
		c->status = 128 + SIGKILL;
		c->pid = 0;
	}
	c->source = sd_event_source_disable_unref(c->source);
	if (c->pidfd >= 0)
		close(TAKE_FD(c->pidfd));
}
