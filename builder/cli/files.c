/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/files.h"

int files_open(const char *image, const char *partition, const char *path, struct image_files **ret,
	       struct fs_stat *ret_st, struct err *e)
{
	_cleanup_(image_files_free) struct image_files *f = NULL;

	int r = image_files_open(image, partition, &f, e);
	if (r < 0)
		return r;
	r = image_files_find(f, path, ret_st, e);
	if (r < 0)
		return err_wrap(e, r, "%s", image);
	*ret = TAKE_PTR(f);
	return 0;
}
