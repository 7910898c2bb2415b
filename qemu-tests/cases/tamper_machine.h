/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A machine on an altered image. */
#include "qemu-tests/cases/tamper.h"
#include "qemu-tests/tamper/tamper.h"

struct tamper_machine {
	struct vm_case_context *ctx;
	const struct tamper_case *c;
	struct tamper *image;
	struct boot boot; /* its machine */

	struct source disk;
	struct signer *stranger;
};

/**
 * tamper_machine_start() - alter the image and start a machine on it, with the image's keys in its
 * firmware
 * @m: zeros, with ctx and c
 * Return: 0; VM_CASE_SKIPPED the image has not what is to be altered, or a key is missing, with the reason;
 * negative errno
 */
int tamper_machine_start(struct tamper_machine *m, struct err *e) must_check;
void tamper_machine_done(struct tamper_machine *m);
