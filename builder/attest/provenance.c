/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/provenance.h"

#include "signing/dsse.h"
#include "signing/json.h"
#include "verity/fsverity.h"

#define DEPTH_MAX    16
#define SUBJECTS_MAX 64
#define INPUTS_MAX   65536
#define SIGNERS_MAX  64

static const char *const algorithms[] = {
	[PROVENANCE_SHA256] = "sha256",
	[PROVENANCE_FSVERITY] = "fsverity_sha256",
	[PROVENANCE_DIRHASH] = "dirHash",
};

const char *provenance_digest_name(enum provenance_digest kind)
{
	return algorithms[kind];
}

void provenance_free(struct provenance *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_outputs; i++)
		free((char *)(uintptr_t)p->outputs[i].name);
	for (size_t i = 0; i < p->n_inputs; i++) {
		free((char *)(uintptr_t)p->inputs[i].file.name);
		strv_done(&p->inputs[i].signers);
	}
	free(p->outputs);
	free(p->inputs);
	free(p->builder);
	free(p);
}

static int expect_string(struct json_object *o, const char *key, const char *want, struct err *e)
{
	const char *have;

	int r = json_read_string(o, key, &have, e);
	if (r == 0 && !str_eq(have, want))
		return err_set(e, -EBADMSG, "its %s is not %s", key, want);
	return r;
}

static int get_member(struct json_object *o, const char *key, enum json_type type,
		      struct json_object **ret, struct err *e)
{
	if (!json_object_object_get_ex(o, key, ret) || !json_object_is_type(*ret, type))
		return err_set(e, -EBADMSG, "it has no %s \"%s\"", json_type_to_name(type), key);
	return 0;
}

/* @n_kinds: how many of the algorithms may be meant */
static int read_digest(struct json_object *o, size_t n_kinds, struct provenance_file *f,
		       struct err *e)
{
	struct json_object *set, *v;

	int r = get_member(o, "digest", json_type_object, &set, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_kinds; i++) {
		if (!json_object_object_get_ex(set, algorithms[i], &v))
			continue;
		f->kind = (enum provenance_digest)i;
		if (json_object_is_type(v, json_type_string) &&
		    hex_decode(json_object_get_string(v), f->digest, SHA256_BYTES) == 0)
			return 0;
	}
	return err_set(e, -EBADMSG, "%s has no digest that is known here", f->name);
}

static int read_file(struct json_object *o, size_t n_kinds, struct provenance_file *f,
		     struct err *e)
{
	const char *name;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, -EBADMSG, "a file is no object");
	int r = json_read_string(o, "name", &name, e);
	if (r < 0)
		return r;
	f->name = strdup(name);
	return f->name ? read_digest(o, n_kinds, f, e) : err_oom(e);
}

static int read_subjects(struct json_object *o, struct provenance *p, struct err *e)
{
	struct json_object *list;

	int r = get_member(o, "subject", json_type_array, &list, e);
	if (r < 0)
		return r;
	size_t n = json_object_array_length(list);
	if (!n || n > SUBJECTS_MAX)
		return err_set(e, -EBADMSG, "it is of %zu files: 1 to %d are read", n,
			       SUBJECTS_MAX);
	p->outputs = calloc(n, sizeof(*p->outputs));
	if (!p->outputs)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		p->n_outputs++;
		r = read_file(json_object_array_get_idx(list, i), PROVENANCE_DIRHASH,
			      &p->outputs[i], e);
	}
	return r;
}

/* Of an index; nothing else has any. */
static int read_signers(struct json_object *o, struct strv *ret, struct err *e)
{
	struct json_object *annotations, *list;

	if (!json_object_object_get_ex(o, "annotations", &annotations) ||
	    !json_object_object_get_ex(annotations, "signers", &list))
		return 0;
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	if (!n || n > SIGNERS_MAX)
		return err_set(e, -EBADMSG, "its signers are no list of fingerprints");
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_string))
			return err_set(e, -EBADMSG, "its signers are no list of fingerprints");
		if (strv_add(ret, json_object_get_string(v)) < 0)
			return err_oom(e);
	}
	return 0;
}

