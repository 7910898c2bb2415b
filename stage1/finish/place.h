/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Placing: an immutable image is its /usr, so what packages and finishers put elsewhere moves there.
 *
 *     etc             usr/share/factory/etc, the lower layer of the node's /etc
 *     var, root       lines of usr/lib/tmpfiles.d/slipway-{var,root}.conf; the contents of regular files
 *                     lie below usr/share/factory, from where C lines copy them
 *     boot            the kernel, which finish_take_boot() takes out
 *     srv, mnt, …     lines of slipway-root.conf, with their modes
 *     bin, sbin, lib* symlinks into usr: dropped, they are made when the system starts
 *
 * A path that a package's own tmpfiles.d file makes gets no second line.
 * Anything else outside of usr is an error that names its path and where it came from.
 *
 * The order for a stage:
 *
 *     finish_run(p)           everything but placing; the initrd is made from this tree
 *     finish_take_boot()      the kernel leaves the tree
 *     finish_place(p)         only usr is left at the root
 *     tree_reroot(t, "usr")   the tree that is written as the /usr filesystem
 */
#include "stage1/finish/finish.h"

/**
 * finish_take_boot() - take the kernel out of boot/
 *
 * boot/vmlinuz-<version> leaves the tree, boot/config-<version> moves to
 * usr/lib/modules/<version>/config, boot/System.map-<version> is dropped. boot/ is empty afterwards.
 * @ret_kernel: the kernel image; the caller's reference
 * @ret_version: its version, as in usr/lib/modules; on the heap
 * @ret_origin: what brought it; the tree's
 * Return: 0; -ENOENT no kernel; -EEXIST more than one, or something in boot/ that is none of these, by
 *         its path; -ENOMEM
 */
int finish_take_boot(struct tree *t, struct blob **ret_kernel, char **ret_version,
		     const struct tree_origin **ret_origin, struct err *e) must_check;
