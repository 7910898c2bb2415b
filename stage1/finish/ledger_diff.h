/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A changed script beside the version that the ledger knows, of which only hashes of lines are there. */
#include "stage1/finish/ledger_judge.h"

/**
 * ledger_diff() - append how the rest of a script differs from the known version nearest to it
 *
 * As a unified diff with three lines of context, except that of a line that is gone only its number in
 * the known version can be told:
 *
 *     @@ line 12, of the known script 12 @@
 *      a line of both
 *     -line 13 of the known script
 *     +a new line
 *
 * @ret_known: the version that it was compared with; NULL if none is known, and nothing is appended
 * Return: 0; -ENOMEM
 */
int ledger_diff(const struct ledger *l, const struct ledger_finding *f, struct buf *out,
		const struct ledger_lines **ret_known) must_check;

/**
 * ledger_print_lines() - append the text of a scripts.lines: what it has already of versions that are
 * in the ledger, and what was found
 * Return: 0; -ENOMEM
 */
int ledger_print_lines(const struct ledger *l, const struct ledger_finding *findings, size_t n,
		       struct buf *out) must_check;
