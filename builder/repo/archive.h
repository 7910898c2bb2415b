/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The archive: a plain directory that keeps what locks need, for years and for many locks. It is a
 * mirror too: `mirror:` takes it, or any copy of it behind a web server that keeps the links.
 *
 *     pool/…                     packages, at their locks' paths
 *     indices/SUITE/DATE-DIGEST/ InRelease and COMPONENT/binary-ARCH/Packages.xz, as they were locked
 *     dists/SUITE                link to the newest of these
 *     keyrings/DIGEST.gpg        what their signatures were checked with
 *     locks/NAME_VERSION_DIGEST/ recipe.lock, README, sums; a mirror of its own, of links: exactly what
 *                                the lock was made of
 *
 * A file never changes: one that is there is checked by its digest, and another content is an error. It
 * gets its name when it is whole and on the disk, and recipe.lock comes last: a lock that is there has
 * all its packages. Modes are 0644 and 0755, all times are 0: archives of the same locks are the same
 * to the byte, in whatever order they came.
 */
#include "base/source.h"
#include "builder/cache/cache.h"
#include "builder/repo/lock.h"

struct archive_params {
	const struct recipe *recipe; /* names, mirrors and keyrings */
	const struct lock *lock;
	const char *dir; /* made if it is not there */
	struct cache *cache;
	const char *cache_dir; /* of the cache: indices */
	const char *mirror;    /* for what the cache lacks: goes over the recipe's; or NULL */
	bool no_indices;       /* packages and lock only */
	struct pool *pool;
	struct progress *progress; /* or NULL */
};

struct archive_result {
	char *lock_path; /* of the lock's directory, relative to the archive; to be freed */
	uint8_t lock_sha256[SHA256_BYTES];
	size_t n_added; /* files that were not there before */
	uint64_t added_bytes;
};

/**
 * archive_lock() - put all that a lock needs into an archive
 * What the cache lacks is fetched. After an interruption the same call goes on where it was.
 * Return: 0; -ENOENT a package or index cannot be had; -EEXIST a path of the archive has other content;
 *         -EBADMSG an index that the recipe's keyring does not verify, or what a mirror serves;
 *         -EINVAL; -ECANCELED; other negative errno
 */
int archive_lock(const struct archive_params *p, struct archive_result *ret,
		 struct err *e) must_check;

/**
 * archive_open_package() - a package of a lock in an archive, or in any mirror directory: its size and
 * SHA-256 are checked
 * Return: 0; -ENOENT it is not there; -EBADMSG it has other bytes; negative errno; the message names
 *         package and file and says what to do
 */
int archive_open_package(const char *dir, const struct lock_package *k, struct source *ret,
			 struct err *e) must_check;
