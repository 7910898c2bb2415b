/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a build wrote of one version, checked to belong together: /usr and its hash tree make the root
 * hash, that root hash is the one that is signed, and the UKI demands this signature and no other. The
 * statement on the build, where there is one, is signed by the same key, and tells of these files and of
 * the SBOMs.
 */
#include "base/pool.h"
#include "base/source.h"
#include "base/strv.h"
#include "verity/verity.h"

enum publish_kind { /* in the order in which a node takes them */
		    PUBLISH_VERITY_SIG,
		    PUBLISH_VERITY,
		    PUBLISH_USR,
		    PUBLISH_UKI, /* last: with it the version can boot */
		    PUBLISH_N_FOR_NODES,

		    /* Evidence: for auditors, and not there of every version. */
		    PUBLISH_PROVENANCE = PUBLISH_N_FOR_NODES,
		    PUBLISH_SPDX,
		    PUBLISH_CYCLONEDX,
		    PUBLISH_N_KINDS,
};

/** publish_kind_name() - "usr", "usr-verity", "usr-verity-sig", "uki", "provenance", "spdx" or "cyclonedx" */
const char *publish_kind_name(enum publish_kind k);

/** publish_kind_suffix() - of such an output's name: ".usr.raw" */
const char *publish_kind_suffix(enum publish_kind k);

struct publish_part {
	char *path;
	struct source src;
	uint8_t sha256[SHA256_BYTES];
};

struct publish_set {
	char *name, *version;
	const char *arch; /* as a recipe has it */
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
	uint8_t certificate[SHA256_BYTES]; /* fingerprint: whose key signed root hash and UKI */
	struct publish_part parts[PUBLISH_N_KINDS]; /* no path: there is no such evidence */
};

/**
 * publish_find_sets() - the stems of outputs ("out/node_1") that an argument means
 * @path: a directory of outputs, a stem, or any one output
 * @ret: stems are appended, in order; none twice
 * Return: 0; -ENOENT nothing there was made by a build; -ENOMEM; what reading the directory returns
 */
int publish_find_sets(const char *path, struct strv *ret, struct err *e) must_check;

/**
 * publish_set_open() - open the outputs of a stem and check that they belong together
 * @pool: may be NULL
 * Return: 0; -ENOENT an output is missing, or the statement that vouches for SBOMs; -EBADMSG, -EKEYREJECTED with the name of the output that does not
 * go with the others, or was changed; -EINVAL the name is none; -ECANCELED; -ENOMEM
 */
int publish_set_open(const char *stem, struct pool *pool, struct publish_set **ret,
		     struct err *e) must_check;
void publish_set_free(struct publish_set *s);
DEFINE_CLEANUP(struct publish_set *, publish_set_free)
