/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What fs_reader_open() knows of each type. A reader is used by one thread at a time. */
#include "stage1/fs/fs.h"

struct fs_reader_type {
	const char *name;
	/* Does it look like one? A cheap look at magic numbers. */
	bool (*probe)(const struct source *src);
	/* Return: 0; -EINVAL damaged, or a feature that the reader does not know; -EIO; -ENOMEM */
	int (*open)(const struct source *src, struct fs_reader **ret, struct err *e);
};

extern const struct fs_reader_type fs_reader_type_erofs;
extern const struct fs_reader_type fs_reader_type_ext4;
extern const struct fs_reader_type fs_reader_type_vfat;
