/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Files of an image, unpacked into a directory. Names, links and attributes of the image are not
 * trusted: nothing is written outside of the directory, no symlink is followed.
 */
#include "base/pool.h"
#include "base/progress.h"
#include "stage1/fs/fs.h"

struct extract_params {
	struct fs_reader *reader;
	uint64_t ino;	   /* what to extract */
	const char *name;  /* under which it goes into dir; NULL: a directory's content does */
	const char *dir;   /* made if it is not there; its own parent must be */
	bool force;	   /* replace what is there already, but for directories */
	bool privileges;   /* keep setuid, setgid and capabilities; as root, make device nodes */
	struct pool *pool; /* for cancellation; may be NULL */
	struct progress *progress; /* may be NULL */
};

struct extract_result {
	uint64_t n_files, n_bytes; /* n_files: of all types */
	/* What was left out: device nodes, and attributes that this user or this disk cannot have. */
	uint64_t n_devices, n_xattrs;
	uint64_t n_privileges; /* files that lost setuid, setgid or capabilities */
};

/**
 * extract_files() - an inode, and if it is a directory all below it
 *
 * Contents, symlinks, hard links, permissions, times and attributes are kept; owners only as root.
 * After a failure, what was whole before stays.
 *
 * Return: 0; -EEXIST something is there already; -EINVAL a damaged image; -ENOSPC; -EIO; -ENOMEM;
 * -ECANCELED; what the system calls return, with the path
 */
int extract_files(const struct extract_params *p, struct extract_result *ret,
		  struct err *e) must_check;
