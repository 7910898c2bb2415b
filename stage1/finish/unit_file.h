/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* systemd units of a tree: where they are, what their [Install] sections ask for, what presets say. */
#include "base/strv.h"
#include "stage1/tree/tree.h"

enum unit_scope { UNIT_SYSTEM, UNIT_USER };

/** unit_etc_dir() - where links that enable units are made: "etc/systemd/system" */
const char *unit_etc_dir(enum unit_scope scope);

/** unit_name_is_valid() - "name.type", "name@.type" or "name@instance.type", with a type of systemd's */
bool unit_name_is_valid(const char *name);

/** unit_template_name() - "getty@.service" of "getty@tty1.service"; on the heap, NULL: no memory or no instance */
char *unit_template_name(const char *name) must_check;

struct unit_install {
	char *name; /* the unit's own name, or for an instance the instance's */
	char *path; /* of its file in the tree: for an instance, of the template */
	bool has_install;
	bool masked;
	struct strv wanted_by, required_by, upheld_by, alias, also;
	char *default_instance; /* or NULL */
};

void unit_install_done(struct unit_install *u);
#define _cleanup_unit_install_ __attribute__((cleanup(unit_install_done)))

/**
 * unit_find() - the path of a unit's file, an instance's template included
 * @ret_path: on the heap; not resolved if it is a symlink
 * Return: 0; -ENOENT (without a message); -ENOMEM
 */
int unit_find(const struct tree *t, enum unit_scope scope, const char *name, char **ret_path,
	      struct err *e) must_check;

/**
 * unit_read_install() - find a unit, follow its symlink to the unit that it is a name of, and read the
 * [Install] sections of its file and drop-ins, specifiers expanded
 * Return: 0; -ENOENT no such unit (without a message); -ELOOP symlinks in a circle; -EBADMSG; -EINVAL a
 *         specifier that has no value in an image; -ENOMEM
 * Spec: systemd.unit(5)
 */
int unit_read_install(const struct tree *t, enum unit_scope scope, const char *name,
		      struct unit_install *ret, struct err *e) must_check;

/** unit_near_names() - up to three names of units that are like @name, ", "-separated; "" for none */
int unit_near_names(const struct tree *t, enum unit_scope scope, const char *name, char **ret,
		    struct err *e) must_check;
