/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the commands that run machines have in common. */
#include "builder/cli/cli.h"
#include "qemu-tests/vm/vm.h"

/** cli_vm_host() - as the environment wants machines to be; its strings are borrowed from @c */
int cli_vm_host(const struct cli *c, struct vm_host_params *ret, struct err *e) must_check;
