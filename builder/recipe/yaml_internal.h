/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What reading a file as YAML and asking its values have in common. */
#include "builder/recipe/yaml.h"

struct yaml_doc {
	char *name;
	char *text; /* libfyaml's nodes point into it */
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct fy_document *fyd;
};

/** yaml_first_token() - where a node begins: a mapping or sequence has no token of its own, what is in it has */
struct fy_token *yaml_first_token(struct fy_node *node);

/**
 * yaml_value_at() - a value and its position
 *
 * A scalar stands where it stands; another value where its key does, or if it has none, where it begins.
 */
struct yaml_value yaml_value_at(const struct yaml_doc *d, struct fy_node *node,
				struct fy_node *key_node, const char *key);
