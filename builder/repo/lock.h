/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The lock: exactly which packages an image is made of, which signed index said so, and which ids its
 * users and groups have. A text file of one record a line, fields separated by one space, in this order:
 *
 *     slipway-lock 2
 *     recipe <sha256 of what the closure depends on, see lock_recipe_digest()>
 *     arch x86-64
 *     builder <version>
 *     codec <name> <version>                      one a codec, sorted
 *     epoch <seconds>                             newest index date: no file of an image is newer
 *     suite <suite> <codename> <component> <archive> <date> <sha256 of InRelease>
 *           <sha256 of Packages.xz> <fingerprint[,fingerprint…]>     one a suite and component, sorted
 *     package <name> <version> <architecture> <size> <sha256> <path> <suite> <use>
 *                                                 one a package, sorted by name, then architecture
 *     group <name> <gid> <state>                  one a group, sorted by name
 *     user <name> <uid> <state>                   one a user, sorted by name
 *
 * <archive> is main or security; <date> in seconds; <path> is relative to the archive's base address;
 * <use> is image, initrd or image+initrd; <state> is used, or gone if the image
 * has no such user or group any more and only the number is kept from others. Every line ends in a newline. No address of a mirror is in
 * it. The same index, recipe, builder and previous lock give the same bytes.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/strv.h"
#include "builder/recipe/recipe.h"
#include "builder/repo/mirror.h"
#include "stage1/finish/ids.h"

struct lock_codec {
	char *name, *version;
};

struct lock_suite {
	char *suite, *codename, *component;
	bool security; /* served by the security archive */
	uint64_t date; /* of the index, seconds since 1970 */
	uint8_t inrelease_sha256[SHA256_BYTES], packages_sha256[SHA256_BYTES];
	struct strv signers; /* fingerprints of the primary keys, uppercase hex, sorted */
};

struct lock_package {
	char *name, *version, *arch; /* arch as in the package: amd64, arm64 or all */
	char *path;		     /* relative to the archive, no "..", no leading slash */
	char *suite;		     /* one of the lock's suites */
	uint64_t size_bytes;
	uint8_t sha256[SHA256_BYTES];
	bool image, initrd; /* in the closure of packages:, of initrd: packages:; at least one */
};

struct lock {
	uint8_t recipe_digest[SHA256_BYTES];
	char *arch; /* as in the recipe */
	char *builder;
	uint64_t epoch;
	struct lock_codec *codecs;
	size_t n_codecs;
	struct lock_suite *suites;
	size_t n_suites;
	struct lock_package *packages;
	size_t n_packages;
	struct ids ids; /* of users and groups */
};

struct lock_params {
	const char *mirror;    /* goes over the recipe's; or NULL */
	const char *apt_dir;   /* NULL: /etc/apt */
	const char *cache_dir; /* existing directory, whose index/ keeps the indices; or NULL */
	uint64_t now; /* seconds since 1970: indices that have expired by then are refused */
	uint64_t at;  /* take indices, signatures and keys for what they were then; 0: as of now */
	const char *builder;		 /* version of this program */
	const struct lock_codec *codecs; /* versions of the libraries that shape the output */
	size_t n_codecs;
	struct progress *progress; /* or NULL */
	const struct pool *cancel; /* pool_cancelled() of it ends the work; or NULL */
	struct strv *notices;	   /* things to tell the person are appended; or NULL */
};

/**
 * lock_make() - resolve a recipe's packages against the signed indices of its suites; without ids,
 *               which only the packages' content tells
 * Return: 0; -ENOENT a mirror, index or package is not there; -EBADMSG a signature, digest, date or
 *         field of an index is wrong; -EXDEV no set of packages satisfies all dependencies, with the
 *         problems in words; -ECANCELED; other negative errno
 */
int lock_make(const struct recipe *r, const struct lock_params *p, struct lock **ret,
	      struct err *e) must_check;
void lock_free(struct lock *l);
DEFINE_CLEANUP(struct lock *, lock_free)

/** lock_drop_builder() - forget which builder and codecs made it */
void lock_drop_builder(struct lock *l);

/**
 * lock_renew() - make a lock out of @old with the same packages: only the header is new
 * @p: only builder and codecs matter
 * Return: 0; -ESTALE @old was made for another recipe; -ENOMEM
 */
int lock_renew(struct lock *old, const struct recipe *r, const struct lock_params *p,
	       struct err *e) must_check;

/** lock_format() - append the lock's text to @out */
void lock_format(const struct lock *l, struct buf *out);

/**
 * lock_parse() - strict: what lock_format() writes, and nothing else
 * @path: for messages, which start with "<path>:<line>: "
 * Return: 0; -EINVAL; -ESTALE of an older format, without users; -ENOMEM
 */
int lock_parse(const char *text, size_t len, const char *path, struct lock **ret,
	       struct err *e) must_check;

/** lock_load() - lock_parse() of a file; Return: also -ENOENT, saying how one is made */
int lock_load(const char *path, struct lock **ret, struct err *e) must_check;

/** lock_write() - lock_format() into a file, replaced in one step */
int lock_write(const struct lock *l, const char *path, struct err *e) must_check;

/**
 * lock_recipe_digest() - of everything in a recipe that decides which packages there are: the
 * architecture, suites and components, packages, without, and the initrd's packages, in any order
 * Return: 0; -ENOMEM
 */
int lock_recipe_digest(const struct recipe *r, uint8_t out[SHA256_BYTES], struct err *e) must_check;

/** lock_check_recipe() - was it made for this recipe? Return: 0; -ESTALE; -ENOMEM */
int lock_check_recipe(const struct lock *l, const struct recipe *r, struct err *e) must_check;

/**
 * lock_check() - was the lock made for this recipe, and by a builder that gives the same bytes?
 * @codecs: as in lock_params; their order does not matter
 * Return: 0; -ESTALE, with what differs and what to do
 */
int lock_check(const struct lock *l, const struct recipe *r, const char *builder,
	       const struct lock_codec *codecs, size_t n_codecs, struct err *e) must_check;
