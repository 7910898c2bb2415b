/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a comparison found: differences, each with its place, its two values and its kind. A kind says
 * why such a thing differs, and whether it does so by itself or because something else does.
 */
#include "base/err.h"

enum diff_kind {
	/* Causes. */
	DIFF_MISSING,
	DIFF_CONTENT,
	DIFF_TIME,
	DIFF_MODE,
	DIFF_OWNER,
	DIFF_XATTR,
	DIFF_LINKS,
	DIFF_CMDLINE,
	DIFF_DERIVED,
	DIFF_IMAGE_TIME,
	DIFF_LABEL,
	DIFF_PARTITION,
	DIFF_FORMAT,
	DIFF_PLACEMENT,
	DIFF_COMPRESSION,
	DIFF_KEY,
	DIFF_SIGNATURE,
	DIFF_SIGNING_TIME,
	DIFF_MOUNTED,
	DIFF_SLACK,
	DIFF_DAMAGE,
	/* Consequences. */
	DIFF_FROM_USR,
	DIFF_OTHER_TIME,
	DIFF_SIZE,
	DIFF_CHECKSUM,
	DIFF_HASH_TREE,
	DIFF_ROOT_HASH,
	DIFF_SIGNED,
	DIFF_COPY,
	DIFF_LISTED,
	DIFF_N_KINDS,
};

/** diff_kind_name() - one word, as --json has it */
const char *diff_kind_name(enum diff_kind k);

/** diff_kind_why() - the causes that are known for it, in a line */
const char *diff_kind_why(enum diff_kind k);

static inline bool diff_kind_is_cause(enum diff_kind k)
{
	return k < DIFF_FROM_USR;
}

/* All text is printable ASCII: whatever else was in the image is escaped. */
struct diff_item {
	enum diff_kind kind;
	char *where; /* "usr-a: /lib/os-release"; "" is the whole */
	char *field; /* "line 3", "mtime" */
	char *a, *b; /* NULL: it is not there in that one */
};

struct diff_report {
	size_t limit;	     /* items kept of a kind; 0: all */
	struct diff_item *v; /* in the order in which they were found */
	size_t n, cap;
	size_t counts[DIFF_N_KINDS]; /* of all, kept or not */
};

/** diff_report_add() - all strings are copied, escaped and cut; Return: 0; -ENOMEM */
int diff_report_add(struct diff_report *r, const struct diff_item *item, struct err *e) must_check;

/** diff_report_settle() - at the end: lists that differ alone are the cause themselves */
void diff_report_settle(struct diff_report *r);

/** diff_report_count() - differences of causes or of consequences, kept or not */
size_t diff_report_count(const struct diff_report *r, bool causes);

/** diff_report_total() - all of them: 0 if the two are equal */
size_t diff_report_total(const struct diff_report *r);

void diff_report_done(struct diff_report *r);
