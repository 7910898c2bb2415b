/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What an auditor asks of an image besides that it is whole: a page of YAML, described in
 * Documentation/verify.md and in builder/audit/schema/policy.schema.json.
 */
#include "base/err.h"
#include "base/strv.h"

struct policy_minimum {
	char *package, *version;
};

/* Of the statement on a build; empty lists: any will do. */
struct policy_provenance {
	bool required;
	struct strv builders;	    /* patterns of versions of slipway */
	struct strv recipes, locks; /* SHA-256 */
	struct strv index_keys;	    /* fingerprints: one of them has signed each index */
};

struct policy {
	struct strv certificates;		   /* paths of more that are trusted */
	uint64_t key_bits;			   /* the fewest of an RSA key that has signed */
	bool empty_slot, used_disk, initrd_shells; /* are they allowed? */
	char *minimum_version;			   /* of the image; NULL: any */
	bool has_cmdline;
	struct strv cmdline; /* patterns of words, as fnmatch(3) has them */
	struct strv required_packages, forbidden_packages;
	struct policy_minimum *minimums; /* of packages */
	size_t n_minimums;
	struct strv required_paths, forbidden_paths; /* patterns of "/usr/bin/env" */
	bool has_initrd_files;
	struct strv initrd_files; /* patterns of what may be the initrd's own */
	struct strv known_keys;	  /* ids of private keys that are none of anybody's */
	struct policy_provenance provenance;
};

/** policy_init() - what is asked where there is no policy */
void policy_init(struct policy *p);

/**
 * policy_load() - read a file over the defaults
 * @ret: initialised by policy_init(); to be given to policy_done() whatever follows
 * Return: 0; -EINVAL with file:line:column; -ENOENT and other errors of open; -ENOMEM
 */
int policy_load(const char *path, struct policy *ret, struct err *e) must_check;
void policy_done(struct policy *p);
#define _cleanup_policy_ __attribute__((cleanup(policy_done)))

/** policy_matches() - does any of the patterns fit? */
bool policy_matches(const struct strv *patterns, const char *s);

/**
 * policy_matches_path() - the same of a path, under each name that it has on a node: /usr/bin/env is
 * /bin/env, too, and /usr/share/factory/etc/hosts is /etc/hosts
 */
bool policy_matches_path(const struct strv *patterns, const char *path);
