/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPDX 2.3. The image is a package that contains its parts; /usr contains the Debian packages, and what
 * else files come from, each of which contains its files. Files of other parts are theirs, and
 * GENERATED_FROM says what they were made of.
 * Spec: SPDX 2.3 and its schema
 */
#include "base/utc.h"
#include "builder/attest/sbom_internal.h"

#define ID SBOM_SPDX_ID

struct spdx {
	const struct sbom *s;
	struct json_writer w;
	char created[UTC_CHARS];
};

static void put_checksum(struct json_writer *w, const char *algorithm, const uint8_t *digest,
			 size_t len)
{
	json_open(w, '{');
	json_member(w, "algorithm", algorithm);
	json_key(w, "checksumValue");
	json_hex(w, digest, len);
	json_close(w, '}');
}

static void put_sha256(struct json_writer *w, const uint8_t *sha256)
{
	json_member_open(w, "checksums", '[');
	put_checksum(w, "SHA256", sha256, SHA256_BYTES);
	json_close(w, ']');
}

static int by_sha1(const void *a, const void *b)
{
	return memcmp(a, b, SHA1_BYTES);
}

/* SHA-1 of the sorted SHA-1s of a package's files, in hex. */
static int verification_code(uint8_t (*sha1)[SHA1_BYTES], size_t n, uint8_t ret[SHA1_BYTES])
{
	_cleanup_buf_ struct buf all = BUF_INIT;
	char hex[SHA1_HEX];

	qsort(sha1, n, SHA1_BYTES, by_sha1);
	for (size_t i = 0; i < n; i++) {
		hex_encode(sha1[i], SHA1_BYTES, hex);
		buf_append_str(&all, hex);
	}
	if (buf_failed(&all))
		return -ENOMEM;
	sha1_bytes(all.data, all.len, ret);
	return 0;
}

