/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of changes: files in changes_files.c, what is read out of files in changes_facts.c. */
#include "builder/audit/changes.h"

#define CHANGES_PREFIX "/usr/" /* before paths in the filesystem, which is mounted there */

/** changes_add() - an empty change of that name, which is escaped; NULL: no memory, with @e set */
struct change *changes_add(struct change_list *l, const char *what, struct err *e) must_check;

/** changes_text() - a copy, escaped; Return: 0; -ENOMEM */
int changes_text(char **ret, const char *text, struct err *e) must_check;

/** changes_files() - the listings of both, path by path; packages must have been compared */
int changes_files(struct changes *c, struct pool *pool, struct err *e) must_check;

/** changes_facts() - command lines, kernels' configurations, units and privileges */
int changes_facts(struct changes *c, struct err *e) must_check;
