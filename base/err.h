/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Errors: a negative errno to decide on and a message to read. The caller owns the message; nothing
 * is on the heap, nothing is global. Each level adds what it knows, so that a person sees one line:
 *
 *     recipes/node.yaml:14:5: package containerd: data.tar.xz: truncated after 1048576 bytes
 */
#include <errno.h>

#include "base/util.h"

struct err {
	int code;	/* negative errno; 0 while nothing went wrong */
	char msg[2048]; /* one line (or a short list), no newline at its end */
};

/**
 * err_set() - start a message
 * @code: negative errno
 * Return: @code
 */
int err_set(struct err *e, int code, const char *fmt, ...) printf_format(3, 4);

/**
 * err_wrap() - put context in front: "<context>: <message>"
 * @code: negative errno to return; replaces the code in @e
 * Return: @code
 */
int err_wrap(struct err *e, int code, const char *fmt, ...) printf_format(3, 4);

/**
 * err_sys() - start a message that ends in the text of an errno: "<text>: <strerror>"
 * @code: negative errno
 * Return: @code
 */
int err_sys(struct err *e, int code, const char *fmt, ...) printf_format(3, 4);

/** err_oom() - Return: -ENOMEM, with its message */
int err_oom(struct err *e);
