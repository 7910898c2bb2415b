/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of the .deb reader. */
#include "stage1/package/package.h"

/**
 * package_path_clean() - a path as a package entry has it
 *
 * "x", "./x" and "/x" are the same; "." and empty components go.
 * @path: changed in place; "" afterwards for the root
 * Return: 0; -EBADMSG ".." in it, a control character, too long
 */
int package_path_clean(char *path, struct err *e) must_check;

/**
 * package_read_entries() - the data archive
 * @m: the tar archive; the entries' blobs lie in it and hold it
 * Return: 0; -EBADMSG; -EFBIG; -ENOMEM; nothing is added on failure
 */
int package_read_entries(struct package *p, struct mapping *m, struct err *e) must_check;

/** package_read_control() - the control archive; fills all but the entries */
int package_read_control(struct package *p, const void *tar, size_t len, struct err *e) must_check;

/** package_entries_free() - the entries go, the package has none */
void package_entries_free(struct package *p);
