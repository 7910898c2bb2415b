/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Files of a tree in a list, wherever they are from. */
#include "base/strv.h"
#include "stage1/fs/fs.h"

struct listed {
	char *path; /* "usr/bin/env"; "" is the root */
	struct fs_stat st;
	const uint8_t *data; /* content or a symlink's target, where there is no reader */
};

struct listing {
	struct fs_reader *reader; /* NULL: all contents are in memory */
	struct listed *v;	  /* parents first, names in byte order */
	size_t n, cap;
};

/** listing_add() - @path is copied; in any order, before listing_sort() */
int listing_add(struct listing *l, const struct listed *entry, struct err *e) must_check;

/** listing_sort() - by path, those of one path in the order in which they came */
int listing_sort(struct listing *l, struct err *e) must_check;

/** listing_walk() - everything in a filesystem; @reader: borrowed */
int listing_walk(struct listing *l, struct fs_reader *reader, struct err *e) must_check;

/** listing_walk_at() - the same from an inode on, which is "" itself */
int listing_walk_at(struct listing *l, struct fs_reader *reader, uint64_t ino,
		    struct err *e) must_check;

/** listing_read() - what is in one directory, by names; any other inode is listed itself, as "" */
int listing_read(struct listing *l, struct fs_reader *reader, uint64_t ino,
		 struct err *e) must_check;

/** listing_xattrs() - extended attributes as "name=0xhex", sorted; none where there is no reader */
int listing_xattrs(const struct listing *l, const struct listed *x, struct strv *ret,
		   struct err *e) must_check;
void listing_done(struct listing *l);

/** listing_cmp_paths() - the order of listings */
int listing_cmp_paths(const char *a, const char *b);
