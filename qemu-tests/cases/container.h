/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The container that the cases run: the static test program and nothing else. */
#include "qemu-tests/cases/case_util.h"

#define CONTAINER_IMAGE "slipway.test/hello:1"

/**
 * container_archive() - its image, as a tar of an OCI layout
 * @name: CONTAINER_IMAGE, or what the case calls it
 * @does: the program's command, see guest.h
 * @out:  is appended to
 */
int container_archive(const char *name, const char *does, struct buf *out,
		      struct err *e) must_check;

/**
 * container_note() - find in @said what it says as process 1 of a container, for the report
 * @whose: whose container it is
 * Return: 0; -EBADMSG it is not there; -ENOMEM
 */
int container_note(struct vm_case_context *ctx, const char *whose, const char *said,
		   struct err *e) must_check;
