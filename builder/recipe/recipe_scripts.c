/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts: maintainer scripts that the recipe's writer has read and answers for. */
#include "builder/recipe/recipe_fields.h"

FIELD_FN(script_package)
{
	return yaml_string(v, &((struct recipe_script *)target)->package, e);
}

FIELD_FN(script_name)
{
	return yaml_string(v, &((struct recipe_script *)target)->script, e);
}

FIELD_FN(script_sha256)
{
	struct recipe_script *s = target;
	_cleanup_free_ char *hex = NULL;

	int rc = yaml_string(v, &hex, e);
	if (rc < 0)
		return rc;
	if (hex_decode(hex, s->sha256, SHA256_BYTES) < 0)
		return yaml_error(v, e,
				  "\"%s\" is not a SHA-256 in hex: slipway scripts prints the one "
				  "that belongs here",
				  hex);
	return 0;
}

FIELD_FN(script_why)
{
	return yaml_string(v, &((struct recipe_script *)target)->why, e);
}

FIELD_FN(add_script)
{
	static const struct yaml_field fields[] = { { "package", true, script_package },
						    { "script", true, script_name },
						    { "sha256", true, script_sha256 },
						    { "why", true, script_why } };
	struct recipe *r = target;
	struct recipe_script *s = recipe_grow((void **)&r->scripts, &r->n_scripts, sizeof(*s));

	if (!s)
		return err_oom(e);
	s->shared = recipe_is_shared(r, v);
	return yaml_map(v, fields, ARRAY_SIZE(fields), s, e);
}

int recipe_set_scripts(const struct yaml_value *v, void *target, struct err *e)
{
	return yaml_each(v, add_script, target, e);
}
