/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of `slipway inspect`. */
#include "builder/audit/summary.h"
#include "builder/cli/cli.h"

/** inspect_print_json() - all of it, with the keys of slipway(1) */
int inspect_print_json(struct cli *c, const struct summary *s, struct err *e) must_check;
