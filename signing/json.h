/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Signed things that are JSON: read strictly, as they come from whoever wants them believed. */
#include "base/buf.h"
#include "base/err.h"
#include "base/json_cleanup.h"

/**
 * json_read_object() - one JSON object and nothing behind it
 * @depth: how deep it may be nested
 * Return: 0; -EBADMSG; -ENOMEM
 */
int json_read_object(const char *data, size_t len, int depth, struct json_object **ret,
		     struct err *e) must_check;

/** json_read_line() - json_read_object(), of a file: a newline may end it */
int json_read_line(const char *data, size_t len, int depth, struct json_object **ret,
		   struct err *e) must_check;

/**
 * json_read_string() - a member
 * Return: 0 and the text, borrowed; -EBADMSG there is none, or one with a NUL, of which others read more
 */
int json_read_string(struct json_object *o, const char *key, const char **ret,
		     struct err *e) must_check;

/** json_find_list() - a member's elements; Return: how many; 0: there is no such list, or nothing in it */
size_t json_find_list(struct json_object *o, const char *key, struct json_object **ret) must_check;

/** json_read_base64() - a member's bytes are appended; Return: 0; -EBADMSG; -ENOMEM */
int json_read_base64(struct json_object *o, const char *key, struct buf *ret,
		     struct err *e) must_check;
