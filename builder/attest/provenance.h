/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Provenance: which outputs a build made of which inputs, signed with the key that the image is signed
 * with. An in-toto statement (v1) with the SLSA provenance predicate (v1) in a DSSE envelope.
 *
 * Nothing in it tells when or where it was built: the same inputs give the same statement.
 * Documentation/provenance.md says what stands where.
 * Specs: in-toto Attestation Framework v1, SLSA provenance v1, DSSE 1.0
 */
#include "base/strv.h"
#include "builder/attest/components.h"
#include "builder/recipe/recipe.h"
#include "layouts/layout.h"
#include "signing/signer.h"

#define PROVENANCE_PAYLOAD_TYPE "application/vnd.in-toto+json"
#define PROVENANCE_BUILD_TYPE	"tag:slipway,2026:image/v1"
#define PROVENANCE_BUILDER_ID	"tag:slipway,2026:build"

/* What a file is known by. */
enum provenance_digest {
	PROVENANCE_SHA256,
	PROVENANCE_FSVERITY, /* verity/fsverity.h: of disks, which are large and mostly empty */
	PROVENANCE_DIRHASH,  /* in-toto's dirHash: of directories */
};

struct provenance_file {
	const char *name;
	enum provenance_digest kind;
	uint8_t digest[SHA256_BYTES];
};

/** provenance_digest_name() - as in-toto's digest sets have it, if they do */
const char *provenance_digest_name(enum provenance_digest kind);

struct provenance_params {
	const struct recipe *recipe;
	const struct lock *lock;
	const struct layout *layout;
	const struct components *components; /* for the packages' purls */
	const struct signer *signer;
	int64_t time;
	const struct provenance_file *outputs;
	size_t n_outputs;
	const struct provenance_file
		*inputs; /* recipe's files, overlays, …; the lock knows the packages */
	size_t n_inputs;
};

/**
 * provenance_write() - the signed statement
 * @ret: appended
 * Return: 0; -EIO the key refused; -ENOMEM
 */
int provenance_write(const struct provenance_params *p, struct buf *ret, struct err *e) must_check;

struct provenance_input {
	struct provenance_file file; /* "recipe", "lock", "index trixie main", … */
	struct strv signers;	     /* of an index: fingerprints of keys */
};

/* A statement whose signature was good. */
struct provenance {
	struct provenance_file *outputs; /* their names are owned, and those of inputs */
	size_t n_outputs;
	struct provenance_input *inputs;
	size_t n_inputs;
	char *builder; /* version of slipway */
	size_t cert;   /* which certificate's key signed it */
	bool our_form; /* the envelope is what provenance_write() writes of it */
};

/**
 * provenance_open() - check the signature of a statement, and read it
 * @certs: whose signatures count
 * Return: 0; -EBADMSG malformed, of another type or of another build type; -EKEYREJECTED signed by none of
 *         @certs; -ENOMEM
 */
int provenance_open(const void *data, size_t len, X509 *const *certs, size_t n_certs,
		    struct provenance **ret, struct err *e) must_check;
void provenance_free(struct provenance *p);
DEFINE_CLEANUP(struct provenance *, provenance_free)

/** provenance_input() - what the outputs were made of, by name; NULL: it tells of none */
const struct provenance_input *provenance_input(const struct provenance *p, const char *name);

/**
 * provenance_check() - is a file the output of this name?
 * @name: without its directory
 * Return: 0 all of it is; -ENOENT no output has this name; -EBADMSG it has another digest; what reading
 *         returns
 */
int provenance_check(const struct provenance *p, const char *name, const struct source *src,
		     struct pool *pool, struct err *e) must_check;
