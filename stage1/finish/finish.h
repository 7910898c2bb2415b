/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Finishers do, as declared and tested steps, what packages' maintainer scripts would have done. They
 * work on the merged tree as the system would see it (/etc at "etc/…", /usr merged); the last ones,
 * finish_place(), move what lies outside of /usr to where an immutable image keeps it (place.h).
 *
 * Everything a finisher makes has the origin (TREE_ORIGIN_FINISHER, "<name>") and the time
 * p->time, belongs to root unless it says otherwise, and depends on nothing but the tree, the
 * packages and these parameters.
 */
#include "base/pool.h"
#include "base/strv.h"
#include "stage1/finish/ids.h"
#include "stage1/package/package.h"
#include "stage1/tree/tree.h"

/* What must be right on the node before a new version counts as good. */
struct finish_health {
	const struct strv *units, *commands; /* that are active; that succeed */
	unsigned int limit_sec;
};

/* Where the node takes updates from by itself. */
struct finish_updates {
	const char *source, *channel;
	struct blob *key; /* an OpenPGP keyring */
	bool reboots;	  /* it restarts by itself when it has one */
};

/* What nodes that run already get of boot loader and keys. */
struct finish_renew {
	struct blob *loader;			   /* signed */
	struct blob *const *trust, *const *revoke; /* as efivarfs takes them, for db and dbx */
	size_t n_trust, n_revoke;
};

struct finish_params {
	struct tree *tree;
	struct package *const *packages; /* sorted by name */
	size_t n_packages;
	const char *arch;		      /* "x86-64" or "arm64" */
	const char *image_id, *image_version; /* os-release */
	int64_t time;			      /* seconds since 1970 */
	const struct ids *ids;		      /* of users and groups, as the lock has them */
	const struct strv *units_enable, *units_disable, *units_mask;
	const struct finish_health *health;   /* NULL: nothing */
	const struct finish_updates *updates; /* NULL: it takes none */
	const struct finish_renew *renew;     /* NULL: nothing */
	struct pool *pool;		      /* may be NULL */
	struct strv *notices; /* things to tell the person are appended; may be NULL */
};

struct finisher {
	const char *name; /* one word, as in the origin: "users", "linker-cache" */
	int (*run)(const struct finish_params *p, struct err *e);
};

/**
 * finish_run() - all finishers but finish_place(), in order; an error is prefixed with the finisher's
 * name
 */
int finish_run(const struct finish_params *p, struct err *e) must_check;

/** finish_exists() - is there a finisher of this name, finish_place() ("place") included? */
bool finish_exists(const char *name) must_check;

/**
 * finish_user_ids() - the ids that finish_users() wants of the lock
 * @p:        a tree with all packages and the overlay, before any finisher; p->ids does not matter
 * @previous: those of the version before
 * @ret:      empty
 * Return: as ids_allot(); -EINVAL, -EBADMSG a malformed file, with file and line
 */
int finish_user_ids(const struct finish_params *p, const struct ids *previous, struct ids *ret,
		    struct err *e) must_check;

/** finish_has_package() - is a package of this name among the parameters'? */
bool finish_has_package(const struct finish_params *p, const char *name) must_check;

/** finish_origin() - the origin for what a finisher makes; NULL when out of memory */
static inline const struct tree_origin *finish_origin(const struct finish_params *p,
						      const char *name)
{
	return tree_add_origin(p->tree, TREE_ORIGIN_FINISHER, name, NULL);
}

/** finish_put() - put a text file, 0644 root:root, made by the finisher @name, over what is there */
int finish_put(const struct finish_params *p, const char *name, const char *path, const char *text,
	       struct err *e) must_check;

/** finish_put_blob() - finish_put() of any content; a reference moves to the tree, NULL is -ENOMEM */
int finish_put_blob(const struct finish_params *p, const char *name, const char *path,
		    struct blob *blob, struct err *e) must_check;

/** finish_put_link() - put a symlink over what is there */
int finish_put_link(const struct finish_params *p, const char *name, const char *path,
		    const char *target, struct err *e) must_check;

/* The finishers; finish_run() has their order, and finish_place() comes after it. */
int finish_configs(const struct finish_params *p, struct err *e) must_check;
int finish_users(const struct finish_params *p, struct err *e) must_check;
int finish_stat_overrides(const struct finish_params *p, struct err *e) must_check;
int finish_alternatives(const struct finish_params *p, struct err *e) must_check;
int finish_pam(const struct finish_params *p, struct err *e) must_check;
int finish_nsswitch(const struct finish_params *p, struct err *e) must_check;
int finish_ca_bundle(const struct finish_params *p, struct err *e) must_check;
int finish_compiled(const struct finish_params *p, struct err *e) must_check;
int finish_os_release(const struct finish_params *p, struct err *e) must_check;
int finish_copyrights(const struct finish_params *p, struct err *e) must_check;
int finish_package_list(const struct finish_params *p, struct err *e) must_check;
int finish_etc_diff(const struct finish_params *p, struct err *e) must_check;
int finish_health(const struct finish_params *p, struct err *e) must_check;
int finish_updates(const struct finish_params *p, struct err *e) must_check;
int finish_renew(const struct finish_params *p, struct err *e) must_check;
int finish_units(const struct finish_params *p, struct err *e) must_check;
int finish_module_index(const struct finish_params *p, struct err *e) must_check;
int finish_linker_cache(const struct finish_params *p, struct err *e) must_check;
int finish_place(const struct finish_params *p, struct err *e) must_check;
