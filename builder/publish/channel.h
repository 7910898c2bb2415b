/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A channel is a directory that a web server serves as it is. It is never written in place: what it is
 * to be is made beside it, of hard links where the content stays, and the two change places in one
 * rename. A reader sees one or the other, and an interruption at any moment leaves the old one.
 */
#include "builder/publish/index.h"
#include "builder/publish/sign.h"

#define PUBLISH_SUMS_NAME      "SHA256SUMS"
#define PUBLISH_SIGNATURE_NAME "SHA256SUMS.gpg"
#define PUBLISH_BEST_BEFORE    "BEST-BEFORE-" /* and the day: an empty file, for nodes' systemd */

struct publish_channel {
	const char *dir; /* that channels are in; borrowed, with its descriptor */
	int dir_fd;
	char *name;
	int old;		     /* the directory as it is; -1: there is none */
	struct publish_index *index; /* of @old; NULL as long as nobody vouches for it */
	int new;		     /* being made; -1 */
};

#define PUBLISH_CHANNEL_INIT                  \
	{                                     \
		NULL, -1, NULL, -1, NULL, -1, \
	}

/**
 * publish_channel_open() - look for a channel
 * @c: PUBLISH_CHANNEL_INIT; to be given to publish_channel_done() whatever follows
 * Return: 0, there may be none; -EINVAL the name is none; -ENOTEMPTY that directory is none of ours; what
 * opening returns
 */
int publish_channel_open(struct publish_channel *c, const char *dir, int dir_fd, const char *name,
			 struct err *e) must_check;
void publish_channel_done(struct publish_channel *c);

/**
 * publish_channel_trust() - read the index, if sums and signature vouch for it
 * Return: 0; -EKEYREJECTED no good signature by a key of the keyring; -EBADMSG the index is not the signed
 * one; what reading returns
 */
int publish_channel_trust(struct publish_channel *c, const struct publish_keyring *keyring,
			  struct err *e) must_check;

/** publish_channel_path() - of a file in the new directory, on the heap; NULL when out of memory */
char *publish_channel_path(const struct publish_channel *c, const char *name) must_check;

/** publish_channel_begin() - make the new directory; what a killed process left of one goes */
int publish_channel_begin(struct publish_channel *c, struct err *e) must_check;

/** publish_channel_create() - a new file in it; Return: its descriptor; negative errno */
int publish_channel_create(struct publish_channel *c, const char *name, struct err *e) must_check;

/** publish_channel_write() - a file of it, anew; on disk when this returns */
int publish_channel_write(struct publish_channel *c, const char *name, const struct buf *content,
			  struct err *e) must_check;

/**
 * publish_channel_link() - a published file as it is
 * @from: directory
 * @f: what it has to be
 * Return: 0; -EBADMSG it is not; -ENOENT; what linking returns
 */
int publish_channel_link(struct publish_channel *c, int from, const struct publish_file *f,
			 struct err *e) must_check;

/**
 * publish_channel_carry() - link from the old directory what somebody else has put there, and the files of
 * versions that the old index named and @index does not: who reads by the old one still finds them. They
 * are gone after the next change.
 */
int publish_channel_carry(struct publish_channel *c, const struct publish_index *index,
			  struct err *e) must_check;

/** publish_channel_commit() - the new directory takes the place of the old one */
int publish_channel_commit(struct publish_channel *c, struct err *e) must_check;
