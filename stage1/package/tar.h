/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Tar archives in memory: ustar, GNU (long names, base-256 numbers) and pax. Nothing is copied but
 * names; contents are told by their offset.
 */
#include "base/err.h"
#include "stage1/package/package.h"

enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR_DEVICE = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_DIRECTORY = '5',
	TAR_FIFO = '6',
};

struct tar_entry {
	enum tar_type type;
	char *path;    /* as it is in the archive, not empty */
	char *target;  /* links: not empty; else NULL */
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	int64_t mtime;
	uint32_t rdev_major, rdev_minor;
	uint64_t offset, size_bytes; /* files: of the content, which lies inside the archive */
	struct package_xattr *xattrs;
	size_t n_xattrs;
};

struct tar {
	const uint8_t *data;
	uint64_t len, next;
};

/**
 * tar_next() - the next entry
 * @t: data, len; next is the offset of the next header, 0 at first
 * @ret: to be given to tar_entry_done() when the return value is 1
 * Return: 1; 0 at the end (zero blocks and nothing else, or at once after an entry); -EBADMSG
 *         malformed, truncated or of a kind that a package cannot have, with the offset; -ENOMEM
 * Spec: POSIX.1-2017 pax, ustar; GNU tar manual, "Basic Tar Format"
 */
int tar_next(struct tar *t, struct tar_entry *ret, struct err *e) must_check;
void tar_entry_done(struct tar_entry *t);
#define _cleanup_tar_entry_ __attribute__((cleanup(tar_entry_done)))

/** tar_name_is_plain() - no control characters: names turn up in messages, lists and terminals */
bool tar_name_is_plain(const char *name);

#define TAR_MAX_PATH_BYTES 4095
#define TAR_MAX_PAX_BYTES  (1 * MiB)
