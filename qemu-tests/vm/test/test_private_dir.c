/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/test/support.h"
#include "qemu-tests/vm/private_dir.h"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void touch(const struct private_dir *d)
{
	int fd = openat(d->fd, ".file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(goes_with_its_files)
{
	struct private_dir d = PRIVATE_DIR_INIT;
	char *parent = test_dir();
	struct err e = { 0 };
	struct stat st;

	ck_ok(private_dir_make(&d, parent, "p-", &e));
	touch(&d);
	_cleanup_free_ char *path = strdup(d.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	private_dir_remove(&d);
	ck_assert(!exists(path));
	ck_fails(private_dir_make(&d, "/nonexistent", "p-", &e), -ENOENT, "/nonexistent/p-");
	private_dir_remove(&d);
	test_dir_remove(parent);
}
END_TEST

/* A process makes one, says where it is, and waits to be killed. */
static pid_t start_other(const char *parent, char *ret_path, size_t size)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct private_dir d = PRIVATE_DIR_INIT;
		struct err e;
		if (private_dir_make(&d, parent, "p-", &e) < 0)
			_exit(1);
		touch(&d);
		ssize_t unused_ n = write(fds[1], d.path, strlen(d.path) + 1);
		for (;;)
			pause();
	}
	close(fds[1]);
	ck_assert_int_gt(read(fds[0], ret_path, size), 0);
	close(fds[0]);
	return pid;
}

START_TEST(one_left_by_a_killed_process_goes_with_the_next)
{
	struct private_dir d = PRIVATE_DIR_INIT;
	char *parent = test_dir(), path[4096];
	_cleanup_free_ char *other = str_printf("%s/q-123456", parent);
	struct err e = { 0 };

	ck_assert_int_eq(mkdir(other, 0700), 0);
	pid_t pid = start_other(parent, path, sizeof(path));
	ck_ok(private_dir_make(&d, parent, "p-", &e));
	ck_assert(exists(path)); /* in use */
	private_dir_remove(&d);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(exists(path));
	ck_ok(private_dir_make(&d, parent, "p-", &e));
	ck_assert(!exists(path));
	ck_assert(exists(other)); /* of another kind */
	private_dir_remove(&d);
	test_dir_remove(parent);
}
END_TEST

TEST_MAIN("private_dir", goes_with_its_files, one_left_by_a_killed_process_goes_with_the_next)
