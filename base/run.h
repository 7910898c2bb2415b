/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Running a program: an argument vector, never a shell. */
#include "base/buf.h"
#include "base/err.h"

struct run_params {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const
		*env;	 /* NULL-terminated NAME=value, all that it gets; NULL: LC_ALL=C and PATH */
	const char *dir; /* its working directory; NULL: ours */
	const void *input; /* its standard input; NULL: nothing */
	size_t input_len;
	struct buf *out; /* standard output is appended here; NULL: thrown away */
	struct buf
		*diag; /* standard error is appended here; NULL: the last lines go into the error */
};

/**
 * run_program() - run it to its end
 * @ret_status: exit status 0..255, or 128 + the signal's number; with NULL, other than 0 is an error
 * Return: 0; -ENOENT no such program; -EIO status not 0, with what it said; other negative errno
 */
int run_program(const struct run_params *p, int *ret_status, struct err *e) must_check;

/**
 * run_open_input() - a file descriptor to read @data from: whole before anyone reads, so that no pipe
 * can fill up
 * @data: NULL: there is nothing to read
 * Return: the descriptor, to be closed by the caller; negative errno
 */
int run_open_input(const void *data, size_t len, struct err *e) must_check;

struct run_exec {
	const char *const *argv, *const *env; /* as in struct run_params */
	const char *dir;		      /* NULL: stay */
	int in, out, diag;		      /* become 0, 1 and 2 */
	int report; /* close-on-exec; gets errno, an int, if there is nothing to run */
};

/** run_exec() - what a child does after fork(): signals as a program expects them, and off */
void run_exec(const struct run_exec *x) __attribute__((noreturn));
