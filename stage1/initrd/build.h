/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What this folder's files share while they make one initrd tree. */
#include "stage1/finish/linker_cache.h"
#include "stage1/initrd/initrd.h"
#include "stage1/tree/exclude.h"

struct initrd_build {
	const struct initrd_params *p;
	struct tree *tree;	       /* the initrd */
	struct tree_exclude *remove;   /* what the recipe keeps out */
	const struct tree_origin *own; /* of what is made here */
	struct tree_node **files;      /* regular files, in the order in which they came in */
	size_t n_files, cap_files;
	struct initrd_link *links; /* files with more than one name */
	size_t n_links;
};

struct initrd_link {
	const struct tree_inode *system;
	struct tree_node *node;
};

/**
 * initrd_copy_node() - a node of the system that is no directory, with the directories above it
 *
 * Its content is shared, setuid and setgid bits are dropped. Nothing happens if it is there.
 */
int initrd_copy_node(struct initrd_build *b, struct tree_node *n, struct err *e) must_check;

/**
 * initrd_copy_path() - what the system sees at a path: every symlink on the way and the file
 * Return: 0; -ENOENT there is no file; -ENOMEM
 */
int initrd_copy_path(struct initrd_build *b, const char *path, struct err *e) must_check;

/** initrd_add_overlay() - everything of the overlay; what comes later does not replace it */
int initrd_add_overlay(struct initrd_build *b, struct err *e) must_check;

/** initrd_add_files() - the packages' files, and what their symlinks point to */
int initrd_add_files(struct initrd_build *b, struct err *e) must_check;

/** initrd_add_libraries() - program interpreters and libraries of all ELF files, to the end */
int initrd_add_libraries(struct initrd_build *b, struct err *e) must_check;
