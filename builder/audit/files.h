/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The files of an image: of one partition of a disk, or of a filesystem by itself. Without root and
 * without a mount; nothing in the image is trusted.
 */
#include "builder/audit/image.h"
#include "stage1/fs/fs.h"

struct image_files {
	struct source src;
	struct image *disk;			 /* NULL: @src is the filesystem itself */
	const struct image_partition *partition; /* of the disk */
	struct fs_reader *reader;
};

/**
 * image_files_open() - the filesystem of an image
 * @path:      a disk, as image_open() takes it, or a partition's or filesystem's image
 * @partition: of a disk: its number, label, name as in struct image_partition, or type (the first of
 *             it); NULL: /usr of slot A
 * Return: 0; -ENOENT no such file or partition; -ENOTUNIQ several have this label; -EINVAL no filesystem
 * that can be read; -EBADMSG no partition table that can; -EIO; -ENOMEM
 */
int image_files_open(const char *path, const char *partition, struct image_files **ret,
		     struct err *e) must_check;
void image_files_free(struct image_files *f);
DEFINE_CLEANUP(struct image_files *, image_files_free)

/**
 * image_files_find() - what is at a path; symlinks are not followed
 * @path: from the filesystem's root, with or without a leading slash; "" is the root
 * Return: 0; -ENOENT with the nearest name there is; -ENOTDIR; -EINVAL a damaged image; -EIO; -ENOMEM
 */
int image_files_find(const struct image_files *f, const char *path, struct fs_stat *ret,
		     struct err *e) must_check;

/** image_files_name() - the last name of such a path, on the heap; "" for the root; NULL: no memory */
char *image_files_name(const char *path) must_check;
