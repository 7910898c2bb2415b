/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* tmpfiles.d(5): which paths the tree's own files speak of, and lines of ours. */
#include "base/buf.h"
#include "base/strv.h"
#include "stage1/tree/tree.h"

struct tmpfiles_line {
	char *type;				    /* with its modifiers: "L+" */
	char *path;				    /* absolute, quotes and escapes resolved */
	char *mode, *user, *group, *age, *argument; /* NULL: not given */
};

struct tmpfiles {
	struct tmpfiles_line *lines; /* of all files, in their order */
	size_t n;
};

#define TMPFILES_INIT   \
	{               \
		NULL, 0 \
	}
#define _cleanup_tmpfiles_ __attribute__((cleanup(tmpfiles_done)))

void tmpfiles_done(struct tmpfiles *f);

/**
 * tmpfiles_read() - the lines of all tmpfiles.d files of the tree
 *
 * Lines with specifiers other than %% in their path are left out: what they mean is known at boot.
 * Return: 0; -EBADMSG a line that is none, with file and line; -ENOMEM
 */
int tmpfiles_read(const struct tree *t, struct tmpfiles *f, struct err *e) must_check;

/** tmpfiles_makes() - does a line make this path (absolute) at boot? */
bool tmpfiles_makes(const struct tmpfiles *f, const char *path);

/** tmpfiles_can_print() - can a path or an argument stand in a line? Control characters cannot. */
bool tmpfiles_can_print(const char *s);

/**
 * tmpfiles_print() - append one line; @path and @argument are escaped
 * @argument: NULL for none
 */
void tmpfiles_print(struct buf *b, const char *type, const char *path,
		    const struct tree_inode *owner, const char *argument);
