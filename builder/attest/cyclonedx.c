/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CycloneDX 1.6. Files are components of the package, or what else they come from; those of other parts
 * of the disk are components of these parts, and a property says what they were made of.
 * Spec: CycloneDX 1.6 (ECMA-424) and its schema
 */
#include "base/utc.h"
#include "builder/attest/sbom_internal.h"

struct cyclonedx {
	const struct sbom *s;
	struct json_writer w;
	char timestamp[UTC_CHARS];
};

static void put_hashes(struct json_writer *w, const uint8_t *sha256)
{
	json_member_open(w, "hashes", '[');
	json_open(w, '{');
	json_member(w, "alg", "SHA-256");
	json_key(w, "content");
	json_hex(w, sha256, SHA256_BYTES);
	json_close(w, '}');
	json_close(w, ']');
}

static void put_property(struct json_writer *w, const char *name, const char *value)
{
	json_open(w, '{');
	json_member(w, "name", name);
	json_member(w, "value", value);
	json_close(w, '}');
}

static void put_tool(struct json_writer *w)
{
	json_open(w, '{');
	json_member(w, "type", "application");
	json_member(w, "name", SBOM_TOOL);
	json_member(w, "version", SLIPWAY_VERSION);
	json_close(w, '}');
}

static void put_metadata(struct cyclonedx *x)
{
	struct json_writer *w = &x->w;

	json_member_open(w, "metadata", '{');
	json_member(w, "timestamp", x->timestamp);
	json_member_open(w, "lifecycles", '[');
	json_open(w, '{');
	json_member(w, "phase", "build");
	json_close(w, '}');
	json_close(w, ']');
	json_member_open(w, "tools", '{');
	json_member_open(w, "components", '[');
	put_tool(w);
	json_close(w, ']');
	json_close(w, '}');
	json_member_open(w, "component", '{');
	json_member(w, "type", "operating-system");
	json_member(w, "bom-ref", "Image");
	json_member(w, "name", x->s->recipe->name);
	json_member(w, "version", x->s->recipe->version);
	json_close(w, '}');
	json_close(w, '}');
}

/* @origin: where the file comes from, when what it is listed in does not say so; or NULL */
static void put_file(struct json_writer *w, const struct inventory_file *f,
		     const struct component *origin)
{
	json_open(w, '{');
	json_member(w, "type", "file");
	json_memberf(w, "name", "/%s", f->path);
	if (!tree_is_symlink(f->node))
		put_hashes(w, f->sha256);
	if (origin || tree_is_symlink(f->node)) {
		json_member_open(w, "properties", '[');
		if (origin)
			put_property(w, "slipway:origin", origin->id);
		if (tree_is_symlink(f->node))
			put_property(w, SBOM_SYMLINK_PROPERTY, f->node->inode->target);
		json_close(w, ']');
	}
	json_close(w, '}');
}

/* Those of the system that come from a component. */
static void put_system_files(struct cyclonedx *x, const struct component *c)
{
	for (size_t i = 0; i < x->s->n_parts; i++) {
		const struct sbom_part *p = &x->s->parts[i];
		for (size_t k = 0; p->is_system && k < p->files->n; k++)
			if (sbom_comes_from(c, &p->files->v[k]))
				put_file(&x->w, &p->files->v[k], NULL);
	}
}

static void put_supplier(struct json_writer *w, const struct component *c)
{
	if (!c->maintainer)
		return;
	json_member_open(w, "supplier", '{');
	json_member(w, "name", c->maintainer);
	if (c->email) {
		json_member_open(w, "contact", '[');
		json_open(w, '{');
		json_member(w, "email", c->email);
		json_close(w, '}');
		json_close(w, ']');
	}
	json_close(w, '}');
}

/* What only packages have. */
static void put_package_fields(struct json_writer *w, const struct component *c)
{
	put_supplier(w, c);
	json_member(w, "name", c->name);
	json_member(w, "version", c->locked->version);
	put_hashes(w, c->locked->sha256);
	if (c->licence) {
		json_member_open(w, "licenses", '[');
		json_open(w, '{');
		json_member(w, "expression", c->licence);
		json_member(w, "acknowledgement", "declared");
		json_close(w, '}');
		json_close(w, ']');
	}
	json_member(w, "purl", c->purl);
	json_member_open(w, "properties", '[');
	put_property(w, "slipway:source-package", c->source);
	put_property(w, "slipway:source-version", c->source_version);
	json_close(w, ']');
}

