/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/sink.h"

int run_open_input(const void *data, size_t len, struct err *e)
{
	_cleanup_close_ int fd = -1;
	struct sink s;

	if (!data) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, -errno, "/dev/null") : TAKE_FD(fd);
	}
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "memfd");
	sink_init_fd(&s, fd);
	int r = sink_pwrite(&s, 0, data, len, e);
	return r < 0 ? err_wrap(e, r, "memfd") : TAKE_FD(fd);
}

void run_exec(const struct run_exec *x)
{
	static const char *const plain[] = { "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
					     NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (dup2(x->in, 0) >= 0 && dup2(x->out, 1) >= 0 && dup2(x->diag, 2) >= 0 &&
	    (!x->dir || chdir(x->dir) == 0))
		execvpe(x->argv[0], (char *const *)x->argv,
			(char *const *)(x->env ? x->env : plain));
	int code = errno;
	ssize_t n = write(x->report, &code, sizeof(code));
	_exit(n == sizeof(code) ? 127 : 126);
}

static int drain(struct pollfd fds[2], struct buf *bufs[2], struct err *e)
{
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_sys(e, -errno, "poll");
		}
		for (int i = 0; i < 2; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			uint8_t *p = buf_grow(bufs[i], 65536);
			if (!p)
				return err_oom(e);
			ssize_t n = read(fds[i].fd, p, 65536);
			if (n > 0)
				bufs[i]->len += (size_t)n;
			else if (n == 0 || errno != EINTR)
				fds[i].fd = -1;
			bufs[i]->data[bufs[i]->len] = '\0';
		}
	}
	return 0;
}

/* The last lines of what it said, without the newline at their end. */
static const char *last_words(struct buf *diag)
{
	while (diag->len && strchr("\n\r ", diag->data[diag->len - 1]))
		diag->data[--diag->len] = '\0';
	const char *s = buf_str(diag);
	return diag->len > 1000 ? s + diag->len - 1000 : s;
}

int run_program(const struct run_params *p, int *ret_status, struct err *e)
{
	_cleanup_close_ int in = run_open_input(p->input, p->input_len, e), out_r = -1, out_w = -1,
			    err_r = -1, err_w = -1, rep_r = -1, rep_w = -1;
	_cleanup_buf_ struct buf own_out = BUF_INIT, own_diag = BUF_INIT;
	struct buf *bufs[2] = { p->out ? p->out : &own_out, p->diag ? p->diag : &own_diag };
	int fds[2], status, code = 0;

	if (in < 0)
		return in;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "pipe");
	out_r = fds[0], out_w = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "pipe");
	err_r = fds[0], err_w = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "pipe");
	rep_r = fds[0], rep_w = fds[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, -errno, "fork");
	if (pid == 0)
		run_exec(&(struct run_exec){ .argv = p->argv,
					     .env = p->env,
					     .dir = p->dir,
					     .in = in,
					     .out = out_w,
					     .diag = err_w,
					     .report = rep_w });
	close(TAKE_FD(out_w));
	close(TAKE_FD(err_w));
	close(TAKE_FD(rep_w));
	struct pollfd poll_fds[2] = { { out_r, POLLIN, 0 }, { err_r, POLLIN, 0 } };
	int r = drain(poll_fds, bufs, e);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, -errno, "wait for %s", p->argv[0]);
	if (r < 0)
		return r;
	if (read(rep_r, &code, sizeof(code)) == sizeof(code))
		return err_sys(e, -code, "run %s", p->argv[0]);
	int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (ret_status)
		*ret_status = exit_code;
	else if (exit_code)
		return err_set(e, -EIO, "%s failed with status %d: %s", p->argv[0], exit_code,
			       last_words(bufs[1]));
	return 0;
}
