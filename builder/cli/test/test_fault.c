/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mapped file that is cut ends the program with a message and a status of its own. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/test/support.h"
#include "builder/cli/cli.h"
#include "builder/cli/fault.h"

/* What a process reads of a file that somebody else cuts. */
static void read_what_was_cut(void)
{
	int fd = memfd_create("cut", MFD_CLOEXEC);

	if (ftruncate(fd, 2 * 4096) < 0)
		_exit(99);
	const volatile char *p = mmap(NULL, 2 * 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || ftruncate(fd, 4096) < 0)
		_exit(99);
	_exit(p[5000]);
}

START_TEST(cut_file)
{
	char said[256] = "";
	int fds[2], status;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		cli_catch_faults();
		read_what_was_cut();
	}
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_gt(read(fds[0], said, sizeof(said) - 1), 0);
	close(fds[0]);
	ck_assert_int_eq(WIFEXITED(status), 1);
	ck_assert_int_eq(WEXITSTATUS(status), EXIT_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(said, "slipway: a file became shorter"));
}
END_TEST

TEST_MAIN("fault", cut_file)
