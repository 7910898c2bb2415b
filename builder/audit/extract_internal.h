/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of extraction: the walk in extract.c, what is made of one inode in extract_inode.c. */
#include "builder/audit/extract.h"

/* A directory gets its mode and times when nothing is written into it any more. */
struct extract_dir {
	char *path;
	struct fs_stat st;
};

struct extract {
	const struct extract_params *p;
	struct extract_result *result;
	bool root; /* may it have owners, devices and all attributes? */
	int top;   /* the directory that all goes into */
	char *parent_path;
	int parent; /* the directory that was used last */
	struct extract_dir *dirs;
	size_t n_dirs, cap_dirs;
	void *links; /* tree of struct extract_link, by inode */
	uint64_t n_bytes_total;
};

/* One name in the directory that it goes into. */
struct extract_place {
	int dir;
	const char *name, *path; /* path: for messages, and below extract.top */
	const struct fs_stat *st;
};

/** extract_fail() - err_sys() with the path, as it may be shown */
int extract_fail(const struct extract *x, const char *path, int code, struct err *e);

/** extract_inode() - anything but a directory or a further name of a file */
int extract_inode(struct extract *x, const struct extract_place *at, struct err *e) must_check;

/** extract_attributes() - owner, attributes, mode and times of what @fd is; in this order */
int extract_attributes(struct extract *x, int fd, const struct fs_stat *st, const char *path,
		       struct err *e) must_check;
