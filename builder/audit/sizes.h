/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a directory takes with all that is below it. */
#include "builder/audit/listing.h"

struct sized {
	const struct listed *entry;
	uint64_t bytes;	    /* of content; a file of several names counts at the first of them */
	uint64_t n_entries; /* below it */
	size_t end;	    /* what is below it are the entries up to here */
	const char *name;   /* the last of its path */
};

/**
 * sizes_of() - one for each entry of a listing
 * @l: of listing_walk_at(): borrowed, must outlive the result
 * @ret: on the heap, l->n of them in the listing's order
 * Return: 0; -ENOMEM
 */
int sizes_of(const struct listing *l, struct sized **ret, struct err *e) must_check;

/**
 * sizes_children() - what is right below an entry
 * @by_size: the biggest first; else in the listing's order
 * @ret: on the heap; Return: 0; -ENOMEM
 */
int sizes_children(const struct sized *v, size_t i, bool by_size, const struct sized ***ret,
		   size_t *ret_n, struct err *e) must_check;
