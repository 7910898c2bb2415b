/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Publishing: outputs of builds, or versions of another channel, into channels of a directory.
 *
 *     DIR/CHANNEL/<name>_<version>_<UUID of the partition>.usr.raw.xz    also usr-verity, usr-verity-sig
 *                 <name>_<version>.efi.xz
 *                 index.json, BEST-BEFORE-<day>
 *                 SHA256SUMS, SHA256SUMS.gpg
 */
#include "base/strv.h"
#include "builder/publish/pack.h"
#include "builder/publish/sign.h"

struct publish_params {
	const char *dir;	     /* made if it is not there */
	const struct strv *channels; /* at least one */
	const char *const *args; /* outputs of builds, or versions of @from_channel; may be none */
	size_t n_args;
	const char *from_channel;			       /* NULL: outputs */
	const char *minimum_version, *best_before, *lock_path; /* NULL: as it was, or none */
	size_t keep; /* versions in each channel; 0: all */
	enum publish_compression compression;
	struct publish_signer signer;
	const char *tmp_dir;
	struct pool *pool;
	struct progress *progress; /* may be NULL */
};

/* What became of a channel. */
struct publish_outcome {
	char *channel;
	bool changed;
	uint64_t serial;
	char *signing_key;
	char *best_before; /* NULL: for ever */
	struct strv versions, added, dropped;
};

struct publish_result {
	struct publish_outcome *v; /* one for each channel, in the order of the parameters */
	size_t n;
};

/**
 * publish_run() - publish
 *
 * Nothing is published unless all of it can be: what is wrong with outputs, channels or keys is found
 * first. Channels change one after the other, each in one step. Another publish() into the same
 * directory is waited for.
 *
 * Return: 0; -EEXIST a version is there with other content; -EBADMSG, -EKEYREJECTED outputs that do not
 * belong together, a channel that was changed since or that is signed by somebody else; -ENOKEY;
 * -EINVAL a version, date or name that does not fit; -ENOENT; -EIO the signing program failed;
 * -ECANCELED; what reading and writing return
 */
int publish_run(const struct publish_params *p, struct publish_result *ret,
		struct err *e) must_check;
void publish_result_done(struct publish_result *r);
