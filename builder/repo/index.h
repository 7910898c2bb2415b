/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The index of one suite and component: its signed InRelease and its list of packages. */
#include "base/deb822.h"
#include "builder/repo/release.h"

struct index;

struct index_package {
	const struct index *index;
	struct span name, version, arch; /* into the index's text, checked for their characters */
	struct span path;		 /* relative to the archive, checked */
	struct span stanza;		 /* all of its fields */
	uint64_t size_bytes;
	uint8_t sha256[SHA256_BYTES];
	uint8_t priority; /* 0 required, 1 important, 2 standard, 3 others */
};

struct index {
	const struct release *release; /* borrowed */
	char *component;
	struct buf text;		       /* of Packages */
	uint8_t packages_sha256[SHA256_BYTES]; /* of Packages.xz */
	struct index_package *packages;	       /* in the order of the text */
	size_t n_packages;
};

/**
 * index_parse() - take a decompressed Packages file apart
 * @text: moves into the index, on failure too
 * @arch: packages of others than this and "all" are left out
 * Return: 0; -EBADMSG a stanza lacks a field or has a malformed one, with its line; -ENOMEM
 * Spec: https://wiki.debian.org/DebianRepository/Format, deb-control(5)
 */
int index_parse(struct buf *text, const char *arch, struct index **ret, struct err *e) must_check;
void index_free(struct index *x);
DEFINE_CLEANUP(struct index *, index_free)

/** index_name_ok() - characters of a package's name: Debian policy, 5.6.1 */
bool index_name_ok(const char *name, size_t len);

/** index_version_ok() - characters of a version: Debian policy, 5.6.12 */
bool index_version_ok(const char *version, size_t len);

/** index_path_ok() - printable, relative, and no component that starts with a dot */
bool index_path_ok(const char *path, size_t len);
