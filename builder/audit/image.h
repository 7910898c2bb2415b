/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A disk image as its partitions: what `diff` and whatever else looks into an image stand on. Nothing
 * in it is trusted: a partition that the table puts outside of the disk has no bytes.
 */
#include "layouts/container.h"
#include "layouts/gpt_read.h"
#include "layouts/layout.h"
#include "stage1/fs/fs.h"

struct image_partition {
	struct gpt_entry entry;
	/* "usr-a", "usr-verity-b", "esp": type, and for a type with several the slot in their order.
	 * Types that are none of ours: "partition-9". Unique in the image. */
	char name[32];
	bool known; /* type is set */
	enum layout_type type;
	int slot;			  /* LAYOUT_NO_SLOT for esp, root and unknown types */
	uint64_t start_bytes, size_bytes; /* as the table has it */
	struct source src;		  /* its bytes; none if they are not all on the disk */
};

struct image {
	struct container *container; /* NULL: the file is the disk */
	const struct source *disk;   /* as a machine sees it */
	struct gpt primary, backup;  /* sector_bytes is 0 if there is none to be read */
	const struct gpt *gpt;	     /* the one that partitions are from: the backup if need be */
	struct image_partition *partitions; /* in the order of their numbers */
	size_t n_partitions;
};

/** image_probe() - is there a partition table, or a container, as far as a cheap look tells? */
bool image_probe(const struct source *file);

/**
 * image_open() - find the partitions of a disk: raw, or in a container (layouts/container.h)
 * @file: borrowed, must outlive the image
 *
 * Partitions in a qcow2 have no source.bytes: they are read.
 *
 * Return: 0; -EBADMSG neither copy of the partition table can be read, or the container; -EOPNOTSUPP a
 * container of a kind that is not read; -ENOMEM; what reading returns
 */
int image_open(const struct source *file, struct image **ret, struct err *e) must_check;

/**
 * image_open_disk() - the same of what a machine sees, which has no form but its own
 *
 * What looks like a container there is not opened: no machine would.
 */
int image_open_disk(const struct source *disk, struct image **ret, struct err *e) must_check;

/** image_format() - what the file is: "raw", "qcow2" or "vhd" */
const char *image_format(const struct image *i);
void image_free(struct image *i);
DEFINE_CLEANUP(struct image *, image_free)

/** image_find() - the partition of a name, or NULL */
const struct image_partition *image_find(const struct image *i, const char *name);

/** image_partition_open() - its filesystem; Return: as fs_reader_open(), and -EBADMSG if it is not all there */
int image_partition_open(const struct image *i, const struct image_partition *p,
			 struct fs_reader **ret, struct err *e) must_check;

/** image_slot_used() - does a partition of a slot hold anything, as its label tells? */
bool image_slot_used(const struct image_partition *p);
