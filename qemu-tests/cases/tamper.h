/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Cases that attack the chain: an image is altered as a kind of qemu-tests/tamper does it, and a machine
 * with the image's keys enrolled is started on it. Each case says how far that may come.
 */
#include "qemu-tests/cases/boot.h"

enum tamper_end {
	TAMPER_FIRMWARE, /* firmware or boot loader refuse it: no kernel is started */
	TAMPER_STOPPED, /* kernel or initrd refuse it: reset or power-off, nothing of its /usr runs */
	TAMPER_GIVEN_UP, /* as TAMPER_STOPPED, again and again, until it is off */
	TAMPER_LATE,	 /* it comes up; the altered file is read, and that ends it */
	TAMPER_EITHER,	 /* chance decides: as TAMPER_STOPPED, or as TAMPER_UP */
	TAMPER_UP, /* it comes up as the good one, and what was added has no effect, or one by design */
};

#define TAMPER_KINDS_MAX 6

/* What struct vm_case's data is. */
struct tamper_case {
	const char *kinds[TAMPER_KINDS_MAX]; /* put into one image; NULL-terminated unless full */
	enum tamper_end end;
	const char *reason;	   /* on the console, a regular expression; not for TAMPER_UP */
	const boot_step_fn *steps; /* once it is up: what is looked at; NULL-terminated */
};

/** tamper_judge() - alter, start, look: as struct vm_case's run() */
int tamper_judge(struct vm_case_context *ctx, struct err *e) must_check;
