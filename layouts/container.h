/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Files that hold a disk in a form of their own: qcow2, and fixed VHD. What a machine sees of one is a
 * source like any other. What else is in the file no machine sees: an auditor asks container_check().
 */
#include "base/source.h"

struct container_ops;

struct container {
	const struct container_ops *ops;
	const struct source *file; /* borrowed */
	struct source disk;	   /* as a machine sees it; of qcow2 its bytes are never mapped */
};

/* Something in the file that is not as it should be, or that no machine sees. */
struct container_finding {
	uint64_t offset; /* in the file */
	char what[128];
};

/* Not 0 ends the search, and is returned. */
typedef int container_finding_fn(void *ctx, const struct container_finding *f, struct err *e);

struct container_ops {
	const char *name; /* "qcow2", "vhd" */
	bool (*probe)(const struct source *file);
	int (*open)(const struct source *file, struct container **ret, struct err *e);
	int (*check)(const struct container *c, container_finding_fn *fn, void *ctx, struct err *e);
	void (*free)(struct container *c);
};

/** container_probe() - its name, by a cheap look; NULL: the file is the disk itself, or no disk */
const char *container_probe(const struct source *file);

/**
 * container_open() - the disk in a file that container_probe() knows
 * @file: borrowed, must outlive the container
 *
 * Of qcow2 versions 2 and 3 are read, with compressed clusters of either kind. What another file is part
 * of, or a key, is not.
 *
 * Return: 0; -EBADMSG damaged; -EOPNOTSUPP a kind that is not read, with what to do; -ENOMEM; what
 *         reading returns
 * Spec: docs/interop/qcow2.rst of QEMU; Virtual Hard Disk Image Format Specification 1.0 of Microsoft
 */
int container_open(const struct source *file, struct container **ret, struct err *e) must_check;

/**
 * container_check() - account for every byte of the file
 *
 * Each byte is of the container's own structures, or is seen on the disk, or is zero; structures agree
 * with each other, hold nothing besides what they are for, and no two things lie in one place.
 *
 * Return: 0, whatever was found; what @fn returned; -EBADMSG so damaged that there is no telling; -ENOMEM;
 *         what reading returns
 */
int container_check(const struct container *c, container_finding_fn *fn, void *ctx,
		    struct err *e) must_check;
void container_free(struct container *c);
DEFINE_CLEANUP(struct container *, container_free)

extern const struct container_ops container_qcow2, container_vhd;
