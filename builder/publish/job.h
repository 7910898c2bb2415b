/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the steps of publish_run() hand on to each other. */
#include "builder/publish/channel.h"
#include "builder/publish/publish.h"

/* A version that is to be in the channels. */
struct publish_entry {
	struct publish_version
		v; /* what the index says of it; of the files only what is known yet */
	char *name;
	const char *arch;
	struct publish_set *set; /* outputs; NULL: published already */
	int dir;		 /* where its files are, borrowed; -1: nowhere yet */
};

struct publish_job {
	const struct publish_params *p;
	int dir_fd;		      /* locked */
	struct publish_keyring given; /* no path: the next is what nodes accept */
	struct publish_keyring own;   /* of gpg's key alone; no path with a signing command */
	const struct publish_keyring *accepted; /* one of the two */
	struct publish_channel *channels;	/* those to be changed first */
	size_t n_channels, n_wanted;
	struct publish_entry *entries;
	size_t n_entries;
};

/** publish_entries_load() - what the arguments mean, checked, and with where it has been published before */
int publish_entries_load(struct publish_job *j, struct err *e) must_check;

/** publish_entry_pack() - write its files into a channel's new directory, and learn how they came out */
int publish_entry_pack(struct publish_job *j, struct publish_entry *en, struct publish_channel *c,
		       struct err *e) must_check;

/**
 * publish_plan_index() - what a channel's index is to be, with the serial and the key of the old one
 * Return: 0; -EEXIST, -EINVAL with what does not fit; -ENOMEM
 */
int publish_plan_index(const struct publish_job *j, const struct publish_channel *c,
		       struct publish_index **ret, struct err *e) must_check;

/** publish_write_head() - index, sums and signature into a channel's new directory */
int publish_write_head(const struct publish_job *j, struct publish_channel *c,
		       struct publish_index *i, struct err *e) must_check;
