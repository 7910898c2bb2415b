/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a script names, looked up among the files of its package; for ledger_judge.c only. */
#include "stage1/finish/block.h"
#include "stage1/package/package.h"

struct ledger_files {
	const struct package *package;
	const char **paths; /* sorted, when they were first looked at */
};

void ledger_files_done(struct ledger_files *f);

/** ledger_files_has() - is there an entry of this path? Return: 1; 0; -ENOMEM */
int ledger_files_has(struct ledger_files *f, const char *path) must_check;

/**
 * ledger_files_check() - has the package got what a block of its postinst is about?
 *
 * What a block asks for is done by a finisher that looks for the files it names, or by systemd: a
 * block that names what the package has not got is not accounted for by them.
 * @remarks: what is missing is added
 * Return: 1; 0 something is missing; -ENOMEM
 */
int ledger_files_check(struct ledger_files *f, const struct block *b, const struct block_words *w,
		       struct strv *remarks) must_check;
