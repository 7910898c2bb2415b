/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Strict reading of YAML into structs: a mapping is described by a table of fields, each with what it
 * expects; unknown, repeated and missing keys and values of the wrong type are errors with
 * file:line:column. Anchors, aliases and tags are not accepted: a recipe is to be read by eye.
 */
#include <libfyaml.h>

#include "base/err.h"
#include "base/strv.h"

struct yaml_doc;

/**
 * yaml_open() - parse a file of at most 1 MiB with one document
 * Return: 0; -EINVAL with position; -ENOENT and other errors of open
 */
int yaml_open(const char *path, struct yaml_doc **ret, struct err *e) must_check;

/** yaml_open_string() - the same for text; @name stands in messages for the path */
int yaml_open_string(const char *name, const char *text, size_t len, struct yaml_doc **ret,
		     struct err *e) must_check;
void yaml_close(struct yaml_doc *d);
DEFINE_CLEANUP(struct yaml_doc *, yaml_close)

/* A value, and where it stands. */
struct yaml_value {
	const struct yaml_doc *doc;
	struct fy_node *node;
	const char *key;  /* the key that it is the value of, or "" */
	int line, column; /* from 1 */
};

struct yaml_field {
	const char *key;
	bool required;
	int (*set)(const struct yaml_value *v, void *target, struct err *e);
};

/** yaml_root() - the document's top value */
struct yaml_value yaml_root(const struct yaml_doc *d);

/** yaml_file() - the name of the file that a value stands in */
const char *yaml_file(const struct yaml_value *v);

/** yaml_error() - "file:line:column: <message>"; Return: -EINVAL */
int yaml_error(const struct yaml_value *v, struct err *e, const char *fmt, ...) printf_format(3, 4);

/** yaml_map() - set each field of a mapping through the table; keys that it lacks are errors */
int yaml_map(const struct yaml_value *v, const struct yaml_field *fields, size_t n, void *target,
	     struct err *e) must_check;

/** yaml_find() - the value of one key, if @v is a mapping that has it; yaml_map() is to judge the rest */
bool yaml_find(const struct yaml_value *v, const char *key, struct yaml_value *ret);

/** yaml_each() - call @fn for each item of a sequence, which may have 10000 */
int yaml_each(const struct yaml_value *v,
	      int (*fn)(const struct yaml_value *item, void *target, struct err *e), void *target,
	      struct err *e) must_check;

/** yaml_is_map() - is it a mapping? */
bool yaml_is_map(const struct yaml_value *v);

/** yaml_string() - a scalar that is not empty and has no control characters; *ret (freed first) owns it */
int yaml_string(const struct yaml_value *v, char **ret, struct err *e) must_check;

/** yaml_choice() - a scalar that is one of @names; *ret is its index */
int yaml_choice(const struct yaml_value *v, const char *const *names, size_t n, size_t *ret,
		struct err *e) must_check;

/** yaml_u64() - a whole number in decimal from @min to @max */
int yaml_u64(const struct yaml_value *v, uint64_t min, uint64_t max, uint64_t *ret,
	     struct err *e) must_check;

/** yaml_size() - bytes, as 4096, 16M or 1G */
int yaml_size(const struct yaml_value *v, uint64_t *ret, struct err *e) must_check;

/** yaml_add_string() - for yaml_each(): an item of yaml_strings(); @target: a struct strv */
int yaml_add_string(const struct yaml_value *item, void *target, struct err *e) must_check;

/** yaml_strings() - a sequence of strings, none twice, appended to @ret */
int yaml_strings(const struct yaml_value *v, struct strv *ret, struct err *e) must_check;
