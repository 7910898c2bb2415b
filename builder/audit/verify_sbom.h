/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of verification: what /usr says of itself, and whether that is so. */
#include "builder/audit/listing.h"
#include "builder/audit/verify_internal.h"

struct verify_sbom;

/**
 * verify_sbom_read() - both documents of the SBOM that lies in a slot's /usr
 * @ret: untouched if there is neither
 * Return: 0; -EBADMSG one is damaged, or not there; -EINVAL, -EFBIG it is none; -ENOMEM; what reading returns
 */
int verify_sbom_read(const struct verify_slot *slot, struct verify_sbom **ret,
		     struct err *e) must_check;
void verify_sbom_free(struct verify_sbom *s);
DEFINE_CLEANUP(struct verify_sbom *, verify_sbom_free)

/**
 * verify_sbom_check() - end the check: /usr holds what is listed, nothing else, and the documents agree
 * @slot:   the packages of its /usr are listed as well
 * @files:  all of its /usr
 * @sha256: of each of @files, where it is a regular file
 */
int verify_sbom_check(struct verify *v, const struct verify_sbom *s, const struct verify_slot *slot,
		      const struct listing *files, const uint8_t (*sha256)[SHA256_BYTES],
		      struct err *e) must_check;
