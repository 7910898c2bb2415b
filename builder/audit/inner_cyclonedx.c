/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As builder/attest/cyclonedx.c writes it: files are components of the component that they are from. */
#include "builder/attest/sbom.h"
#include "builder/audit/inner_sbom_internal.h"
#include "signing/json.h"

static const struct inner_pair digest = { "hashes", "alg", "SHA-256", "content" };

static int take_package(struct inner_sbom *s, struct json_object *o, struct err *e)
{
	struct inner_package *p = &s->packages[s->n_packages++];

	int r = json_read_string(o, "bom-ref", &p->id, e);
	if (r == 0)
		r = json_read_string(o, "name", &p->name, e);
	if (r == 0)
		r = inner_read_optional(o, "group", &p->group, e);
	if (r == 0)
		r = inner_read_optional(o, "version", &p->version, e);
	if (r == 0)
		r = inner_read_optional(o, "purl", &p->purl, e);
	return r < 0 ? r : inner_read_pair(o, &digest, &p->sha256, e);
}

static int take_file(struct inner_sbom *s, struct json_object *o, const char *from, struct err *e)
{
	static const struct inner_pair symlink = { "properties", "name", SBOM_SYMLINK_PROPERTY,
						   "value" };
	struct inner_file *f = &s->files[s->n_files++];
	const char *name, *target = "";

	f->from = from;
	int r = json_read_string(o, "name", &name, e);
	if (r == 0)
		r = inner_read_after(name, "/usr/", &f->path, e);
	if (r < 0)
		return r;
	r = inner_read_pair(o, &digest, &f->sha256, e);
	if (r == 0)
		r = inner_read_pair(o, &symlink, &target, e);
	if (r == 0 && *target && *f->sha256)
		r = err_set(e, -EBADMSG, "a symlink has no digest here");
	f->target = span_of(target);
	return r < 0 ? err_wrap(e, r, "%s", name) : 0;
}

static int take_component(struct inner_sbom *s, struct json_object *o, struct err *e)
{
	struct json_object *files;
	size_t n = json_find_list(o, "components", &files);
	int r = take_package(s, o, e);

	const char *id = r == 0 ? s->packages[s->n_packages - 1].id : NULL;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = take_file(s, json_object_array_get_idx(files, i), id, e);
	return r;
}

static size_t count_files(struct json_object *components, size_t n)
{
	struct json_object *files;
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += json_find_list(json_object_array_get_idx(components, i), "components",
				      &files);
	return all;
}

/* The image itself stands elsewhere. */
static int take_image(struct inner_sbom *s, struct err *e)
{
	struct json_object *metadata, *image;

	return json_object_object_get_ex(s->document, "metadata", &metadata) &&
			       json_object_object_get_ex(metadata, "component", &image)
		       ? take_package(s, image, e)
		       : 0;
}

int inner_take_cyclonedx(struct inner_sbom *s, struct err *e)
{
	struct json_object *components;
	size_t n = json_find_list(s->document, "components", &components);

	int r = inner_reserve(s, n + 1, count_files(components, n), e);
	if (r == 0)
		r = take_image(s, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = take_component(s, json_object_array_get_idx(components, i), e);
	return r;
}
