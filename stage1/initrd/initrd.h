/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The initrd: what of the finished system goes into it, and its archive. Only files of the packages
 * named go in, the libraries that these need, and the modules asked for: no shell or other program
 * comes in by itself.
 */
#include "base/buf.h"
#include "base/pool.h"
#include "base/strv.h"
#include "stage1/initrd/compress.h"
#include "stage1/tree/tree.h"

struct initrd_params {
	const struct tree *system;   /* finished but not yet placed: etc at "etc", usr merged */
	const char *arch;	     /* "x86-64" or "arm64" */
	const struct strv *packages; /* whose files go in */
	const struct strv *remove;   /* patterns as in stage1/tree/exclude.h; may be NULL */
	const struct tree *overlay;  /* laid over it all; may be NULL */

	const char *kernel_version;	 /* NULL: no modules */
	const struct strv *module_paths; /* of the system: "usr/lib/modules/<version>/kernel/…", the
					  * closure; may be NULL */
	const struct strv *load_modules; /* names for modules-load.d; may be NULL */

	int64_t time;	   /* seconds since 1970, of what is made here */
	struct pool *pool; /* may be NULL */

	struct strv *
		unmatched; /* receives the patterns of @remove that kept nothing out; may be NULL */
};

/**
 * initrd_build_tree() - the initrd's tree, which shares its contents with the system's
 * Return: 0; -ENOENT a package has no file in the system, or a module is not there; -EBADMSG an ELF
 *         file or kernel module that cannot be read, with its path; -EINVAL; -ENOMEM
 */
int initrd_build_tree(const struct initrd_params *p, struct tree **ret, struct err *e) must_check;

struct initrd_pack_params {
	enum compress_type type;
	int level;	   /* 0: the type's default */
	int64_t time;	   /* later mtimes become this one */
	struct pool *pool; /* may be NULL; the bytes do not depend on it */
};

/**
 * initrd_pack() - append the compressed archive of a tree to @out
 * Return: 0; -EFBIG a file over 4 GiB; -ENOMEM
 */
int initrd_pack(const struct tree *t, const struct initrd_pack_params *p, struct buf *out,
		struct err *e) must_check;