/* Of a part's files those of a component, or (NULL) all. */
static size_t collect_sha1(const struct inventory *v, const struct component *c,
			   uint8_t (*ret)[SHA1_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (!c || sbom_comes_from(c, &v->v[i]))
			memcpy(ret[n++], v->v[i].sha1, SHA1_BYTES);
	return n;
}

/* A package whose files are not listed must say so, one whose files are has a code of them. */
static void put_analyzed(struct spdx *x, const struct inventory *v, const struct component *c)
{
	_cleanup_free_ uint8_t(*sha1)[SHA1_BYTES] = v ? calloc(v->n + 1, SHA1_BYTES) : NULL;
	uint8_t code[SHA1_BYTES];

	size_t n = sha1 ? collect_sha1(v, c, sha1) : 0;
	if ((v && !sha1) || (n && verification_code(sha1, n, code) < 0)) {
		x->w.out->failed = true;
		return;
	}
	json_key(&x->w, "filesAnalyzed");
	json_boolean(&x->w, n > 0);
	if (!n)
		return;
	json_member_open(&x->w, "packageVerificationCode", '{');
	json_key(&x->w, "packageVerificationCodeValue");
	json_hex(&x->w, code, sizeof(code));
	json_close(&x->w, '}');
}

static void put_licence(struct json_writer *w, const char *declared)
{
	json_member(w, "licenseConcluded", "NOASSERTION");
	json_member(w, "licenseDeclared", declared ? declared : "NOASSERTION");
	json_member(w, "copyrightText", "NOASSERTION");
}

static int put_departures(struct spdx *x, struct err *e)
{
	_cleanup_strv_ struct strv departures = STRV_INIT;
	struct json_writer *w = &x->w;

	int r = sbom_departures(x->s, &departures, e);
	if (r < 0 || !departures.n)
		return r;
	json_member_open(w, "annotations", '[');
	for (size_t i = 0; i < departures.n; i++) {
		json_open(w, '{');
		json_member(w, "annotationDate", x->created);
		json_member(w, "annotationType", "OTHER");
		json_member(w, "annotator", "Tool: " SBOM_TOOL "-" SLIPWAY_VERSION);
		json_member(w, "comment", departures.v[i]);
		json_close(w, '}');
	}
	json_close(w, ']');
	return 0;
}

static int put_image(struct spdx *x, struct err *e)
{
	const struct recipe *recipe = x->s->recipe;
	struct json_writer *w = &x->w;

	json_open(w, '{');
	json_member(w, "SPDXID", ID "Image");
	json_member(w, "name", recipe->name);
	json_member(w, "versionInfo", recipe->version);
	json_memberf(w, "packageFileName", "%s_%s.raw", recipe->name, recipe->version);
	json_member(w, "primaryPackagePurpose", "OPERATING_SYSTEM");
	json_member(w, "supplier", "NOASSERTION");
	json_member(w, "downloadLocation", "NOASSERTION");
	put_analyzed(x, NULL, NULL);
	put_licence(w, NULL);
	int r = put_departures(x, e);
	json_close(w, '}');
	return r;
}

static void put_part(struct spdx *x, const struct sbom_part *p)
{
	struct json_writer *w = &x->w;

	json_open(w, '{');
	json_memberf(w, "SPDXID", ID "%s", p->id);
	json_member(w, "name", p->name);
	json_member(w, "versionInfo", x->s->recipe->version);
	if (p->file)
		json_member(w, "packageFileName", p->file);
	json_member(w, "supplier", "NOASSERTION");
	json_member(w, "downloadLocation", "NOASSERTION");
	put_analyzed(x, p->is_system ? NULL : p->files, NULL);
	if (p->sha256)
		put_sha256(w, p->sha256);
	put_licence(w, NULL);
	if (p->comment)
		json_member(w, "comment", p->comment);
	json_close(w, '}');
}

static void put_supplier(struct json_writer *w, const struct component *c)
{
	if (!c->maintainer)
		json_member(w, "supplier", "NOASSERTION");
	else if (c->email)
		json_memberf(w, "supplier", "Organization: %s (%s)", c->maintainer, c->email);
	else
		json_memberf(w, "supplier", "Organization: %s", c->maintainer);
}

/* What only packages have. */
static void put_package_fields(struct json_writer *w, const struct component *c)
{
	const char *slash = strrchr(c->locked->path, '/');

	json_member(w, "versionInfo", c->locked->version);
	json_member(w, "packageFileName", slash ? slash + 1 : c->locked->path);
	put_sha256(w, c->locked->sha256);
	json_memberf(w, "sourceInfo", "built from source package %s %s", c->source,
		     c->source_version);
	json_member_open(w, "externalRefs", '[');
	json_open(w, '{');
	json_member(w, "referenceCategory", "PACKAGE-MANAGER");
	json_member(w, "referenceType", "purl");
	json_member(w, "referenceLocator", c->purl);
	json_close(w, '}');
	json_close(w, ']');
	if (!c->licence)
		json_member(w, "licenseComments", "its copyright file is not machine-readable");
}

static const struct inventory *system_files(const struct sbom *s)
{
	for (size_t i = 0; i < s->n_parts; i++)
		if (s->parts[i].is_system)
			return s->parts[i].files;
	return NULL;
}

static void put_component(struct spdx *x, const struct component *c)
{
	struct json_writer *w = &x->w;

	json_open(w, '{');
	json_memberf(w, "SPDXID", ID "%s", c->id);
	json_member(w, "name", c->name);
	put_supplier(w, c);
	json_member(w, "downloadLocation", "NOASSERTION");
	put_analyzed(x, system_files(x->s), c);
	if (c->locked)
		put_package_fields(w, c);
	else
		json_memberf(w, "comment",
			     "no package: what files of this %s of the build come from",
			     component_kind_name(c->kind));
	put_licence(w, c->licence);
	json_close(w, '}');
}

static int put_packages(struct spdx *x, struct err *e)
{
	const struct sbom *s = x->s;

	json_member_open(&x->w, "packages", '[');
	int r = put_image(x, e);
	for (size_t i = 0; i < s->n_parts; i++)
		put_part(x, &s->parts[i]);
	for (size_t i = 0; i < s->components->n; i++)
		put_component(x, &s->components->v[i]);
	json_close(&x->w, ']');
	return r;
}

static void put_file(struct json_writer *w, const struct sbom_part *p, size_t i)
{
	const struct inventory_file *f = &p->files->v[i];

	json_open(w, '{');
	json_memberf(w, "SPDXID", ID "%s-%zu", p->id, i);
	json_memberf(w, "fileName", "./%s", f->path);
	json_member_open(w, "checksums", '[');
	put_checksum(w, "SHA1", f->sha1, SHA1_BYTES);
	put_checksum(w, "SHA256", f->sha256, SHA256_BYTES);
	json_close(w, ']');
	if (tree_is_symlink(f->node))
		json_memberf(w, "comment", SBOM_SYMLINK_BEFORE "%s" SBOM_SYMLINK_AFTER,
			     f->node->inode->target);
	json_close(w, '}');
}

static void put_files(struct spdx *x)
{
	json_member_open(&x->w, "files", '[');
	for (size_t i = 0; i < x->s->n_parts; i++)
		for (size_t k = 0; x->s->parts[i].files && k < x->s->parts[i].files->n; k++)
			put_file(&x->w, &x->s->parts[i], k);
	json_close(&x->w, ']');
}

static void put_texts(struct spdx *x)
{
	const struct licence_texts *t = &x->s->components->texts;
	struct json_writer *w = &x->w;

	json_member_open(w, "hasExtractedLicensingInfos", '[');
	for (size_t i = 0; i < t->n; i++) {
		json_open(w, '{');
		json_member(w, "licenseId", t->v[i].id);
		if (*t->v[i].name)
			json_member(w, "name", t->v[i].name);
		json_member(w, "extractedText", t->v[i].text);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void relate(struct json_writer *w, const char *of, const char *type, const char *to)
{
	json_open(w, '{');
	json_memberf(w, "spdxElementId", ID "%s", of);
	json_member(w, "relationshipType", type);
	json_memberf(w, "relatedSpdxElement", ID "%s", to);
	json_close(w, '}');
}

static void relate_files(struct spdx *x, const struct sbom_part *p)
{
	const struct components *all = x->s->components;
	char id[64];

	for (size_t i = 0; p->files && i < p->files->n; i++) {
		const struct component *c =
			components_find(all, p->files->v[i].node->inode->origin);
		snprintf(id, sizeof(id), "%s-%zu", p->id, i);
		relate(&x->w, p->is_system ? c->id : p->id, "CONTAINS", id);
		if (!p->is_system)
			relate(&x->w, id, "GENERATED_FROM", c->id);
	}
}

static void relate_part(struct spdx *x, const struct sbom_part *p)
{
	const struct components *all = x->s->components;

	relate(&x->w, p->inside ? p->inside : "Image", "CONTAINS", p->id);
	for (size_t i = 0; p->is_system && i < all->n; i++)
		if (all->v[i].locked || sbom_has_files(x->s, &all->v[i]))
			relate(&x->w, p->id, "CONTAINS", all->v[i].id);
	if (p->is_system && x->s->inner) {
		json_open(&x->w, '{');
		json_memberf(&x->w, "spdxElementId", ID "%s", p->id);
		json_member(&x->w, "relationshipType", "DESCRIBED_BY");
		json_member(&x->w, "relatedSpdxElement", "DocumentRef-usr:" ID "DOCUMENT");
		json_close(&x->w, '}');
	}
	relate_files(x, p);
}

static void put_relationships(struct spdx *x)
{
	json_member_open(&x->w, "relationships", '[');
	relate(&x->w, "DOCUMENT", "DESCRIBES", "Image");
	for (size_t i = 0; i < x->s->n_parts; i++)
		relate_part(x, &x->s->parts[i]);
	json_close(&x->w, ']');
}

/* What the document is, and the inner one's digest. */
static void put_head(struct spdx *x)
{
	const struct sbom *s = x->s;
	struct json_writer *w = &x->w;

	json_member(w, "spdxVersion", "SPDX-2.3");
	json_member(w, "dataLicense", "CC0-1.0");
	json_member(w, "SPDXID", ID "DOCUMENT");
	json_memberf(w, "name", "%s_%s%s", s->recipe->name, s->recipe->version,
		     s->inner ? "" : "-usr");
	json_member(w, "documentNamespace", "urn:uuid:" SBOM_NO_UUID);
	json_member_open(w, "creationInfo", '{');
	json_member(w, "created", x->created);
	json_member_open(w, "creators", '[');
	json_string(w, "Tool: " SBOM_TOOL "-" SLIPWAY_VERSION);
	json_close(w, ']');
	json_close(w, '}');
	if (!s->inner)
		return;
	json_member_open(w, "externalDocumentRefs", '[');
	json_open(w, '{');
	json_member(w, "externalDocumentId", "DocumentRef-usr");
	json_memberf(w, "spdxDocument", "urn:uuid:%s", s->inner->uuid);
	json_key(w, "checksum");
	put_checksum(w, "SHA256", s->inner->sha256, SHA256_BYTES);
	json_close(w, '}');
	json_close(w, ']');
}

int sbom_spdx(const struct sbom *s, struct sbom_document *ret, struct err *e)
{
	struct spdx x = { .s = s, .w = JSON_WRITER_INIT(&ret->text) };

	utc_format((uint64_t)s->time, x.created);
	json_open(&x.w, '{');
	put_head(&x);
	int r = put_packages(&x, e);
	put_files(&x);
	put_texts(&x);
	put_relationships(&x);
	json_close(&x.w, '}');
	return r < 0 ? r : sbom_finish(ret, e);
}
