/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Programs that run beside us, watched by an event loop through a pidfd: no signal is involved, and
 * they die with the thread that started them.
 */
#include <systemd/sd-event.h>

#include "base/err.h"

struct child {
	pid_t pid; /* 0: none, or ended */
	int pidfd;
	int status; /* exit status, or 128 + signal; -1 while it runs */
	sd_event_source *source;
};

#define CHILD_INIT              \
	{                       \
		0, -1, -1, NULL \
	}

struct child_params {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	int in, out, diag;	 /* its standard files; -1: /dev/null */
	const int *keep;	 /* further descriptors that it gets, under the same numbers */
	size_t n_keep;
};

/**
 * child_start() - start it; its end is noticed while the event loop runs
 * @c: must stay where it is until child_kill()
 * Return: 0; -ENOENT no such program; other negative errno
 */
int child_start(struct child *c, sd_event *event, const struct child_params *p,
		struct err *e) must_check;

/** child_running() - was it started, and has it not ended? */
static inline bool child_running(const struct child *c)
{
	return c->pid > 0;
}

/** child_kill() - SIGKILL if it still runs, wait for its end, forget it */
void child_kill(struct child *c);
