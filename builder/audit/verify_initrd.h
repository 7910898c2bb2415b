/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of verification: the archive of an initrd, and where each of its files is from. */
#include "builder/audit/verify_internal.h"
#include "stage1/tree/tree.h"

/**
 * verify_initrd_tree() - an archive as a tree, if our writer makes these very bytes of the tree
 * Return: 0; -EBADMSG, -EEXIST, -ENOTDIR or -EINVAL it does not; -ENOMEM
 */
int verify_initrd_tree(const struct buf *archive, struct tree **ret, struct err *e) must_check;

struct initrd_file {
	const char *path; /* "usr/bin/env" */
	uint32_t mode;
	const uint8_t *data; /* content, or a symlink's target */
	size_t len;
};

/* Where the files are from, once they were looked at. */
struct initrd_origins {
	size_t n_same, n_made;	  /* as in /usr; made by the builder */
	struct strv own, refused; /* paths; with what is wrong with them */
};

/** verify_initrd_file() - where one is from; Return: 0; -ENOMEM; what reading /usr returns */
int verify_initrd_file(const struct policy *p, struct fs_reader *usr, const struct initrd_file *f,
		       struct initrd_origins *o, struct err *e) must_check;

/** verify_initrd_origins() - end the check */
int verify_initrd_origins(struct verify *v, struct initrd_origins *o, struct err *e) must_check;
void initrd_origins_done(struct initrd_origins *o);
