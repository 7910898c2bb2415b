/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The recipe's fields from the inside: for the files that read them only. */
#include "builder/recipe/recipe.h"
#include "builder/recipe/yaml.h"

#define FIELD_FN(fn_name) \
	static int fn_name(const struct yaml_value *v, void *target, struct err *e)

#define RECIPE_LOWER  "abcdefghijklmnopqrstuvwxyz"
#define RECIPE_UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define RECIPE_DIGITS "0123456789"

/** recipe_grow() - room for one more item, zeroed, at the end of an array; NULL when out of memory */
void *recipe_grow(void **items, size_t *n, size_t size) must_check;

/** recipe_all_of() - does a string hold only characters of @set? */
bool recipe_all_of(const char *s, const char *set);

/** recipe_get_path() - a path on this machine, relative to the file that it stands in; *ret (freed
 * first) owns it */
int recipe_get_path(const struct yaml_value *v, char **ret, struct err *e) must_check;

/** recipe_add_directory() - recipe_get_path() of a directory that is there, appended to @l */
int recipe_add_directory(const struct yaml_value *v, struct strv *l, struct err *e) must_check;

/** recipe_is_shared() - does a value stand in an included file? */
bool recipe_is_shared(const struct recipe *r, const struct yaml_value *v);

/** recipe_get_image_path() - an absolute path in the image, without ".."; *ret (freed first) owns it */
int recipe_get_image_path(const struct yaml_value *v, char **ret, struct err *e) must_check;

/** recipe_get_package_name() - *ret (freed first) owns it, also after -EINVAL */
int recipe_get_package_name(const struct yaml_value *v, char **ret, struct err *e) must_check;

/** recipe_get_package_names() - a sequence of package names, appended to @l */
int recipe_get_package_names(const struct yaml_value *v, struct strv *l, struct err *e) must_check;

/*
 * One for each key at the recipe's top, as struct yaml_field wants them: @target is the recipe.
 * recipe_packages.c has what goes into /usr, recipe_filesystem.c and recipe_image.c what becomes of it,
 * recipe_node.c what the node does with it.
 */
int recipe_set_repos(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_packages(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_without(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_remove(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_prefer(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_scripts(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_overlay(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_units(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_kernel(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_initrd(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_filesystem(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_layout(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_signing(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_updates(const struct yaml_value *v, void *target, struct err *e) must_check;
int recipe_set_health(const struct yaml_value *v, void *target, struct err *e) must_check;

void recipe_updates_done(struct recipe_updates *u);
