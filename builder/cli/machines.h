/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the commands that run machines have in common. */
#include "builder/cli/cli.h"
#include "qemu-tests/vm/vm.h"

/** cli_vm_host() - as the environment wants machines to be; its strings are borrowed from @c */
int cli_vm_host(const struct cli *c, struct vm_host_params *ret, struct err *e) must_check;

/**
 * cli_check_disk() - is there a partition table on a disk image?
 *
 * Asked before a machine's firmware finds nothing to start on it, and says so in its own way.
 * Return: 0 and the image's size, or a negative errno value: -EBADMSG if it is no disk image.
 */
int cli_check_disk(const char *path, uint64_t *ret_bytes, struct err *e) must_check;
