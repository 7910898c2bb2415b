/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index as text. Reading is strict: a key is there, and of its type, or it is no index. */
#include "base/utc.h"
#include "builder/publish/index.h"
#include "builder/publish/version.h"
#include "signing/json.h"

#define FORMAT	  1
#define DEPTH	  8
#define BYTES_MAX (16 * MiB)

/* ---- writing: NULL for what could not be made, which is noticed at the end ------------------- */

static void put(struct json_object *o, const char *key, struct json_object *v, bool *failed)
{
	if (!o || !v || json_object_object_add(o, key, v) < 0) {
		json_object_put(v);
		*failed = true;
	}
}

static void put_text(struct json_object *o, const char *key, const char *text, bool *failed)
{
	if (text)
		put(o, key, json_object_new_string(text), failed);
	else if (json_object_object_add(o, key, NULL) < 0)
		*failed = true;
}

static void put_digest(struct json_object *o, const char *key, const uint8_t d[SHA256_BYTES],
		       bool *failed)
{
	char hex[SHA256_HEX];

	hex_encode(d, SHA256_BYTES, hex);
	put_text(o, key, hex, failed);
}

static struct json_object *json_of_file(const struct publish_file *f, enum publish_kind k,
					bool *failed)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "kind", publish_kind_name(k), failed);
	put_text(o, "name", f->name, failed);
	put(o, "bytes", json_object_new_uint64(f->bytes), failed);
	put_digest(o, "sha256", f->sha256, failed);
	put(o, "content_bytes", json_object_new_uint64(f->content_bytes), failed);
	put_digest(o, "content_sha256", f->content_sha256, failed);
	return o;
}

/* Of the kinds from @k on, up to @end. */
static struct json_object *json_of_files(const struct publish_version *v, enum publish_kind k,
					 enum publish_kind end, bool *failed)
{
	struct json_object *files = json_object_new_array();

	for (; files && k < end; k++)
		if (v->files[k].name &&
		    json_object_array_add(files, json_of_file(&v->files[k], k, failed)) < 0)
			*failed = true;
	return files;
}

static struct json_object *json_of_version(const struct publish_version *v, bool *failed)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "version", v->version, failed);
	put_digest(o, "root_hash", v->root_hash, failed);
	put_digest(o, "certificate", v->certificate, failed);
	if (v->has_lock)
		put_digest(o, "lock_sha256", v->lock_sha256, failed);
	else
		put_text(o, "lock_sha256", NULL, failed);
	put(o, "files", json_of_files(v, 0, PUBLISH_N_FOR_NODES, failed), failed);
	put(o, "evidence", json_of_files(v, PUBLISH_N_FOR_NODES, PUBLISH_N_KINDS, failed), failed);
	return o;
}

