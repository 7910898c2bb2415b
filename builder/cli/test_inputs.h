/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What `slipway test` knows of an image besides what is in it. */
#include "builder/cli/cli.h"
#include "qemu-tests/cases/allowed.h"

/**
 * test_root_hash() - what /usr must have
 * @given: NULL: what the file beside the image says
 * @ret: NULL where there is no such file
 */
int test_root_hash(const char *image, const char *given, char **ret, struct err *e) must_check;

/** test_allowed() - what it may have: by the suite's own list, and by these */
int test_allowed(const char *image, const struct strv *files, struct allowed *ret,
		 struct err *e) must_check;

/**
 * test_forbidden() - what must not stand in it: given words, and paths and names of this machine, since most
 * images are tested where they were built
 */
int test_forbidden(const struct cli *c, const char *image, const struct strv *given,
		   struct strv *ret, struct err *e) must_check;
