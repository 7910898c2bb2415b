/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the files of an image come from, in the words of an SBOM: packages, with all that they say of
 * themselves, and overlays, finishers and the recipe.
 */
#include "builder/attest/inventory.h"
#include "builder/attest/licence.h"
#include "builder/repo/lock.h"
#include "stage1/package/package.h"

struct component {
	enum tree_origin_kind kind;
	char *name;
	char *id; /* unique, of letters, digits, "." and "-": "Package-bash", "Finisher-users" */
	/* Of packages only. */
	const struct lock_package *locked; /* borrowed */
	char *purl, *maintainer, *email;   /* email may be NULL */
	char *source, *source_version;
	char *licence; /* SPDX expression; NULL: nothing tells it in a form that a program reads */
};

struct components {
	struct component *v; /* packages first, each kind by name */
	size_t n, cap;
	struct licence_texts texts; /* that the packages' licences refer to */
};

#define COMPONENTS_INIT                        \
	{                                      \
		NULL, 0, 0, LICENCE_TEXTS_INIT \
	}

struct components_params {
	struct package *const *packages;
	const struct lock *lock; /* of the same packages in the same order */
	const struct blob *os_release;
};

/**
 * components_make() - of all packages
 * @ret: COMPONENTS_INIT; to be given to components_done(), on failure too
 * Return: 0; -EINVAL os-release has no ID, or a package's Source field is none; -ENOMEM
 */
int components_make(const struct components_params *p, struct components *ret,
		    struct err *e) must_check;
void components_done(struct components *c);

/** components_add_origins() - what else the files of an inventory come from; Return: 0; -ENOMEM */
int components_add_origins(struct components *c, const struct inventory *v,
			   struct err *e) must_check;

/** components_find() - where a file comes from; NULL: it is not there */
const struct component *components_find(const struct components *c, const struct tree_origin *o);

/** component_kind_name() - "package", "overlay", "finisher" or "recipe" */
const char *component_kind_name(enum tree_origin_kind kind);

struct purl_deb {
	const char *id,
		*version_id; /* of os-release, as "debian" and "13"; version_id may be NULL */
	const char *name, *version, *arch;
	const char *source; /* package, "name" or "name@version"; NULL: as the package itself */
};

/**
 * purl_of_deb() - pkg:deb/<distribution>/<name>@<version>?arch=…&distro=…[&upstream=…]
 * Return: on the heap; NULL when out of memory
 * Spec: Package URL, type deb
 */
char *purl_of_deb(const struct purl_deb *p) must_check;
