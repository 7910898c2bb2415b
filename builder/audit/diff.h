/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * `slipway diff`: which file or field differs between two builds, and why. It goes down through disk,
 * partitions, filesystems, UKI and initrd, and names each difference where it is: the causes, and apart
 * from them what only follows, such as the root hash of a /usr that differs.
 *
 * Both sides are foreign input: every parser below is bounded.
 */
#include "base/pool.h"
#include "base/source.h"
#include "builder/audit/report.h"

struct diff_params {
	struct pool *pool;	 /* may be NULL */
	size_t limit;		 /* differences kept of each kind; 0: all */
	size_t unpack_max_bytes; /* of what is compressed within; 0: 1 GiB */
};

/**
 * diff_sources() - compare two disk images, partitions, UKIs, or whatever else
 * @ret: for diff_report_done(), also after a failure; diff_report_total() is 0 if they are equal
 * Return: 0, equal or not; -ENOMEM; -ECANCELED; what reading returns
 */
int diff_sources(const struct source *a, const struct source *b, const struct diff_params *p,
		 struct diff_report *ret, struct err *e) must_check;

/**
 * diff_paths() - two files; or two directories of outputs, whose files are paired by name, and if
 *                their names differ by what build they are of, by kind
 * Return: as diff_sources(); -ENOENT; -EINVAL a file and a directory; -EACCES and the like
 */
int diff_paths(const char *a, const char *b, const struct diff_params *p, struct diff_report *ret,
	       struct err *e) must_check;
