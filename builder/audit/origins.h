/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where files of /usr are from that no package has brought, as the SBOM in /usr tells: an overlay, a finisher
 * or the recipe itself.
 */
#include "builder/audit/listing.h"

struct file_origin {
	char *path; /* "lib/os-release": from /usr on */
	char *name; /* "finisher os-release" */
};

struct image_origins {
	struct file_origin *v; /* by path */
	size_t n, cap;
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

/** image_origins_find() - of a path; NULL: of a package, or not told */
const char *image_origins_find(const struct image_origins *o, const char *path);
