/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The kernel's command line: the recipe's words, and those by which it takes no other /usr. */
#include "base/err.h"
#include "base/util.h"

/** The initrd's file with cmdline_pattern(), below its root */
#define CMDLINE_PATTERN_PATH "usr/lib/slipway/cmdline"

/**
 * cmdline_check_words() - may a recipe's words stand in front of the build's own?
 *
 * They must be the same words to whoever reads them, leave the rest of the line to the kernel, and not
 * speak of /usr.
 *
 * Return: 0; -EINVAL; -ENOMEM
 */
int cmdline_check_words(const char *words, struct err *e) must_check;

/**
 * cmdline_make() - the signed command line
 * @words:     of the recipe
 * @root_hash: hex; names the slot, and is what dm-verity checks
 * @signature: base64 of DER; the kernel refuses a root hash without a signature by an enrolled key
 * Return: on the heap; NULL when out of memory
 */
char *cmdline_make(const char *words, const char *root_hash, const char *signature) must_check;

/**
 * cmdline_pattern() - what a line of cmdline_make() looks like, whatever the root hash
 * @words: of the recipe
 *
 * The initrd has to know its own command line to see that nothing was added; it is made before the root
 * hash is known, which the kernel checks anyhow.
 *
 * Return: a basic regular expression for a whole line, with a newline, on the heap; NULL when out of
 * memory
 * Spec: POSIX.1-2017, XBD 9.3
 */
char *cmdline_pattern(const char *words) must_check;
