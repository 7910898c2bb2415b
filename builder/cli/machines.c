/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/source.h"
#include "builder/audit/image.h"
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

int cli_check_disk(const char *path, uint64_t *ret_bytes, struct err *e)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	_cleanup_(image_free) struct image *image = NULL;

	int r = source_open(&disk, path, e);
	if (r < 0)
		return r;
	r = image_open(&disk, &image, e);
	if (r == -EBADMSG)
		return err_set(e, r,
			       "%s: no disk image: it has no partition table (GPT). Images to boot "
			       "are the .raw of slipway build",
			       path);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	if (image->container)
		return err_set(e, -EINVAL,
			       "%s: is a %s, and machines here get raw disks: convert it, as with "
			       "qemu-img convert -O raw",
			       path, image_format(image));
	*ret_bytes = disk.size_bytes;
	return 0;
}
