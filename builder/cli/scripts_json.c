/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway scripts --json */
#include "builder/cli/scripts_print.h"

static struct json_object *entry(const struct ledger_entry *n)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "name", n->name);
	json_put_str(o, "does", n->does);
	json_put_strings(o, "by", &n->by);
	json_put_str(o, "because", n->because);
	return o;
}

static struct json_object *parts(const struct ledger_finding *f)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < f->n_parts; i++)
		json_object_array_add(list, entry(f->parts[i]));
	return list;
}

static struct json_object *remarks(const struct ledger_finding *f)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < f->remarks.n; i++) {
		_cleanup_free_ char *text = printable(f->remarks.v[i], strlen(f->remarks.v[i]));
		json_object_array_add(list, text ? json_object_new_string(text) : NULL);
	}
	return list;
}

static struct json_object *script(const struct scripts_report *r, size_t i)
{
	const struct ledger_finding *f = &r->findings[i];
	struct json_object *o = json_object_new_object();

	json_put_str(o, "package", f->package->name);
	json_put_str(o, "version", f->package->version);
	json_put_str(o, "script", f->script);
	json_put_hex(o, "sha256", f->sha256, SHA256_BYTES);
	json_put_str(o, "verdict", scripts_verdict(r, i));
	json_put(o, "parts", parts(f));
	if (f->entry)
		json_put(o, "entry", entry(f->entry));
	if (r->settled[i])
		json_put_str(o, "why", r->settled[i]->why);
	json_put(o, "remarks", remarks(f));
	if (f->verdict == LEDGER_UNKNOWN) {
		_cleanup_free_ char *text = scripts_text(r, f);
		json_put_str(o, "text", text);
	}
	return o;
}

struct json_object *json_of_scripts(const struct scripts_report *r)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; list && i < r->n; i++)
		json_object_array_add(list, script(r, i));
	json_put_u64(o, "unknown", r->n_unknown);
	json_put(o, "scripts", list);
	return o;
}
