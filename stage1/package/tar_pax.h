/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What extended headers say of the entry after them. */
#include "stage1/package/tar.h"

struct tar_extra {
	char *path, *target;
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size_bytes;
	uint32_t uid, gid;
	int64_t mtime;
	struct package_xattr *xattrs;
	size_t n_xattrs;
};

void tar_extra_done(struct tar_extra *x);
#define _cleanup_tar_extra_ __attribute__((cleanup(tar_extra_done)))

/**
 * tar_pax_parse() - the content of a pax header
 * @global: a 'g' header: only comments are taken
 * Return: 0; -EBADMSG; -ENOMEM
 */
int tar_pax_parse(struct tar_extra *x, const uint8_t *data, size_t len, bool global,
		  struct err *e) must_check;

void package_xattrs_free(struct package_xattr *v, size_t n);
