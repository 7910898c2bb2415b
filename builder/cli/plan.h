/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What slipway build --dry-run prints. */
#include "builder/cli/cli.h"
#include "builder/stages/build.h"

/** plan_used_bytes() - how much of a partition the plan fills; false: not known before the run */
bool plan_used_bytes(const struct build *b, const struct layout_placed *p, uint64_t *ret);

/** plan_print() - the plan, for a person to check; Return: 0; -ENOMEM */
int plan_print(const struct cli *c, const struct build *b, struct err *e) must_check;
