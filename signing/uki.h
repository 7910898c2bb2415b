/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Unified kernel images: systemd-stub with the kernel, its initrd and its command line as sections.
 * Spec: UAPI.5 Unified Kernel Image; systemd-stub(7)
 */
#include "base/buf.h"
#include "base/err.h"

#define UKI_STUB_VERSION_MIN  254
#define UKI_CMDLINE_BYTES_MAX 2047 /* COMMAND_LINE_SIZE of Linux is 2048 with its NUL */

struct uki_part {
	const void *data;
	size_t len;
};

struct uki_params {
	struct uki_part stub;		     /* linuxx64.efi.stub or linuxaa64.efi.stub */
	struct uki_part linux_;		     /* a kernel with an EFI stub */
	const char *stub_name, *kernel_name; /* which, for messages; may be NULL */
	struct uki_part initrd;
	struct uki_part osrel;	 /* os-release */
	struct uki_part cmdline; /* one line without its newline */
	struct uki_part uname;	 /* kernel release, without a newline */
	struct uki_part sbat;	 /* more SBAT lines, with or without a header line; may be empty */
};

/**
 * uki_check() - everything that can be wrong with the parts; initrd and cmdline may be empty here
 * Return: as uki_build()
 */
int uki_check(const struct uki_params *p, struct err *e) must_check;

/**
 * uki_build() - an unsigned UKI
 * @ret: must be empty; authenticode_sign() signs it in place
 *
 * Section .sbat holds the lines of stub and kernel and @p->sbat below one header line. The same parts
 * give the same bytes.
 * Return: 0; -EBADMSG stub or kernel is not a PE file; -EINVAL machine types differ, stub too old, a
 * part is missing, characters in the command line that the stub would change; -E2BIG command line too
 * long; -ENOSPC, -EFBIG as pe_add_sections(); -ENOMEM
 */
int uki_build(const struct uki_params *p, struct buf *ret, struct err *e) must_check;
