/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * JSON as a text that grows. What it writes lies in the image, so that its bytes must not depend on a
 * library's version; and thousands of files need no object each. Members come in the order of the
 * calls. The members of the document, and the items of its lists, have a line each: such a text can
 * be compared line by line.
 */
#include "base/buf.h"
#include "base/digest.h"

struct json_writer {
	struct buf
		*out; /* borrowed; buf_failed() of it tells at the end whether memory was short */
	unsigned int depth;
	bool more;  /* something stands before in this object or list */
	bool keyed; /* a key stands before */
};

#define JSON_WRITER_INIT(out_) \
	{                      \
		.out = (out_)  \
	}

/** json_open() - begin an object ('{') or a list ('[') */
void json_open(struct json_writer *w, char bracket);
/** json_close() - end what json_open() began ('}' or ']'); the document ends in a newline */
void json_close(struct json_writer *w, char bracket);
/** json_key() - of the next value; a constant of ASCII that needs no escapes */
void json_key(struct json_writer *w, const char *key);
/** json_string() - bytes that are no UTF-8 become U+FFFD */
void json_string(struct json_writer *w, const char *value);
/** json_number() - it has to be below 2^53, or most readers take it for another */
void json_number(struct json_writer *w, uint64_t value);
void json_boolean(struct json_writer *w, bool value);
/** json_hex() - bytes as lowercase hex */
void json_hex(struct json_writer *w, const uint8_t *data, size_t len);

/** json_member() - a key and a string */
void json_member(struct json_writer *w, const char *key, const char *value);
/** json_memberf() - the same of a formatted string */
void json_memberf(struct json_writer *w, const char *key, const char *fmt, ...) printf_format(3, 4);
/** json_member_open() - a key and the begin of its object or list */
void json_member_open(struct json_writer *w, const char *key, char bracket);
