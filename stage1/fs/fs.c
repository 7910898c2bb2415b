/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/fs.h"

static const struct fs_writer *const writers[] = { &fs_writer_ext4, &fs_writer_vfat };

const struct fs_writer *fs_writer_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		if (str_eq(writers[i]->name, name))
			return writers[i];
	}
	return NULL;
}
