/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the tests of filesystems share: trees to write, images in files, and programs to check them. */
#include <fcntl.h>

#include "base/run.h"
#include "base/test/support.h"
#include "stage1/fs/fs.h"

/** fs_test_params() - fixed values; no pool */
struct fs_params fs_test_params(void);

/** fs_test_load() - a tree of what is in a directory; contents are mapped, owners and times kept */
int fs_test_load(const char *dir, struct tree **ret, struct err *e) must_check;

/** fs_test_write() - plan and write into a file, which is cut to the planned size */
int fs_test_write(const struct fs_writer *w, const struct tree *t, const struct fs_params *p,
		  const char *path, struct err *e) must_check;

/** fs_test_program() - is there such a program in PATH? */
bool fs_test_program(const char *name);

/** fs_test_run() - run it, check that it exits with 0; Return: what it printed, on the heap */
char *fs_test_run(const char *const *argv);
#define FS_RUN(...) fs_test_run((const char *const[]){ __VA_ARGS__, NULL })
