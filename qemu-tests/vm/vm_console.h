/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a serial console said: text without escape sequences, patterns in it, and signs of trouble. */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

struct vm_pattern {
	const char *text;
	bool regex;   /* POSIX extended; else plain text. A match lies within one line. */
	bool failure; /* finding it is an error, that quotes the line: looked for in whole lines */
};

struct vm_console {
	struct buf text; /* lines end in \n; a placed cursor starts a line */
	size_t cursor;	 /* what is before it was matched or looked at */
	size_t line_len; /* of the last line */
	unsigned int state;
	bool carriage_return;
};

#define VM_CONSOLE_INIT          \
	{                        \
		.text = BUF_INIT \
	}

void vm_console_done(struct vm_console *c);

/** vm_console_feed() - bytes as they arrive; sequences may be split anywhere */
void vm_console_feed(struct vm_console *c, const void *data, size_t len);

/**
 * vm_console_match() - the first match behind the cursor, which then stands behind the match
 * @ret_line: the line of the match, to be freed; may be NULL
 * Return: index of the pattern; -EAGAIN none yet; -EINVAL a bad regular expression; -ENOMEM
 */
int vm_console_match(struct vm_console *c, const struct vm_pattern *patterns, size_t n,
		     char **ret_line, struct err *e) must_check;

/** vm_console_is_stall() - does the line say that a CPU, or its clock, stood still? */
bool vm_console_is_stall(const char *line);

/**
 * vm_console_signs() - lines that no good boot has: panic, oops, BUG, WARNING, emergency mode, failed
 * units, ordering cycles, I/O errors, verity corruption, segfaults
 * @emulated: that a CPU stood still for a time is no bad sign
 * @allow:    NULL-terminated texts; a line that holds one is no bad sign; NULL: none
 * @ret:      "line 12: <line>" is appended for each
 * Return: how many; -ENOMEM
 */
int vm_console_signs(const char *text, bool emulated, const char *const *allow, struct strv *ret,
		     struct err *e) must_check;
