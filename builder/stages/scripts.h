/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The packages' scripts, held against the ledger and against what the recipe settles. */
#include "builder/stages/build.h"
#include "stage1/finish/ledger_judge.h"

struct scripts_report {
	struct ledger *ledger;
	struct ledger_finding *findings;      /* in the packages' order, each one's by name */
	const struct recipe_script **settled; /* for each finding: by the recipe, or NULL */
	size_t n;
	size_t n_unknown; /* neither in the ledger nor settled */
};

/**
 * scripts_examine() - every script of every package that stage_packages has read
 * @r: to be given to scripts_report_done(), on failure too
 * Return: 0; -ENOMEM; -EINVAL the ledger itself is malformed
 */
int scripts_examine(const struct build *b, struct scripts_report *r, struct err *e) must_check;
void scripts_report_done(struct scripts_report *r);
