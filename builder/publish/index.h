/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * index.json of a channel: what there is, for people, for programs that watch over it, and for nodes, which learn
 * from it whose key signed a version. SHA256SUMS has this file's digest too: one signature stands for both.
 *
 * It is a function of what is published, in this order, and of nothing else: no clock, no host.
 * Format: builder/publish/schema/index.schema.json
 */
#include "base/buf.h"
#include "builder/publish/set.h"

#define PUBLISH_INDEX_NAME "index.json"

/* With as many an index has 4 MB, which is what node/update reads of one. */
#define PUBLISH_VERSIONS_MAX 1000

struct publish_file {
	char *name; /* NULL: of evidence that the version has not */
	uint64_t bytes;
	uint8_t sha256[SHA256_BYTES];
	/* What it is once it is decompressed. */
	uint64_t content_bytes;
	uint8_t content_sha256[SHA256_BYTES];
};

struct publish_version {
	char *version;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
	uint8_t certificate[SHA256_BYTES];
	bool has_lock;
	uint8_t lock_sha256[SHA256_BYTES];
	struct publish_file files[PUBLISH_N_KINDS];
};

struct publish_index {
	char *name, *arch, *channel;
	uint64_t serial;		  /* one more with each change */
	char *signing_key;		  /* fingerprint of the OpenPGP key */
	char *minimum_version;		  /* NULL: none */
	char *dropped_version;		  /* it and older ones are not there any more; NULL: none */
	char *best_before;		  /* "2026-12-31T00:00:00Z"; NULL: none */
	struct publish_version *versions; /* newest first */
	size_t n_versions;
};

/** publish_index_parse() - Return: 0; -EBADMSG with what is wrong; -ENOMEM */
int publish_index_parse(const void *data, size_t len, struct publish_index **ret,
			struct err *e) must_check;

/** publish_index_format() - the same index gives the same bytes; Return: 0; -ENOMEM */
int publish_index_format(const struct publish_index *i, struct buf *ret, struct err *e) must_check;

/** publish_index_copy() - NULL when out of memory */
struct publish_index *publish_index_copy(const struct publish_index *i) must_check;

void publish_index_free(struct publish_index *i);
DEFINE_CLEANUP(struct publish_index *, publish_index_free)

/** publish_index_find() - the entry of a version (as text), or NULL */
const struct publish_version *publish_index_find(const struct publish_index *i,
						 const char *version);

/** publish_index_put() - add a copy of a version at its place; Return: 0; -ENOMEM */
int publish_index_put(struct publish_index *i, const struct publish_version *v,
		      struct err *e) must_check;

/** publish_index_cut() - forget all versions from the @n newest on */
void publish_index_cut(struct publish_index *i, size_t n);

/** publish_version_same() - the same content for nodes, however it is compressed? */
bool publish_version_same(const struct publish_version *a, const struct publish_version *b);

/** publish_version_done() - free what is in it */
void publish_version_done(struct publish_version *v);
