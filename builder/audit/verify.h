/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * `slipway verify`: what an image is, from the image alone and the certificates that are trusted. Each
 * check says what it compared and how that ended; none is left out because another failed, unless there
 * is nothing left to look at.
 *
 * What else is asked of it stands in a policy (builder/audit/policy.h).
 *
 * Structures are checked by canonical form: what was parsed is written again by the writers that builds
 * use, and the bytes must be those that are there. So every byte of a disk is either signed, or what
 * follows from what is signed, or zero.
 */
#include <openssl/types.h>

#include "base/pool.h"
#include "base/progress.h"
#include "base/source.h"
#include "builder/audit/policy.h"
#include "builder/audit/verify_checks.h"
#include "builder/repo/lock.h"

enum verify_verdict {
	VERIFY_OK,
	VERIFY_FAIL,
	VERIFY_STATE, /* a node's own, which nobody has signed: not verified */
};

/* All text is printable: whatever else was in the image is escaped. */
struct verify_check {
	enum verify_id id;
	enum verify_verdict verdict;
	char *where;	/* "esp: /EFI/Linux/node_1.efi"; "" is the disk */
	char *found;	/* what is there, or what is wrong with it */
	char *expected; /* NULL: found says it all */
};

struct verify_report {
	struct verify_check *v; /* in the order in which they were made */
	size_t n, cap;
	size_t n_failed;
};

/** verify_report_done() - free what is in it */
void verify_report_done(struct verify_report *r);

/** verify_verdict_name() - "ok", "FAIL" or "state" */
const char *verify_verdict_name(enum verify_verdict v);

struct verify_params {
	X509 *const *trust; /* who may have signed; at least one */
	size_t n_trust;
	const struct policy *policy; /* NULL: what is asked where there is none */
	const uint8_t *root_hash;    /* SHA256_BYTES: it must be of this one; NULL: any */
	const struct lock *lock;     /* whose packages it must be of; NULL: any */
	const char *provenance; /* the statement's path; NULL: it is looked for beside the image */
	int64_t at;		/* certificates must be valid then; seconds since 1970 */
	struct pool *pool;	/* may be NULL */
	struct progress *progress; /* may be NULL */
};

/**
 * verify_disk() - a disk, of which @disk is the whole
 * @ret: zeros; for verify_report_done(), also after a failure. The image is good if n_failed is 0
 * Return: 0 it was judged; -ENOMEM; -ECANCELED; what reading returns
 */
int verify_disk(const struct source *disk, const struct verify_params *p, struct verify_report *ret,
		struct err *e) must_check;

/**
 * verify_path() - a disk in a file, as it is or as qcow2 or fixed VHD; a block device; a directory of
 *                 what one build wrote; or only what it says of that, "*.provenance.json"
 * Return: as verify_disk(); -ENOENT and other errors of open; a directory without outputs is -ENOENT
 */
int verify_path(const char *path, const struct verify_params *p, struct verify_report *ret,
		struct err *e) must_check;
