/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The packages of an image, as its own list has them (/usr/lib/dpkg/status.d): each with the files of it
 * that are in /usr, unchanged.
 */
#include "base/strv.h"
#include "builder/audit/listing.h"

struct image_package {
	char *name, *version, *arch;
	uint64_t bytes,
		n_files; /* of its files in /usr; what overlays or finishers put there is not */
};

struct owned_file {
	char *path; /* "bin/env": from /usr on */
	size_t package;
};

struct image_packages {
	struct image_package *v; /* by name */
	size_t n, cap;
	struct owned_file *files; /* by path, as listing_cmp_paths() has it */
	size_t n_files, cap_files;
};

/**
 * image_packages_read() - the list, and what each package takes
 * @usr: a reader of /usr, and everything in it: listing_walk()
 * @ret: for image_packages_done(), also after a failure; empty if the image has no list
 * Return: 0; -EBADMSG the list is damaged; -ENOMEM; what reading returns
 */
int image_packages_read(const struct listing *usr, struct image_packages *ret,
			struct err *e) must_check;
void image_packages_done(struct image_packages *p);

/** image_packages_find() - by name; NULL: there is none */
const struct image_package *image_packages_find(const struct image_packages *p, const char *name);

/** image_packages_by_size() - the biggest first, on the heap; NULL: no memory */
const struct image_package **image_packages_by_size(const struct image_packages *p) must_check;

/** image_packages_owner() - whose file it is; NULL: of an overlay, a finisher, or of several */
const struct image_package *image_packages_owner(const struct image_packages *p, const char *path);
