/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What ls, cat and extract share. */
#include "builder/audit/files.h"
#include "builder/cli/cli.h"

/* An option of each of them. */
#define FILES_PARTITION_OPTION(to)                                                       \
	{                                                                                \
		.name = "partition", .letter = 'p', .arg = "PARTITION", .value = (to),   \
		.help = "of a disk: label, number or type, such as esp (default: usr-a)" \
	}

/** files_open() - the image, and what is at the path in it */
int files_open(const char *image, const char *partition, const char *path, struct image_files **ret,
	       struct fs_stat *ret_st, struct err *e) must_check;
