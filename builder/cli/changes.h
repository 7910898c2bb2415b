/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of `slipway diff`: changes between two versions, for people, for a pull request, and for programs. */
#include "builder/audit/changes.h"
#include "builder/cli/cli.h"

/** changes_key() - of a section, as --json has it */
const char *changes_key(enum change_section s);

/** changes_title() - for people */
const char *changes_title(enum change_section s);

/** changes_limit() - how many of a section are listed: all packages, as they are what a change is about */
size_t changes_limit(enum change_section s, bool all);

/** changes_is_shown() - is it listed? What follows from a package's change is, if @all is asked for */
bool changes_is_shown(const struct change *x, bool all);

#define CHANGES_SIZE_CHARS 32

/** changes_size() - "+1.2 MiB", or "" if there is no difference */
void changes_size(const uint64_t bytes[2], char out[CHANGES_SIZE_CHARS]);

struct changes_count {
	size_t added, removed, changed, follow; /* follow: of all these */
};
struct changes_count changes_count(const struct change_list *l);

/** changes_print() - for people; Return: 0; what writing returns */
int changes_print(const struct changes *c, bool all, struct err *e) must_check;

/** changes_print_markdown() - but with @all, of less than 65536 bytes, whatever is in it */
int changes_print_markdown(const struct changes *c, bool all, struct err *e) must_check;
int changes_print_json(struct cli *cli, const struct changes *c, struct err *e) must_check;
