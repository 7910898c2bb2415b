/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where two sources differ, and where one is not zero. */
#include "base/pool.h"
#include "base/source.h"

#define MISMATCH_NONE UINT64_MAX

/**
 * source_mismatch() - the first offset at or after @from where two sources differ
 * @pool: may be NULL
 * @ret: the offset; where one is longer and all else is equal, the length of the shorter one;
 *       MISMATCH_NONE: they are equal from @from on
 *
 * What is a hole in both files is not read, so that sparse images are compared by what they hold.
 * Return: 0; -ENOMEM; -ECANCELED; what reading returns
 */
int source_mismatch(const struct source *a, const struct source *b, uint64_t from,
		    struct pool *pool, uint64_t *ret, struct err *e) must_check;

/**
 * source_nonzero() - the first byte at or after @from that is not zero; holes are not read
 * @ret: its offset; MISMATCH_NONE: there is none
 * Return: as source_mismatch()
 */
int source_nonzero(const struct source *s, uint64_t from, struct pool *pool, uint64_t *ret,
		   struct err *e) must_check;
