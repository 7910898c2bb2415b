/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of the comparison of filesystems: what is common to all types, and what each has of its own. */
#include "builder/audit/compare_tree.h"

struct filesystems {
	const struct source *src[2];
	struct fs_reader *r[2]; /* NULL: it cannot be read */
	struct listing l[2];
	size_t told;	   /* compare_told() before the trees were compared */
	bool tree_differs; /* where things lie follows */
};

/* Of a type. */
struct fs_comparer {
	const char *type; /* NULL: what the reader calls it */
	bool unix_;	  /* modes, owners and the like are real */
	const char *super_name;
	size_t super_at;	  /* where the superblock is */
	struct field_table super; /* DIFF_SIZE fields follow from the tree; 0 bytes: not known */
	size_t checked_bytes;	  /* from super_at on, whose checksum it has; 0: its own bytes */
	/* The inodes or entries of a path in both, besides what a tree has; may be NULL. */
	int (*inode)(struct compare *c, const struct filesystems *f, const struct listed *a,
		     const struct listed *b, struct err *e);
};

extern const struct fs_comparer fs_comparer_ext4, fs_comparer_erofs, fs_comparer_fat16,
	fs_comparer_fat32;

/** compare_told() - differences that say where: not that something cannot be read, or a checksum's */
size_t compare_told(const struct compare *c);

/**
 * compare_places() - the inode's number, and where its content lies: the first stretch that differs
 *
 * Where trees differ that follows.
 */
int compare_places(struct compare *c, const struct filesystems *f, const struct listed *a,
		   const struct listed *b, struct err *e) must_check;

/**
 * compare_blocks() - account for every byte that differs in the two, by what lies there
 *
 * What the trees' differences do not explain is named: bytes after a file's end, in blocks of no
 * file, in the filesystem's own structures.
 */
int compare_blocks(struct compare *c, const struct filesystems *f, const struct fs_comparer *fc,
		   struct err *e) must_check;
