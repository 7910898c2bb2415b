/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/machines.h"

int cli_vm_host(const struct cli *c, struct vm_host_params *ret, struct err *e)
{
	*ret = (struct vm_host_params){ .arch = VM_ARCH_X86_64,
					.accel = VM_ACCEL_AUTO,
					.tmp_dir = c->tmp_dir,
					.cache_dir = c->cache_dir };
	if (!c->accel)
		return 0;
	if (str_eq(c->accel, "kvm"))
		ret->accel = VM_ACCEL_KVM;
	else if (str_eq(c->accel, "tcg"))
		ret->accel = VM_ACCEL_TCG;
	else
		return err_set(e, -EINVAL, "SLIPWAY_ACCEL is \"%s\", not kvm or tcg", c->accel);
	return 0;
}
