/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/changes.h"
#include "builder/cli/json.h"

static struct json_object *side(const struct summary *s)
{
	struct json_object *o = json_object_new_object();

	json_put_text(o, "name", s->name);
	json_put_text(o, "version", s->version);
	json_put_text(o, "kernel", s->kernel);
	if (s->has_root_hash)
		json_put_hex(o, "root_hash", s->root_hash, sizeof(s->root_hash));
	else
		json_put_str(o, "root_hash", NULL);
	json_put_u64(o, "packages", s->packages.n);
	json_put_u64(o, "size_bytes", s->usr_bytes);
	json_put_u64(o, "content_bytes", s->content_bytes);
	return o;
}

static struct json_object *bytes(const struct change *x, int w)
{
	return (w ? x->b : x->a) ? json_object_new_uint64(x->bytes[w]) : NULL;
}

static struct json_object *change(enum change_section section, const struct change *x)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "what", x->what);
	json_put_str(o, "a", x->a);
	json_put_str(o, "b", x->b);
	if (section == CHANGES_PACKAGES || section == CHANGES_FILES) {
		json_put(o, "bytes_a", bytes(x, 0));
		json_put(o, "bytes_b", bytes(x, 1));
	}
	if (section == CHANGES_FILES) {
		_cleanup_strv_ struct strv how = STRV_INIT;
		if (strv_split(&how, x->how ? x->how : "", ", ") == 0)
			json_put_strings(o, "differs", &how);
		json_put_str(o, "package", x->package);
		json_put_str(o, "origin", x->origin);
		json_put(o, "follows", json_object_new_boolean(x->follows));
	}
	return o;
}

int changes_print_json(struct cli *cli, const struct changes *c, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "equal", json_object_new_boolean(c->equal));
	json_put(o, "a", side(c->s[0]));
	json_put(o, "b", side(c->s[1]));
	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++) {
		struct json_object *list = json_object_new_array();
		for (size_t k = 0; list && k < c->sections[i].n; k++)
			json_object_array_add(list, change(i, &c->sections[i].v[k]));
		json_put(o, changes_key(i), list);
	}
	return cli_json_print(cli, o, e);
}
