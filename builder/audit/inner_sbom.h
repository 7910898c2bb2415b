/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The inner SBOM, as it lies in /usr: which files there are, and what each is from. It is read strictly: where
 * one thing is told twice, or one that is asked for is no text, nothing of the document is believed. Text is
 * as it is there: whoever shows it escapes it.
 */
#include "base/json_cleanup.h"
#include "base/span.h"
#include "base/strv.h"
#include "stage1/fs/fs.h"

/* Builds write both. */
enum inner_format { INNER_CYCLONEDX, INNER_SPDX, INNER_N_FORMATS };

/* What files are from: a package; or an overlay, a finisher or the recipe; or the image and its parts. */
struct inner_package {
	const char *id; /* in the document, once: "Package-bash" */
	const char *name;
	/* "" where it is not told. */
	const char *group; /* "finisher"; packages and parts have none, nor has anything in SPDX */
	const char *version;
	/* Only packages have these. */
	const char *purl;
	const char *sha256;
};

struct inner_file {
	const char *path;   /* from /usr on, once: "lib/os-release" */
	const char *from;   /* the id of a package; "": not told */
	const char *sha256; /* in hex; "": not told, as of a symlink */
	struct span target; /* of a symlink; empty: it is none */
};

/* All text is the document's. */
struct inner_sbom {
	enum inner_format format;
	struct json_object *document;
	struct inner_package *packages; /* by id */
	size_t n_packages;
	struct inner_file *files; /* by path */
	size_t n_files;
};

/** inner_sbom_suffix() - ".cdx.json" */
const char *inner_sbom_suffix(enum inner_format format);

/**
 * inner_sbom_read() - a document in /usr
 * @path: from /usr on
 * Return: 0; -ENOENT; -EINVAL no regular file; -EFBIG; -EBADMSG; -ENOMEM; what reading returns
 */
int inner_sbom_read(struct fs_reader *usr, const char *path, enum inner_format format,
		    struct inner_sbom **ret, struct err *e) must_check;
void inner_sbom_free(struct inner_sbom *s);
DEFINE_CLEANUP(struct inner_sbom *, inner_sbom_free)

/** inner_sbom_file() - NULL: there is none of this path */
const struct inner_file *inner_sbom_file(const struct inner_sbom *s, const char *path);
/** inner_sbom_package() - NULL: there is none of this id */
const struct inner_package *inner_sbom_package(const struct inner_sbom *s, const char *id);

/**
 * inner_sbom_compare() - do two documents tell the same files and packages?
 * @found: what they tell differently, and what only one of them tells, is appended
 * Return: 0; -ENOMEM
 *
 * Licences, suppliers and SHA-1 are not looked at, nor is what only one of the formats has.
 */
int inner_sbom_compare(const struct inner_sbom *a, const struct inner_sbom *b, struct strv *found,
		       struct err *e) must_check;
