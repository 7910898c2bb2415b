/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/json.h"

#include "base/path.h"

void json_put(struct json_object *o, const char *key, struct json_object *value)
{
	if (!o || json_object_object_add(o, key, value) < 0)
		json_object_put(value);
}

void json_put_str(struct json_object *o, const char *key, const char *value)
{
	json_put(o, key, value ? json_object_new_string(value) : NULL);
}

void json_put_text(struct json_object *o, const char *key, const char *text)
{
	_cleanup_free_ char *quoted = text ? path_quote(text) : NULL;

	json_put_str(o, key, quoted);
}

void json_put_u64(struct json_object *o, const char *key, uint64_t value)
{
	json_put(o, key, json_object_new_uint64(value));
}

void json_put_hex(struct json_object *o, const char *key, const uint8_t *data, size_t len)
{
	_cleanup_free_ char *hex = malloc(2 * len + 1);

	if (hex)
		hex_encode(data, len, hex);
	json_put_str(o, key, hex);
}

void json_put_strings(struct json_object *o, const char *key, const struct strv *values)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < values->n; i++)
		json_object_array_add(list, json_object_new_string(values->v[i]));
	json_put(o, key, list);
}

int cli_json_print(struct cli *c, struct json_object *o, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *owned unused_ = o;
	const char *text =
		o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_SPACED |
							      JSON_C_TO_STRING_NOSLASHESCAPE)
		  : NULL;

	if (!text)
		return err_oom(e);
	cli_progress_end(c->progress);
	if (puts(text) < 0 || fflush(stdout) != 0)
		return err_sys(e, -errno, "standard output");
	return 0;
}

static struct json_object *suite(const struct lock_suite *s)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "suite", s->suite);
	json_put_str(o, "component", s->component);
	json_put_u64(o, "date", s->date);
	json_put_hex(o, "inrelease_sha256", s->inrelease_sha256, SHA256_BYTES);
	json_put_strings(o, "signers", &s->signers);
	return o;
}

static struct json_object *list_ids(const struct ids *ids, enum id_kind kind)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < ids->n; i++) {
		const struct id *d = &ids->v[i];
		struct json_object *o = d->kind == kind ? json_object_new_object() : NULL;
		if (!o)
			continue;
		json_put_str(o, "name", d->name);
		json_put_u64(o, "id", d->number);
		json_put(o, "used", json_object_new_boolean(d->used));
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *json_of_lock(const struct lock *l, const char *path)
{
	struct json_object *o = json_object_new_object(), *suites = json_object_new_array();
	uint64_t bytes = 0;

	for (size_t i = 0; i < l->n_packages; i++)
		bytes += l->packages[i].size_bytes;
	for (size_t i = 0; suites && i < l->n_suites; i++)
		json_object_array_add(suites, suite(&l->suites[i]));
	json_put_str(o, "lock", path);
	json_put_str(o, "arch", l->arch);
	json_put_str(o, "builder", l->builder);
	json_put_u64(o, "epoch", l->epoch);
	json_put_u64(o, "packages", l->n_packages);
	json_put_u64(o, "package_bytes", bytes);
	json_put(o, "suites", suites);
	json_put(o, "groups", list_ids(&l->ids, ID_GROUP));
	json_put(o, "users", list_ids(&l->ids, ID_USER));
	return o;
}
