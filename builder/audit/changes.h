/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * `slipway diff` of two versions: what somebody who reviews a change of the image wants to know of it. The
 * bytes are told apart by builder/audit/diff.h.
 */
#include "builder/audit/summary.h"

enum change_section {
	CHANGES_PACKAGES, /* a, b: versions; bytes: of the files in /usr */
	CHANGES_CMDLINE,  /* what: a word; a, b: how often it is there */
	CHANGES_CONFIG,	  /* of the kernel: what: an option */
	/* what: a unit, "UNIT in TARGET.wants", of user managers with "user/" before it; a, b: "enabled",
	 * "masked", "alias of UNIT" */
	CHANGES_UNITS,
	CHANGES_PRIVILEGES, /* what: a file; a, b: set-id bits with the owner, and capabilities */
	CHANGES_FILES, /* what: a file of /usr; a, b: type, mode and owner; how: what differs */
	CHANGES_N_SECTIONS
};

/* What is not there on one side is NULL there. Text of the images is escaped. */
struct change {
	char *what;
	char *a, *b;
	char *how;	   /* of files in both: "content, mode"; else NULL */
	char *package;	   /* of files: whose it is, in B if it is there; NULL: none's */
	char *origin;	   /* of files of no package: "finisher units"; NULL: no SBOM tells */
	bool follows;	   /* of files: their package was added, removed or is of another version */
	uint64_t bytes[2]; /* of packages and files */
};

struct change_list {
	struct change *v; /* sorted by what */
	size_t n, cap;
};

struct changes {
	struct summary *s[2];
	bool equal; /* every byte of them: nothing else is in here then */
	struct change_list sections[CHANGES_N_SECTIONS];
};

/**
 * changes_read() - compare two images that have a /usr, in any form artefacts_open() takes
 * @pool: may be NULL
 * Return: 0, equal or not; -ENODATA one has no /usr that can be read, whatever it is; -ENOENT; -ENOMEM;
 * -ECANCELED; what reading returns
 */
int changes_read(const char *const paths[2], struct pool *pool, struct changes **ret,
		 struct err *e) must_check;
void changes_free(struct changes *c);
DEFINE_CLEANUP(struct changes *, changes_free)

/** changes_total() - of all sections */
size_t changes_total(const struct changes *c);
