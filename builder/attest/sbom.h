/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What an image is made of, as SPDX 2.3 and as CycloneDX 1.6, both in JSON and of the same content. The
 * inner SBOM lies in /usr and lists all of it but itself; the outer one lies beside the image and
 * lists all that is on the disk. Documentation/sbom.md says what stands where, and why.
 *
 * A document has no time but the image's, and its UUID is a digest of its text: the same content gives
 * the same bytes, and other content another UUID.
 */
#include "builder/attest/components.h"
#include "builder/recipe/recipe.h"

/* In /usr; files are called as the image, with these suffixes. */
#define SBOM_DIR	      "share/sbom"
#define SBOM_SPDX_SUFFIX      ".spdx.json"
#define SBOM_CYCLONEDX_SUFFIX ".cdx.json"

/* What a symlink's target is told as: in CycloneDX by a property, in SPDX in a comment. */
#define SBOM_SYMLINK_PROPERTY "slipway:symlink"
#define SBOM_SYMLINK_BEFORE   "symlink to "
#define SBOM_SYMLINK_AFTER    ": the checksums are of these characters"
#define SBOM_SPDX_ID	      "SPDXRef-" /* in front of ids that CycloneDX has as they are */

/* A place that files lie in. */
struct sbom_part {
	const char *id;		       /* unique, of letters and digits: "Usr" */
	const char *name;	       /* for people: "/usr" */
	const char *inside;	       /* the part that it lies in; NULL: the image itself */
	const char *file;	       /* the output that holds it; NULL: none does by itself */
	const uint8_t *sha256;	       /* of that, or of its bytes where they are; NULL: not told */
	const char *comment;	       /* NULL: none */
	const struct inventory *files; /* NULL: none */
	bool is_system;		       /* its files belong to the components, and these to it */
};

struct sbom_document {
	struct buf text;
	char uuid[UUID_TEXT_BYTES];
	uint8_t sha256[SHA256_BYTES]; /* of the text */
};

struct sbom {
	const struct recipe *recipe;
	const struct components *components;
	const size_t *removed; /* for each of the recipe's remove: how many files it left out */
	int64_t time;
	const struct sbom_part *parts;
	size_t n_parts;
	/* Of an outer SBOM: the inner one in the same format; its text is not looked at. */
	const struct sbom_document *inner;
};

void sbom_document_done(struct sbom_document *d);

/** sbom_spdx() - Return: 0; -ENOMEM; @ret is to be given to sbom_document_done(), on failure too */
int sbom_spdx(const struct sbom *s, struct sbom_document *ret, struct err *e) must_check;

/** sbom_cyclonedx() - as sbom_spdx() */
int sbom_cyclonedx(const struct sbom *s, struct sbom_document *ret, struct err *e) must_check;
