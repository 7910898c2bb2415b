/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What `slipway scripts` says of packages' scripts. */
#include "builder/cli/json.h"
#include "builder/stages/scripts.h"

/** printable() - foreign bytes for a terminal: what is not plain text becomes \xNN; NULL: no memory */
char *printable(const void *data, size_t len) must_check;

/** scripts_verdict() - of one finding, in a word */
const char *scripts_verdict(const struct scripts_report *r, size_t i);

/** scripts_text() - how a script differs from what is known, or all of it, printable; NULL: no memory */
char *scripts_text(const struct scripts_report *r, const struct ledger_finding *f) must_check;

/** scripts_print() - a line for each script, then the unknown ones: text or diff, and what to do */
int scripts_print(const struct cli *c, const struct scripts_report *r, struct err *e) must_check;

/** scripts_print_template() - stanzas for scripts.ledger, to be filled in, of what is unknown */
int scripts_print_template(const struct scripts_report *r, struct err *e) must_check;

/** json_of_scripts() - all of it as JSON; NULL: no memory */
struct json_object *json_of_scripts(const struct scripts_report *r);