static int read_inputs(struct json_object *definition, struct provenance *p, struct err *e)
{
	struct json_object *list;

	int r = get_member(definition, "resolvedDependencies", json_type_array, &list, e);
	if (r < 0)
		return r;
	size_t n = json_object_array_length(list);
	if (n > INPUTS_MAX)
		return err_set(e, -EBADMSG, "it is made of %zu inputs: %d are read", n, INPUTS_MAX);
	p->inputs = calloc(n + 1, sizeof(*p->inputs));
	if (!p->inputs)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		p->n_inputs++;
		r = read_file(o, ARRAY_SIZE(algorithms), &p->inputs[i].file, e);
		if (r == 0)
			r = read_signers(o, &p->inputs[i].signers, e);
	}
	return r;
}

static int read_builder(struct json_object *predicate, struct provenance *p, struct err *e)
{
	struct json_object *details, *builder, *versions;
	const char *version;

	int r = get_member(predicate, "runDetails", json_type_object, &details, e);
	if (r == 0)
		r = get_member(details, "builder", json_type_object, &builder, e);
	if (r == 0)
		r = get_member(builder, "version", json_type_object, &versions, e);
	if (r == 0)
		r = json_read_string(versions, "slipway", &version, e);
	if (r < 0)
		return r;
	p->builder = strdup(version);
	return p->builder ? 0 : err_oom(e);
}

static int read_statement(const struct buf *b, struct provenance *p, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = NULL;
	struct json_object *predicate, *definition;

	int r = json_read_line((const char *)b->data, b->len, DEPTH_MAX, &o, e);
	if (r == 0)
		r = expect_string(o, "_type", "https://in-toto.io/Statement/v1", e);
	if (r == 0)
		r = expect_string(o, "predicateType", "https://slsa.dev/provenance/v1", e);
	if (r == 0)
		r = get_member(o, "predicate", json_type_object, &predicate, e);
	if (r == 0)
		r = get_member(predicate, "buildDefinition", json_type_object, &definition, e);
	if (r == 0)
		r = expect_string(definition, "buildType", PROVENANCE_BUILD_TYPE, e);
	if (r == 0)
		r = read_subjects(o, p, e);
	if (r == 0)
		r = read_inputs(definition, p, e);
	return r < 0 ? r : read_builder(predicate, p, e);
}

int provenance_open(const void *data, size_t len, X509 *const *certs, size_t n_certs,
		    struct provenance **ret, struct err *e)
{
	_cleanup_(provenance_free) struct provenance *p = calloc(1, sizeof(*p));
	_cleanup_dsse_ struct dsse envelope = DSSE_INIT;

	if (!p)
		return err_oom(e);
	int r = dsse_open(data, len, PROVENANCE_PAYLOAD_TYPE, certs, n_certs, &envelope, e);
	if (r == 0)
		r = read_statement(&envelope.payload, p, e);
	if (r < 0)
		return err_wrap(e, r, "provenance");
	p->cert = envelope.cert;
	p->our_form = envelope.our_form;
	*ret = TAKE_PTR(p);
	return 0;
}

const struct provenance_input *provenance_input(const struct provenance *p, const char *name)
{
	for (size_t i = 0; i < p->n_inputs; i++)
		if (str_eq(p->inputs[i].file.name, name))
			return &p->inputs[i];
	return NULL;
}

int provenance_check(const struct provenance *p, const char *name, const struct source *src,
		     struct pool *pool, struct err *e)
{
	const struct provenance_file *f = NULL;
	uint8_t digest[SHA256_BYTES];

	for (size_t i = 0; i < p->n_outputs && !f; i++)
		if (str_eq(p->outputs[i].name, name))
			f = &p->outputs[i];
	if (!f)
		return err_set(e, -ENOENT, "provenance: it tells of no %s", name);
	int r = f->kind == PROVENANCE_FSVERITY ? fsverity_digest(src, pool, digest, e)
					       : source_sha256(src, digest, e);
	if (r == -EINVAL)
		return err_wrap(e, -EBADMSG, "provenance: %s", name);
	if (r == 0 && memcmp(digest, f->digest, sizeof(digest)) != 0)
		return err_set(e, -EBADMSG, "provenance: %s is not the file that was built", name);
	return r;
}
