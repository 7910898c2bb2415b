/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the two formats share. */
#include "builder/attest/json_writer.h"
#include "builder/attest/sbom.h"

#define SBOM_TOOL    "slipway"
#define SBOM_NO_UUID "00000000-0000-0000-0000-000000000000"

/**
 * sbom_departures() - how the image departs from its packages, a sentence each: paths and packages left
 *                     out, files chosen, scripts settled
 */
int sbom_departures(const struct sbom *s, struct strv *ret, struct err *e) must_check;

/** sbom_finish() - put the UUID, of the text's digest, where the text has SBOM_NO_UUID, once */
int sbom_finish(struct sbom_document *d, struct err *e) must_check;

/** sbom_has_files() - do any of a part that is_system come from this component? */
bool sbom_has_files(const struct sbom *s, const struct component *c);

/** sbom_comes_from() - is this component where the file comes from? */
bool sbom_comes_from(const struct component *c, const struct inventory_file *f);
