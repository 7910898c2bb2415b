/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the tests of filesystems share: trees to write, images in files, and programs to check them. */
#include <fcntl.h>

#include "base/run.h"
#include "base/strv.h"
#include "base/test/support.h"
#include "stage1/fs/fs.h"

/** fs_test_params() - fixed values; no pool */
struct fs_params fs_test_params(void);

/** fs_test_load() - a tree of what is in a directory; contents are mapped, owners and times kept */
int fs_test_load(const char *dir, struct tree **ret, struct err *e) must_check;

/** fs_test_plan() - only the size that a plan comes to */
int fs_test_plan(const struct fs_writer *w, const struct tree *t, const struct fs_params *p,
		 uint64_t *ret_bytes, struct err *e) must_check;

/** fs_test_write() - plan and write into a file, which is cut to the planned size */
int fs_test_write(const struct fs_writer *w, const struct tree *t, const struct fs_params *p,
		  const char *path, struct err *e) must_check;

/** fs_test_program() - is there such a program? */
bool fs_test_program(const char *name);

/** fs_test_run() - run it, check that it exits with 0; Return: what it printed, on the heap */
char *fs_test_run(const char *const *argv);
#define FS_RUN(...) fs_test_run((const char *const[]){ __VA_ARGS__, NULL })

/** fs_test_file() - add a file with @len bytes that differ from file to file */
struct tree_node *fs_test_file(struct tree *t, const char *path, size_t len);

/** fs_test_marked_zeros() - memory of zeros that takes none, but for a mark here and there; NULL: none */
struct mapping *fs_test_marked_zeros(uint64_t len);

/** fs_test_compare_marks() - a file of an image holds the marks, where they are, and zeros where not */
void fs_test_compare_marks(const struct mapping *m, const char *image, const char *path);

/**
 * fs_test_random() - a tree of files, directories and, if @posix, everything else a tree can hold
 * @seed: the same tree for the same seed
 */
struct tree *fs_test_random(unsigned int seed, bool posix);

/** fs_test_compare() - the image holds the tree, the whole tree and nothing but the tree */
void fs_test_compare(const struct tree *t, struct fs_reader *r, bool posix);

/** fs_test_compare_image() - the same for an image in a file */
void fs_test_compare_image(const struct tree *t, const char *path, bool posix);

/** fs_test_use_all() - read everything that a reader gives, whatever it is; Return: 0 or an error */
int fs_test_use_all(const struct source *src, struct err *e);