static void put_component(struct cyclonedx *x, const struct component *c)
{
	struct json_writer *w = &x->w;

	json_open(w, '{');
	json_member(w, "type", c->locked ? "library" : "data");
	json_member(w, "bom-ref", c->id);
	if (c->locked) {
		put_package_fields(w, c);
	} else {
		json_member(w, "group", component_kind_name(c->kind));
		json_member(w, "name", c->name);
	}
	if (sbom_has_files(x->s, c)) {
		json_member_open(w, "components", '[');
		put_system_files(x, c);
		json_close(w, ']');
	}
	json_close(w, '}');
}

/* By its number, as BOMs link to each other; and by what its text is. */
static void put_inner(struct json_writer *w, const struct sbom_document *inner)
{
	json_member_open(w, "externalReferences", '[');
	json_open(w, '{');
	json_member(w, "type", "bom");
	json_memberf(w, "url", "urn:cdx:%s/1", inner->uuid);
	put_hashes(w, inner->sha256);
	json_close(w, '}');
	json_close(w, ']');
}

static void put_part_files(struct cyclonedx *x, const struct sbom_part *p)
{
	json_member_open(&x->w, "components", '[');
	for (size_t i = 0; i < p->files->n; i++) {
		const struct inventory_file *f = &p->files->v[i];
		put_file(&x->w, f, components_find(x->s->components, f->node->inode->origin));
	}
	json_close(&x->w, ']');
}

static void put_part(struct cyclonedx *x, const struct sbom_part *p)
{
	struct json_writer *w = &x->w;

	json_open(w, '{');
	json_member(w, "type", "data");
	json_member(w, "bom-ref", p->id);
	json_member(w, "name", p->name);
	json_member(w, "version", x->s->recipe->version);
	if (p->comment)
		json_member(w, "description", p->comment);
	if (p->sha256)
		put_hashes(w, p->sha256);
	json_member_open(w, "properties", '[');
	put_property(w, "slipway:inside", p->inside ? p->inside : "Image");
	if (p->file)
		put_property(w, "slipway:output", p->file);
	json_close(w, ']');
	if (p->is_system && x->s->inner)
		put_inner(w, x->s->inner);
	if (p->files && !p->is_system)
		put_part_files(x, p);
	json_close(w, '}');
}

static void put_components(struct cyclonedx *x)
{
	const struct sbom *s = x->s;

	json_member_open(&x->w, "components", '[');
	for (size_t i = 0; i < s->n_parts; i++)
		put_part(x, &s->parts[i]);
	for (size_t i = 0; i < s->components->n; i++)
		put_component(x, &s->components->v[i]);
	json_close(&x->w, ']');
}

/* Nothing of the image is missing here. */
static void put_compositions(struct json_writer *w)
{
	json_member_open(w, "compositions", '[');
	json_open(w, '{');
	json_member(w, "aggregate", "complete");
	json_member_open(w, "assemblies", '[');
	json_string(w, "Image");
	json_close(w, ']');
	json_close(w, '}');
	json_close(w, ']');
}

static void put_annotation(struct cyclonedx *x, const char *text)
{
	struct json_writer *w = &x->w;

	json_open(w, '{');
	json_member_open(w, "subjects", '[');
	json_string(w, "Image");
	json_close(w, ']');
	json_member_open(w, "annotator", '{');
	json_key(w, "component");
	put_tool(w);
	json_close(w, '}');
	json_member(w, "timestamp", x->timestamp);
	json_member(w, "text", text);
	json_close(w, '}');
}

static int put_annotations(struct cyclonedx *x, struct err *e)
{
	_cleanup_strv_ struct strv departures = STRV_INIT;

	int r = sbom_departures(x->s, &departures, e);
	if (r < 0)
		return r;
	json_member_open(&x->w, "annotations", '[');
	for (size_t i = 0; i < departures.n; i++)
		put_annotation(x, departures.v[i]);
	json_close(&x->w, ']');
	return 0;
}

int sbom_cyclonedx(const struct sbom *s, struct sbom_document *ret, struct err *e)
{
	struct cyclonedx x = { .s = s, .w = JSON_WRITER_INIT(&ret->text) };
	struct json_writer *w = &x.w;

	utc_format((uint64_t)s->time, x.timestamp);
	json_open(w, '{');
	json_member(w, "bomFormat", "CycloneDX");
	json_member(w, "specVersion", "1.6");
	json_member(w, "serialNumber", "urn:uuid:" SBOM_NO_UUID);
	json_key(w, "version");
	json_number(w, 1);
	put_metadata(&x);
	put_components(&x);
	put_compositions(w);
	int r = put_annotations(&x, e);
	json_close(w, '}');
	return r < 0 ? r : sbom_finish(ret, e);
}
