/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a build made, in whatever form it is at hand: a disk (raw, qcow2, VHD or a block device), a
 * directory of its parts, or a filesystem or UKI alone.
 */
#include "base/buf.h"
#include "builder/audit/image.h"
#include "stage1/fs/fs.h"
#include "verity/verity.h"

enum artefact_part {
	ARTEFACT_USR,
	ARTEFACT_HASH, /* the tree of /usr */
	ARTEFACT_SIGNATURE,
	ARTEFACT_UKI,
	ARTEFACT_N_PARTS
};

struct artefacts {
	struct source file; /* the disk */
	struct image *disk; /* NULL: only parts are there */
	const struct image_partition
		*slot; /* of the disk: the first /usr that is in use; or NULL */
	struct source parts[ARTEFACT_N_PARTS]; /* of 0 bytes: not there */
	struct fs_reader *usr;		       /* NULL: there is none */
	char *uki_name;			       /* of its file; or NULL */
	struct buf uki; /* its content, where that is not a file of its own */
};

/**
 * artefacts_open() - a disk, a directory or a part
 *
 * In a directory a disk is taken before parts, which go by the names that a build gives them. Of the UKIs
 * of a disk it is the one that starts the slot, or else the only one.
 *
 * Return: 0; -ENOENT; -EINVAL nothing that is known; -ENOTUNIQ more than one image; -EBADMSG damaged;
 * -EOPNOTSUPP as image_open(); -EIO; -ENOMEM
 */
int artefacts_open(const char *path, struct artefacts **ret, struct err *e) must_check;
void artefacts_free(struct artefacts *a);
DEFINE_CLEANUP(struct artefacts *, artefacts_free)

/** artefacts_root_hash() - in what the hash tree ends; Return: false if there is none */
bool artefacts_root_hash(const struct artefacts *a, uint8_t ret[VERITY_ROOT_HASH_BYTES]);

/**
 * fs_read_path() - append the content of a regular file
 * Return: 0; -ENOENT; -EINVAL it is none; -EFBIG over @max_bytes; -ENOMEM; what reading returns
 */
int fs_read_path(struct fs_reader *r, const char *path, uint64_t max_bytes, struct buf *ret,
		 struct err *e) must_check;
