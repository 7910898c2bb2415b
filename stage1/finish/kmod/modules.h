/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The kernel modules of one kernel version in a tree: what they are called, what they need, and which
 * files a set of them takes. The finisher writes its index files from this; the initrd asks it for a
 * closure.
 */
#include "base/pool.h"
#include "base/strv.h"
#include "stage1/tree/tree.h"

struct module_index;

/**
 * module_index_read() - read all modules below usr/lib/modules/<version>, or, where the finisher has
 * been there, its index of them
 * @t: borrowed, must outlive the index
 * @version: the directory's name
 * @pool: decompresses and parses side by side; may be NULL
 * Return: 0; -ENOENT no such directory, or no modules.order or modules.builtin in it; -EBADMSG a
 *         malformed module, with its path; -EFBIG a module over 256 MiB; -ELOOP hard dependencies in a
 *         circle; -ENOMEM
 */
int module_index_read(const struct tree *t, const char *version, struct pool *pool,
		      struct module_index **ret, struct err *e) must_check;
void module_index_free(struct module_index *x);
DEFINE_CLEANUP(struct module_index *, module_index_free)

/**
 * module_index_versions() - append the kernel versions that the tree has modules for, sorted
 * Return: 0; -ENOMEM
 */
int module_index_versions(const struct tree *t, struct strv *versions, struct err *e) must_check;

/**
 * module_index_closure() - the files that a set of modules needs to load
 * @names: module names ("dm_verity", "virtio-blk"); '-' and '_' are the same
 * @ret_paths: appended: tree paths of module files, sorted, each once: the named modules, their hard
 *             dependencies and their soft ones (pre and post), and what those need
 *
 * What is built into the kernel takes no file. A soft dependency that is an alias (ext4's "crc32c")
 * takes every module that has the alias; one that is nothing of this kernel is passed over, as by
 * modprobe.
 *
 * Return: 0; -ENOENT a name that is neither a module nor built in, with near ones; -ENOMEM
 */
int module_index_closure(const struct module_index *x, const struct strv *names,
			 struct strv *ret_paths, struct err *e) must_check;
