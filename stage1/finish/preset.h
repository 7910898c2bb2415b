/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* systemd.preset(5): which units are to be enabled; the first rule that matches a unit counts. */
#include "stage1/finish/unit_file.h"

struct preset_rule {
	bool enable;
	bool overlay;  /* stands in a file that no package brought */
	char *pattern; /* of fnmatch(3) */
	struct strv instances;
};

struct presets {
	struct preset_rule *rules;
	size_t n;
};

#define PRESETS_INIT    \
	{               \
		NULL, 0 \
	}
#define _cleanup_presets_ __attribute__((cleanup(presets_done)))

void presets_done(struct presets *p);

/**
 * presets_read() - all preset files of a scope
 * Return: 0; -EBADMSG a line that is none, with file and line; -ENOMEM
 */
int presets_read(const struct tree *t, enum unit_scope scope, struct presets *p,
		 struct err *e) must_check;

/** presets_find() - the rule for a unit, or NULL */
const struct preset_rule *presets_find(const struct presets *p, const char *unit);
