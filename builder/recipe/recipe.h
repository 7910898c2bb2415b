/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The recipe: what goes into an image. Parsed strictly: unknown keys, repeated keys, wrong types and
 * values out of range are errors with file:line:column and what would be right. recipe(5) describes
 * it for its writers.
 *
 * What several recipes have in common stands in files that they include. Lists are the included
 * files' items, in their order, and then the recipe's own; of single values the recipe's own is taken,
 * or else the last included file's. The struct does not tell them apart but by `shared`.
 */
#include "base/digest.h"
#include "base/err.h"
#include "base/strv.h"
#include "layouts/layout.h"
#include "stage1/fs/compression.h"

enum recipe_repo_type { RECIPE_REPO_DEB };

struct recipe_repo {
	enum recipe_repo_type type;
	char *suite;
	struct strv components;
	char *mirror;  /* "system", or a URL or directory */
	char *keyring; /* path of an OpenPGP keyring */
	bool security; /* suite is served from the mirror's security archive */
};

struct recipe_without {
	bool shared; /* from an included file: not every recipe must have a use for it */
	char *package;
	char *why;
};

struct recipe_remove {
	bool shared;
	char *path; /* absolute, may hold * and ? within one component, ** for any depth */
	char *why;  /* may be NULL */
};

struct recipe_wins { /* which package's file is taken when two have the same path */
	char *path, *package;
};

struct recipe_script { /* a maintainer script that the ledger does not know, settled here */
	char *package, *script;
	uint8_t sha256[SHA256_BYTES]; /* as `slipway scripts` prints it */
	char *why;
	bool shared;
};

/* What /usr is written as; what the recipe leaves to us has its value here. */
struct recipe_filesystem {
	const char *type; /* "erofs" or "ext4"; NULL until it is read */
	enum fs_compression compression;
	int level;		/* 0: the algorithm has none */
	uint32_t cluster_bytes; /* 0: nothing is compressed */
};

/* Where the node takes updates from by itself. */
struct recipe_updates {
	char *source; /* URL that channels lie below; NULL: it takes none by itself */
	char *channel;
	char *key;    /* resolved path of the OpenPGP keyring that updates are signed by */
	bool reboots; /* it restarts by itself when it has one */
};

/* What must be right before a new version counts as good; without units and commands nothing. */
struct recipe_health {
	struct strv units, commands; /* that are active; that succeed */
	uint64_t limit_sec;
};

struct recipe {
	char *dir;	      /* where the recipe lies */
	char *path;	      /* of the recipe file, for messages */
	struct strv includes; /* paths of the included files */
	char *name, *version;
	char *arch; /* "x86-64" or "arm64" */
	struct recipe_repo *repos;
	size_t n_repos;
	struct strv packages;
	struct recipe_without *without;
	size_t n_without;
	struct recipe_remove *remove;
	size_t n_remove;
	struct recipe_wins *wins;
	size_t n_wins;
	struct recipe_script *scripts;
	size_t n_scripts;
	struct strv overlays; /* resolved paths of directories; the later goes over the earlier */
	struct strv units_enable, units_disable, units_mask;
	char *cmdline;
	struct strv initrd_packages, initrd_modules;
	bool initrd_modules_given; /* there may be none */
	struct strv initrd_remove;
	size_t n_initrd_remove_shared; /* the first ones: from included files */
	struct strv initrd_overlays;   /* as overlays */
	struct recipe_filesystem filesystem;
	char *layout;		 /* name or resolved path */
	char *key, *certificate; /* resolved paths (key: or a pkcs11: URI) */
	char *enroll; /* resolved directory with PK.auth, KEK.auth, db.auth for new machines; NULL: none */
	/* What nodes that run already get of boot loader and keys: paths of .auth files. */
	struct recipe_renew {
		bool given;
		struct strv trust, revoke;
	} renew;
	struct recipe_updates updates;
	struct recipe_health health;
};

/**
 * recipe_load() - read a recipe and what it includes
 * @path: of a file, or of a directory that holds recipe.yaml
 * Return: 0; -EINVAL with file:line:column: what is wrong and what would be right; -ENOENT; -ENOMEM
 */
int recipe_load(const char *path, struct recipe **ret, struct err *e) must_check;
void recipe_free(struct recipe *r);
DEFINE_CLEANUP(struct recipe *, recipe_free)

/** recipe_lock_path() - <dir>/recipe.lock; on the heap, NULL when out of memory */
char *recipe_lock_path(const struct recipe *r) must_check;

/**
 * layout_load() - read and check a layout
 * @name_or_path: a path (with a slash or ending in .yaml), or the name of one that is built in
 * Return: 0; -EINVAL with position; -ENOENT with the names of those that are built in
 */
int layout_load(const char *name_or_path, struct layout **ret, struct err *e) must_check;

/** recipe_schema() - the JSON Schema (draft 2020-12) of recipes, or of layouts; *ret_len bytes of it */
const char *recipe_schema(bool of_layouts, size_t *ret_len);
