/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where what fuzzing starts from goes: below $SLIPWAY_SEEDS, into a directory named after the target. */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/outfile.h"
#include "base/test/support.h"

/* Nothing is written where nobody wants them. */
static inline void seed_save(const char *target, const char *name, const struct buf *b)
{
	const char *top = getenv("SLIPWAY_SEEDS");
	struct err e = { 0 };

	ck_assert(!buf_failed(b));
	if (!top)
		return;
	_cleanup_free_ char *dir = str_printf("%s/%s", top, target);
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	ck_assert(mkdir(dir, 0755) == 0 || errno == EEXIST);
	ck_ok(outfile_write(path, 0644, b->data, b->len, &e));
}

/* The letter picks what a target with several uses does with the rest. */
static inline void seed_save_of(const char *target, const char *name, char letter,
				const struct buf *rest)
{
	_cleanup_buf_ struct buf seed = BUF_INIT;

	buf_append(&seed, &letter, 1);
	buf_append(&seed, rest->data, rest->len);
	seed_save(target, name, &seed);
}
