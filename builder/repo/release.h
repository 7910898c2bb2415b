/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* InRelease: the signed file that names all others of a suite by size and digest. */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/strv.h"

struct release_file {
	char *path; /* below dists/<suite>/ */
	uint64_t size_bytes;
	uint8_t sha256[SHA256_BYTES];
};

struct release {
	char *suite; /* as asked for */
	char *codename;
	bool security;
	uint64_t date;	      /* seconds since 1970 */
	uint64_t valid_until; /* 0: no end */
	bool by_hash;
	struct strv architectures, components;
	struct strv signers;	      /* primary keys' fingerprints of good signatures, sorted */
	uint8_t sha256[SHA256_BYTES]; /* of InRelease as it was downloaded */
	struct release_file *files;   /* sorted by path */
	size_t n_files;
};

struct release_verify_params {
	const struct buf *inrelease; /* the file as it came */
	const char *keyring;	     /* path; one good signature at least must be by a key of it */
	/* Seconds since 1970: signatures and keys that have expired after that count; 0: those that
	 * have expired by now do not. */
	uint64_t at;
};

/**
 * release_verify() - what gpgv says has been signed
 * @ret_text: the signed content, as gpgv gives it out: nothing else of the file may be used
 * @ret_signers: fingerprints of the signers' primary keys, sorted
 * Return: 0; -EBADMSG not signed, a bad signature, or only such by unknown, expired or revoked keys
 *         or with a weak digest; -ENOENT no gpgv or no keyring; other negative errno
 * Spec: GnuPG's doc/DETAILS, "Format of the --status-fd output"
 */
int release_verify(const struct release_verify_params *p, struct buf *ret_text,
		   struct strv *ret_signers, struct err *e) must_check;

/**
 * release_parse() - the fields of a Release file
 * @suite: must be its Suite or Codename
 * @now: seconds since 1970; -EBADMSG if the index has expired or comes from a day to come
 * Return: 0; -EBADMSG; -ENOMEM
 */
int release_parse(const char *text, size_t len, const char *suite, uint64_t now,
		  struct release **ret, struct err *e) must_check;
void release_free(struct release *r);
DEFINE_CLEANUP(struct release *, release_free)

/** release_find() - NULL if it is not listed with a SHA-256 */
const struct release_file *release_find(const struct release *r, const char *path);

/**
 * release_date() - "Sat, 12 Sep 2026 07:55:41 UTC" as seconds since 1970
 * Return: 0; -EINVAL
 */
int release_date(const char *s, size_t len, uint64_t *ret) must_check;
