/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/fault.h"

#include <signal.h>
#include <unistd.h>

#include "builder/cli/cli.h"

/* No output has its name before it is whole. */
static void on_fault(int sig, siginfo_t *info, void *context unused_)
{
	static const char message[] = "\nslipway: a file became shorter while it was read, or its "
				      "disk cannot be read\n";

	if (info->si_code != BUS_ADRERR) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	ssize_t unused_ n = write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(EXIT_UNAVAILABLE);
}

void cli_catch_faults(void)
{
	const struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
}