int publish_index_format(const struct publish_index *i, struct buf *ret, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = json_object_new_object();
	struct json_object *versions = json_object_new_array();
	bool failed = !o || !versions;

	if (!failed) {
		put(o, "format", json_object_new_int(FORMAT), &failed);
		put_text(o, "name", i->name, &failed);
		put_text(o, "architecture", i->arch, &failed);
		put_text(o, "channel", i->channel, &failed);
		put(o, "serial", json_object_new_uint64(i->serial), &failed);
		put_text(o, "signing_key", i->signing_key, &failed);
		put_text(o, "minimum_version", i->minimum_version, &failed);
		put_text(o, "dropped_version", i->dropped_version, &failed);
		put_text(o, "best_before", i->best_before, &failed);
	}
	for (size_t k = 0; !failed && k < i->n_versions; k++)
		if (json_object_array_add(versions, json_of_version(&i->versions[k], &failed)) < 0)
			failed = true;
	put(o, "versions", versions, &failed);
	const char *text =
		failed ? NULL
		       : json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								   JSON_C_TO_STRING_SPACED |
								   JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return err_oom(e);
	buf_printf(ret, "%s\n", text);
	return buf_failed(ret) ? err_oom(e) : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int get(struct json_object *o, const char *key, json_type type, struct json_object **ret,
	       struct err *e)
{
	if (!json_object_object_get_ex(o, key, ret) || !json_object_is_type(*ret, type))
		return err_set(e, -EBADMSG, "\"%s\" is missing, or not %s", key,
			       json_type_to_name(type));
	return 0;
}

static int get_u64(struct json_object *o, const char *key, uint64_t *ret, struct err *e)
{
	struct json_object *v;
	int r = get(o, key, json_type_int, &v, e);

	if (r == 0 && json_object_get_int64(v) < 0)
		r = err_set(e, -EBADMSG, "\"%s\" is negative", key);
	if (r == 0)
		*ret = json_object_get_uint64(v);
	return r;
}

static int get_text(struct json_object *o, const char *key, char **ret, struct err *e)
{
	struct json_object *v;
	int r = get(o, key, json_type_string, &v, e);

	if (r < 0)
		return r;
	*ret = strdup(json_object_get_string(v));
	return *ret ? 0 : err_oom(e);
}

static bool is_null(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && !v;
}

static int get_digest(struct json_object *o, const char *key, uint8_t ret[SHA256_BYTES],
		      struct err *e)
{
	struct json_object *v;
	int r = get(o, key, json_type_string, &v, e);

	if (r == 0 && hex_decode(json_object_get_string(v), ret, SHA256_BYTES) < 0)
		r = err_set(e, -EBADMSG, "\"%s\" is not 64 hex digits", key);
	return r;
}

/* A name that is no path: it is opened in the channel's directory. */
static int check_name(const char *name, struct err *e)
{
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > 255)
		return err_set(e, -EBADMSG, "\"%.80s\" is no name of a published file", name);
	return 0;
}

static int parse_file(struct json_object *o, struct publish_file *f, struct err *e)
{
	int r = get_text(o, "name", &f->name, e);

	if (r == 0)
		r = check_name(f->name, e);
	if (r == 0)
		r = get_u64(o, "bytes", &f->bytes, e);
	if (r == 0)
		r = get_digest(o, "sha256", f->sha256, e);
	if (r == 0)
		r = get_u64(o, "content_bytes", &f->content_bytes, e);
	return r < 0 ? r : get_digest(o, "content_sha256", f->content_sha256, e);
}

