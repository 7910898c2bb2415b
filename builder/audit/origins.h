/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where files of /usr are from, as the SBOM in /usr tells: a package, an overlay, a finisher or the recipe
 * itself. Text is as it is there: whoever shows it escapes it.
 */
#include "builder/audit/listing.h"

struct file_origin {
	char *path; /* "lib/os-release": from /usr on */
	char *name; /* "finisher os-release"; of a package its name */
	bool package;
};

struct image_origins {
	struct file_origin *v; /* by path */
	size_t n;
};

/**
 * image_origins_read() - from the CycloneDX document of an image
 * @usr: a reader of /usr, and everything in it
 * @ret: for image_origins_done(), also after a failure; empty if there is no such document, or it is damaged
 * Return: 0; -ENOMEM; what reading returns
 */
int image_origins_read(const struct listing *usr, struct image_origins *ret,
		       struct err *e) must_check;
void image_origins_done(struct image_origins *o);

/** image_origins_find() - of a path; NULL: not told */
const struct file_origin *image_origins_find(const struct image_origins *o, const char *path);

struct origin_size {
	const char *name; /* of file_origin: borrowed */
	uint64_t bytes;	  /* of regular files */
	uint64_t n_files; /* with symlinks */
};

/**
 * image_origins_sizes() - what each origin but packages has in /usr
 * @ret: on the heap, the biggest first
 * Return: 0; -ENOMEM
 */
int image_origins_sizes(const struct image_origins *o, const struct listing *usr,
			struct origin_size **ret, size_t *ret_n, struct err *e) must_check;
