/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A person at the console: what is typed goes to the guest, but for ctrl-a x. */
#include <poll.h>
#include <signal.h>
#include <termios.h>

#include "qemu-tests/vm/vm_internal.h"

#define CTRL_A 0x01

struct person {
	struct vm *vm;
	int in;
	bool leaving, command; /* command: ctrl-a was typed, what is next? */
	int error;
	sd_event_source *in_source, *signals[3];
	struct termios saved;
	bool raw;
	sigset_t saved_mask;
	bool masked;
};

/* Drops what is meant for us; Return: how many bytes are left for the guest. */
static size_t filter(struct person *p, char *bytes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n && !p->leaving; i++) {
		char c = bytes[i];
		bool was_command = p->command;

		p->command = !was_command && c == CTRL_A;
		if (was_command && (c == 'x' || c == 'X'))
			p->leaving = true;
		else if (!p->command && (!was_command || c == CTRL_A))
			bytes[kept++] = c;
	}
	return kept;
}

static int on_typed(sd_event_source *s, int fd, unused_ uint32_t revents, void *data)
{
	struct person *p = data;
	struct err e;
	char bytes[1024];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		p->error = n < 0 ? -errno : 0;
		return sd_event_source_set_enabled(s, SD_EVENT_OFF);
	}
	size_t kept = filter(p, bytes, (size_t)n);
	if (kept && vm_running(p->vm))
		p->error = MIN(vm_console_send(p->vm, bytes, kept, &e), 0);
	return 0;
}

static int on_signal(unused_ sd_event_source *s, unused_ const struct signalfd_siginfo *si,
		     void *data)
{
	((struct person *)data)->leaving = true;
	return 0;
}

/* The terminal must come back as it was, also when we are told to end. */
static int catch_signals(struct person *p, struct err *e)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;
	int r = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, &p->saved_mask);
	p->masked = true;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(numbers); i++)
		r = sd_event_add_signal(p->vm->host->event, &p->signals[i], numbers[i], on_signal,
					p);
	return r < 0 ? err_sys(e, r, "signals") : 0;
}

static int sit_down(struct person *p, struct err *e)
{
	struct termios t;

	if (isatty(p->in) && tcgetattr(p->in, &p->saved) == 0) {
		t = p->saved;
		cfmakeraw(&t);
		t.c_oflag |=
			OPOST; /* our own messages on the same terminal still end their lines */
		if (tcsetattr(p->in, TCSADRAIN, &t) < 0)
			return err_sys(e, -errno, "terminal");
		p->raw = true;
	}
	int r = sd_event_add_io(p->vm->host->event, &p->in_source, p->in, EPOLLIN, on_typed, p);
	if (r == -EPERM)
		return 0; /* a plain file or /dev/null: nobody types */
	return r < 0 ? err_sys(e, r, "watch the terminal") : 0;
}

static void stand_up(struct person *p)
{
	sd_event_source_disable_unref(p->in_source);
	for (size_t i = 0; i < ARRAY_SIZE(p->signals); i++)
		sd_event_source_disable_unref(p->signals[i]);
	if (p->raw)
		tcsetattr(p->in, TCSADRAIN, &p->saved);
	if (p->masked)
		pthread_sigmask(SIG_SETMASK, &p->saved_mask, NULL);
	p->vm->tap = -1;
}

static int attend(struct person *p, struct err *e)
{
	struct vm *vm = p->vm;

	while (vm_running(vm) && !p->leaving) {
		int r = vm_serve(vm->host, vm_deadline(0), e);
		if (r < 0 && r != -ETIME)
			return r;
		if (p->error < 0)
			return err_sys(e, p->error, "terminal");
		if (vm->tap_error < 0)
			return err_sys(e, vm->tap_error, "copy the console");
	}
	if (vm->expired)
		return err_set(e, -ETIME, "VM %s was ended by its limit of %u s", vm->name,
			       vm->limit_sec);
	return 0;
}

int vm_interact(struct vm *vm, int in, int out, struct err *e)
{
	struct person p = { .vm = vm, .in = in };

	vm->tap = out;
	int r = catch_signals(&p, e);
	if (r >= 0)
		r = sit_down(&p, e);
	if (r >= 0)
		r = attend(&p, e);
	stand_up(&p);
	return r;
}

int boot_interactive(struct vm_host *h, const struct vm_params *p, const struct vm_terminal *t,
		     struct err *e)
{
	_cleanup_(vm_free) struct vm *vm = NULL;
	int r = vm_start_with(h, p, t->out, &vm, e);

	if (r < 0)
		return r;
	if (t->started)
		t->started(vm, t->data);
	return vm_interact(vm, t->in, t->out, e);
}
