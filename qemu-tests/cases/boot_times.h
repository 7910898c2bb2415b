/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How long each phase of a boot took, as systemd on the node knows it. */
#include "base/buf.h"
#include "base/err.h"

/* What tells it; see org.freedesktop.systemd1(5) for what the properties count from. */
#define BOOT_TIMES_COMMAND                                                          \
	"systemctl show -P FirmwareTimestampMonotonic -P LoaderTimestampMonotonic " \
	"-P InitRDTimestampMonotonic -P UserspaceTimestampMonotonic "               \
	"-P FinishTimestampMonotonic"

/**
 * boot_times_format() - "firmware 2.1 s, loader 0.5 s, kernel 4.0 s, initrd 9.2 s, userspace 30.1 s: 45.9 s"
 * @properties: what the command printed
 * @out: the text is appended
 * Return: 0; -EBADMSG they are not such numbers, or a phase is missing; -ENOMEM
 */
int boot_times_format(const char *properties, struct buf *out, struct err *e) must_check;
