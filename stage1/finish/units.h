/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Parts of the units finisher. */
#include "stage1/finish/finish.h"
#include "stage1/finish/unit_file.h"

/**
 * units_from_scripts() - append the units that packages enable when they are installed
 *
 * These are the deb-systemd-helper calls of postinst scripts that debhelper writes: "enable UNIT",
 * unless the script asks first whether the unit was installed before ("debian-installed UNIT", for
 * packages that leave it off). What systemd's own postinst enables by hand is in a table.
 * Return: 0; -EBADMSG a script that is no text; -ENOMEM
 */
int units_from_scripts(const struct finish_params *p, enum unit_scope scope, struct strv *units,
		       struct err *e) must_check;

/**
 * units_link() - make the symlinks that enable a unit
 * Return: 0; -EEXIST something else is where a link would be; -EBADMSG a name in its [Install] section
 *         that is none; -ENOMEM
 */
int units_link(const struct finish_params *p, enum unit_scope scope, const struct unit_install *u,
	       struct err *e) must_check;

/** units_unlink() - remove every symlink in etc that enables one of these units */
void units_unlink(const struct finish_params *p, enum unit_scope scope, const struct strv *units);

/**
 * units_mask() - symlink to /dev/null
 * Return: 0; -EEXIST the unit's own file is in etc; -ENOMEM
 */
int units_mask(const struct finish_params *p, enum unit_scope scope, const char *unit,
	       struct err *e) must_check;
