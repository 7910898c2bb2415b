/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How long each phase of a boot took, as systemd on the node knows it. */
#include "base/buf.h"
#include "base/err.h"

/* What tells it; see org.freedesktop.systemd1(5). */
#define BOOT_TIMES_COMMAND                                                           \
	"systemctl show -P InitRDTimestampMonotonic -P UserspaceTimestampMonotonic " \
	"-P FinishTimestampMonotonic"

/**
 * boot_times_format() - "firmware 2.1 s, loader 0.5 s, kernel 4.0 s, initrd 9.2 s, userspace 30.1 s: 45.9 s"
 * @loader_sec: when the boot loader was started, since the machine was
 * @kernel_sec: when the kernel was; within a machine no boot loader can tell
 * @properties: what the command printed: microseconds since the kernel was started
 * @out: the text is appended
 * Return: 0; -EBADMSG they are not such numbers, or a phase is missing; -ENOMEM
 */
int boot_times_format(double loader_sec, double kernel_sec, const char *properties, struct buf *out,
		      struct err *e) must_check;
