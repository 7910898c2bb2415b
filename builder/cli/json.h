/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What commands print with --json: one object on standard output, and nothing else there. Keys are
 * described in slipway(1); they may grow in number, none changes its meaning.
 */
#include "base/json_cleanup.h"
#include "builder/cli/cli.h"
#include "builder/repo/lock.h"
#include "builder/stages/build.h"

/*
 * These take NULL for an object that could not be made, and add nothing to it: one check, in
 * cli_json_print(), is enough.
 */
void json_put(struct json_object *o, const char *key, struct json_object *value);
void json_put_str(struct json_object *o, const char *key, const char *value); /* NULL: null */
void json_put_text(struct json_object *o, const char *key, const char *text); /* foreign: escaped */
void json_put_u64(struct json_object *o, const char *key, uint64_t value);
void json_put_hex(struct json_object *o, const char *key, const uint8_t *data, size_t len);
void json_put_strings(struct json_object *o, const char *key, const struct strv *values);

/** cli_json_print() - print and free @o; Return: 0; -ENOMEM; -EIO */
int cli_json_print(struct cli *c, struct json_object *o, struct err *e) must_check;

/** json_of_lock() - the lock's head and how many packages and bytes it names */
struct json_object *json_of_lock(const struct lock *l, const char *path);

/** json_of_build() - the plan, and if @done what was made and what it took; NULL: no memory */
struct json_object *json_of_build(const struct build *b, bool done);
