/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Trees of files, wherever they are from, compared path by path. */
#include "builder/audit/compare.h"
#include "builder/audit/listing.h"

struct trees {
	const struct listing *l[2];
	bool is_usr;   /* what differs is remembered in compare.usr_changed */
	bool from_usr; /* what differs may come from there */
	bool unix_;    /* modes, owners and the like are real */
	bool is_esp; /* the UKI of one is to be compared with that of the other, whatever its name */
};

/* Something at one path; NULL: not in that one. */
struct pair {
	const struct trees *t;
	const struct listed *x[2];
};

/** compare_tree_add() - a difference of a path, which in what was taken from /usr may only follow */
int compare_tree_add(struct compare *c, const struct trees *t, const char *path,
		     const struct finding *f, struct err *e) must_check;

/** compare_attributes() - mode, owner, time and the like; both are there, and of the same type */
int compare_attributes(struct compare *c, const struct pair *p, struct err *e) must_check;

/** compare_trees() - what is only in one, and everything that differs of what is in both */
int compare_trees(struct compare *c, const struct trees *t, struct err *e) must_check;
