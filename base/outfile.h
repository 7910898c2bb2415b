/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * An output file that appears under its name only when it is whole. Until then it has no name at all
 * where the filesystem can do that (O_TMPFILE), or a name that starts with a dot and ends in ".part".
 * What a killed process left under such a name goes when the same output is begun again.
 */
#include "base/err.h"

struct outfile {
	int fd; /* for reading and writing */
	char *path;
	char *part; /* NULL: the file has no name */
};

#define OUTFILE_INIT           \
	{                      \
		-1, NULL, NULL \
	}
#define _cleanup_outfile_ __attribute__((cleanup(outfile_done)))

/**
 * outfile_open() - begin
 * @path: its directory must exist
 * @mode: permission bits, independent of the umask
 * Return: 0; negative errno with @path in the message
 */
int outfile_open(struct outfile *o, const char *path, mode_t mode, struct err *e) must_check;

/**
 * outfile_commit() - give it its name; what had that name before is replaced in one step
 * Return: 0; negative errno
 */
int outfile_commit(struct outfile *o, struct err *e) must_check;

/** outfile_done() - without a commit nothing is left of it */
void outfile_done(struct outfile *o);

/** outfile_write() - open, write all of @len bytes, commit */
int outfile_write(const char *path, mode_t mode, const void *data, size_t len,
		  struct err *e) must_check;
