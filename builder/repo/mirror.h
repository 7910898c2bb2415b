/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where packages come from. A recipe says `mirror: system`, a URL or a directory; the command line
 * can say otherwise. Debian has two archives, the main one and the one of security updates, with a
 * base address each. Addresses are never written to a file: the lock knows paths only.
 */
#include "base/err.h"
#include "builder/recipe/recipe.h"

struct mirror {
	char *main_url;	    /* http, https or file, without a slash at its end */
	char *security_url; /* the same */
};

#define MIRROR_INIT        \
	{                  \
		NULL, NULL \
	}
#define _cleanup_mirror_ __attribute__((cleanup(mirror_done)))
void mirror_done(struct mirror *m);

/**
 * mirror_resolve() - base addresses of both archives
 * @spec: "system": the apt sources below @apt_dir;
 *        a URL or an absolute directory: the main archive; the security archive is its sibling,
 *        "<url>-security" (…/debian-security beside …/debian); of a directory without such a
 *        sibling, and of an archive (archive.h), the directory itself;
 *        "<main>,<security>": both
 * @apt_dir: NULL: /etc/apt
 *
 * Of the apt sources those are taken that are of type deb, enabled, have the component main, and are
 * Debian's: signed by debian-archive-keyring; else without a key of their own and with an address
 * that ends in /debian or /debian-security; else with one of Debian's code names as suite. Suites
 * that end in -security (or an address that ends so) make it the security archive.
 *
 * Return: 0; -ENOENT no such source, with what was looked at; -EINVAL; -ENOMEM; errno of reading
 * Spec: sources.list(5)
 */
int mirror_resolve(const char *spec, const char *apt_dir, struct mirror *ret,
		   struct err *e) must_check;

/* The base address of each of a recipe's suites. */
struct mirror_set;

/**
 * mirror_set_new() - resolve the mirrors of all repositories of a recipe
 * @override: goes over what the recipe says (--mirror, SLIPWAY_MIRROR), as for mirror_resolve();
 *            or NULL
 * @apt_dir: as for mirror_resolve()
 * Return: 0; as mirror_resolve(), with the suite in front
 */
int mirror_set_new(const struct recipe *r, const char *override, const char *apt_dir,
		   struct mirror_set **ret, struct err *e) must_check;
void mirror_set_free(struct mirror_set *m);
DEFINE_CLEANUP(struct mirror_set *, mirror_set_free)

/** mirror_near_suite() - a suite of Debian's of nearly this name, on the heap; NULL: there is none */
char *mirror_near_suite(const char *suite) must_check;

/** mirror_set_url() - base address that serves dists/<suite>; NULL: the recipe has no such suite */
const char *mirror_set_url(const struct mirror_set *m, const char *suite);
