/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Every file of a disk image, wherever it lies: on the ESP, as a section of a UKI there, in its initrd, in
 * /usr of either slot. Nothing is mounted and nothing in the image is trusted.
 */
#include "base/err.h"

enum artefact_place {
	ARTEFACT_ESP,
	ARTEFACT_UKI,	 /* a section; its path is that of the file, ":" and the section's name */
	ARTEFACT_INITRD, /* a file of the initrd */
	ARTEFACT_USR,
	ARTEFACT_OTHER, /* a partition with no filesystem: its hash tree, its signature */
};

struct artefact_file {
	enum artefact_place place;
	const char *path; /* from the root of what it lies in, without a leading slash */
	uint32_t mode, uid, gid;
	const uint8_t
		*data; /* of a regular file, a section, a partition; of a symlink its target */
	size_t len;
	const uint8_t *capability; /* the attribute security.capability; NULL: none */
	size_t capability_len;
};

/** artefact_place_name() - "esp", "uki", "initrd", "usr" or "partition" */
const char *artefact_place_name(enum artefact_place place);

/**
 * artefact_visit() - call @fn for each file; directories come too, without content
 * @path: a raw disk
 * @fn: its pointers are valid during the call; not 0 ends it
 * Return: 0; what @fn returned; -EBADMSG, -EINVAL the image is damaged; -EIO; -ENOMEM
 */
int artefact_visit(const char *path,
		   int (*fn)(void *ctx, const struct artefact_file *f, struct err *e), void *ctx,
		   struct err *e) must_check;