/* Of each kind from @k on, up to @end, at most one, in their order. */
static int parse_files(struct json_object *list, enum publish_kind k, enum publish_kind end,
		       struct publish_version *v, struct err *e)
{
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		_cleanup_free_ char *kind = NULL;
		int r = get_text(o, "kind", &kind, e);
		while (r == 0 && k < end && !str_eq(kind, publish_kind_name(k)))
			k++;
		if (r == 0 && k == end)
			r = err_set(e, -EBADMSG, "file of kind \"%.32s\" where none is to be",
				    kind);
		if (r == 0)
			r = parse_file(o, &v->files[k++], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Channels of before there was evidence have no such key. */
static int parse_evidence(struct json_object *o, struct publish_version *v, struct err *e)
{
	struct json_object *list;

	if (!json_object_object_get_ex(o, "evidence", &list))
		return 0;
	int r = get(o, "evidence", json_type_array, &list, e);
	return r < 0 ? r : parse_files(list, PUBLISH_N_FOR_NODES, PUBLISH_N_KINDS, v, e);
}

static int parse_version(struct json_object *o, struct publish_version *v, struct err *e)
{
	struct json_object *files;

	int r = get_text(o, "version", &v->version, e);
	if (r == 0 && !version_is_valid(v->version))
		r = err_set(e, -EBADMSG, "\"%.80s\" is no version", v->version);
	if (r == 0)
		r = get_digest(o, "root_hash", v->root_hash, e);
	if (r == 0)
		r = get_digest(o, "certificate", v->certificate, e);
	v->has_lock = !is_null(o, "lock_sha256");
	if (r == 0 && v->has_lock)
		r = get_digest(o, "lock_sha256", v->lock_sha256, e);
	if (r == 0)
		r = get(o, "files", json_type_array, &files, e);
	if (r == 0 && json_object_array_length(files) != PUBLISH_N_FOR_NODES)
		r = err_set(e, -EBADMSG, "version %s has not %d files", v->version,
			    PUBLISH_N_FOR_NODES);
	if (r == 0)
		r = parse_files(files, 0, PUBLISH_N_FOR_NODES, v, e);
	return r < 0 ? r : parse_evidence(o, v, e);
}

static int parse_versions(struct json_object *list, struct publish_index *i, struct err *e)
{
	size_t n = json_object_array_length(list);
	int r = n > PUBLISH_VERSIONS_MAX ? err_set(e, -EBADMSG, "%zu versions", n) : 0;

	for (size_t k = 0; r == 0 && k < n; k++) {
		struct publish_version v = { 0 };
		r = parse_version(json_object_array_get_idx(list, k), &v, e);
		if (r == 0 && publish_index_find(i, v.version))
			r = err_set(e, -EBADMSG, "version %s is there twice", v.version);
		if (r == 0)
			r = publish_index_put(i, &v, e);
		publish_version_done(&v);
	}
	return r;
}

static int get_optional(struct json_object *o, const char *key, char **ret, struct err *e)
{
	return is_null(o, key) ? 0 : get_text(o, key, ret, e);
}

static int get_version(struct json_object *o, const char *key, char **ret, struct err *e)
{
	int r = get_optional(o, key, ret, e);

	return r == 0 && *ret && !version_is_valid(*ret)
		       ? err_set(e, -EBADMSG, "\"%.80s\" is no version", *ret)
		       : r;
}

static int parse_index(struct json_object *o, struct publish_index *i, struct err *e)
{
	struct json_object *versions;
	uint64_t format, seconds;

	int r = get_u64(o, "format", &format, e);
	if (r == 0 && format != FORMAT)
		r = err_set(e, -EBADMSG, "format %llu is of another version of slipway",
			    (unsigned long long)format);
	if (r == 0)
		r = get_text(o, "name", &i->name, e);
	if (r == 0)
		r = get_text(o, "architecture", &i->arch, e);
	if (r == 0)
		r = get_text(o, "channel", &i->channel, e);
	if (r == 0)
		r = get_u64(o, "serial", &i->serial, e);
	if (r == 0)
		r = get_text(o, "signing_key", &i->signing_key, e);
	if (r == 0)
		r = get_version(o, "minimum_version", &i->minimum_version, e);
	/* Channels of before it was noted have no such key. */
	if (r == 0 && json_object_object_get_ex(o, "dropped_version", NULL))
		r = get_version(o, "dropped_version", &i->dropped_version, e);
	if (r == 0)
		r = get_optional(o, "best_before", &i->best_before, e);
	if (r == 0 && i->best_before && utc_parse(i->best_before, &seconds) < 0)
		r = err_set(e, -EBADMSG, "\"%.80s\" is no time", i->best_before);
	if (r == 0)
		r = get(o, "versions", json_type_array, &versions, e);
	return r < 0 ? r : parse_versions(versions, i, e);
}

int publish_index_parse(const void *data, size_t len, struct publish_index **ret, struct err *e)
{
	_cleanup_(publish_index_free) struct publish_index *i = calloc(1, sizeof(*i));
	_cleanup_(json_object_put) struct json_object *o = NULL;

	if (!i)
		return err_oom(e);
	if (len > BYTES_MAX)
		return err_set(e, -EBADMSG, "it is too long");
	int r = json_read_line(data, len, DEPTH, &o, e);
	if (r == 0)
		r = parse_index(o, i, e);
	if (r == 0)
		*ret = TAKE_PTR(i);
	return r;
}
