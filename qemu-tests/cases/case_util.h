/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What cases do with a guest: ask it something and judge the answer. */
#include "qemu-tests/cases/cases.h"

/**
 * guest_ask() - output of a command that must succeed, without the newline at its end
 * @out: emptied first
 */
int guest_ask(struct vm *vm, struct buf *out, struct err *e, const char *fmt, ...)
	printf_format(4, 5) must_check;

/** guest_must_fail() - a command that must not succeed; @what says what would have happened */
int guest_must_fail(struct vm *vm, const char *command, const char *what, struct err *e) must_check;

/** guest_note() - "<key>: <value>" for the report */
int guest_note(struct vm_case_context *ctx, struct err *e, const char *fmt, ...)
	printf_format(3, 4) must_check;

/** case_keep() - a text into the case's directory of logs, as <name>.txt */
int case_keep(const struct vm_case_context *ctx, const char *name, const struct buf *text,
	      struct err *e) must_check;

/** guest_set_clock() - to what the machine's RTC says: after a pause of the machine it is behind */
int guest_set_clock(struct vm *vm, struct err *e) must_check;

/** guest_install() - put the static test program into the guest, as GUEST_PROGRAM_PATH */
int guest_install(struct vm *vm, struct err *e) must_check;

#define GUEST_PROGRAM_PATH "/run/slipway-test"

extern const uint8_t guest_program_start[], guest_program_end[];
