/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of reading an inner SBOM: what the formats have in common. */
#include "builder/audit/inner_sbom.h"

/** inner_reserve() - room for as many packages and files as there are lists' elements */
int inner_reserve(struct inner_sbom *s, size_t n_packages, size_t n_files,
		  struct err *e) must_check;

/** inner_read_optional() - as json_read_string(), but "" if there is no such member */
int inner_read_optional(struct json_object *o, const char *key, const char **ret,
			struct err *e) must_check;

/* What a list of pairs says of one name: "hashes": [{"alg": "SHA-256", "content": "…"}] */
struct inner_pair {
	const char *list, *key, *name, *value;
};

/**
 * inner_read_pair() - what is said
 * @ret: "": nothing
 * Return: 0; -EBADMSG it is said twice, or there is something else in the list
 */
int inner_read_pair(struct json_object *o, const struct inner_pair *pair, const char **ret,
		    struct err *e) must_check;

/** inner_read_after() - @text less what all of its kind has in front; Return: 0; -EBADMSG it has not */
int inner_read_after(const char *text, const char *prefix, const char **ret,
		     struct err *e) must_check;

/* The formats: packages and files out of the document, in any order. Return: 0; -EBADMSG; -ENOMEM */
int inner_take_cyclonedx(struct inner_sbom *s, struct err *e) must_check;
int inner_take_spdx(struct inner_sbom *s, struct err *e) must_check;
