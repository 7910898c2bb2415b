/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As builder/attest/spdx.c writes it: files are in one list, and relationships say what they are from. */
#include "base/digest.h"
#include "builder/attest/sbom.h"
#include "builder/audit/inner_sbom_internal.h"
#include "signing/json.h"

#define FILE_ID SBOM_SPDX_ID "Usr-" /* and its place in the list */

static const struct inner_pair digest = { "checksums", "algorithm", "SHA256", "checksumValue" };

static int read_id(struct json_object *o, const char *key, const char **ret, struct err *e)
{
	const char *id;

	int r = json_read_string(o, key, &id, e);
	return r < 0 ? r : inner_read_after(id, SBOM_SPDX_ID, ret, e);
}

static int take_package(struct inner_sbom *s, struct json_object *o, struct err *e)
{
	static const struct inner_pair purl = { "externalRefs", "referenceType", "purl",
						"referenceLocator" };
	struct inner_package *p = &s->packages[s->n_packages++];

	p->group = "";
	int r = read_id(o, "SPDXID", &p->id, e);
	if (r == 0)
		r = json_read_string(o, "name", &p->name, e);
	if (r == 0)
		r = inner_read_optional(o, "versionInfo", &p->version, e);
	if (r == 0)
		r = inner_read_pair(o, &purl, &p->purl, e);
	return r < 0 ? r : inner_read_pair(o, &digest, &p->sha256, e);
}

static void file_id(size_t i, char ret[64])
{
	snprintf(ret, 64, FILE_ID "%zu", i);
}

/* The digest of a symlink is of its target's characters, and tells nothing more then. */
static int take_target(struct inner_file *f, const char *comment, struct err *e)
{
	size_t before = strlen(SBOM_SYMLINK_BEFORE), after = strlen(SBOM_SYMLINK_AFTER),
	       len = strlen(comment);
	uint8_t sha256[SHA256_BYTES];
	char hex[SHA256_HEX];

	if (!len)
		return 0;
	if (len <= before + after || !str_has_prefix(comment, SBOM_SYMLINK_BEFORE) ||
	    !str_has_suffix(comment, SBOM_SYMLINK_AFTER))
		return err_set(e, -EBADMSG, "its comment tells of no symlink");
	f->target = (struct span){ comment + before, len - before - after };
	sha256_bytes(f->target.p, f->target.len, sha256);
	hex_encode(sha256, sizeof(sha256), hex);
	if (!str_eq(f->sha256, hex))
		return err_set(e, -EBADMSG, "its digest is not that of its target");
	f->sha256 = "";
	return 0;
}

static int take_file(struct inner_sbom *s, struct json_object *o, struct err *e)
{
	struct inner_file *f = &s->files[s->n_files];
	const char *name, *id, *comment;
	char want[64];

	f->from = "";
	f->target = span_of("");
	file_id(s->n_files++, want);
	int r = json_read_string(o, "fileName", &name, e);
	if (r == 0)
		r = inner_read_after(name, "./usr/", &f->path, e);
	if (r == 0)
		r = json_read_string(o, "SPDXID", &id, e);
	if (r < 0)
		return r;
	if (!str_eq(id, want))
		return err_set(e, -EBADMSG, "%s is called %s, and not %s", name, id, want);
	r = inner_read_pair(o, &digest, &f->sha256, e);
	if (r == 0)
		r = inner_read_optional(o, "comment", &comment, e);
	if (r == 0)
		r = take_target(f, comment, e);
	return r < 0 ? err_wrap(e, r, "%s", name) : 0;
}

/* NULL: there is none of this id */
static struct inner_file *find_file(const struct inner_sbom *s, const char *id)
{
	char want[64];
	uint64_t i;

	if (parse_u64(id + strlen(FILE_ID), 10, &i) < 0 || i >= s->n_files)
		return NULL;
	file_id((size_t)i, want);
	return str_eq(id, want) ? &s->files[i] : NULL;
}

/* What packages are in is told by no other document. */
static int take_relationship(struct inner_sbom *s, struct json_object *o, struct err *e)
{
	const char *from, *type, *to;

	int r = read_id(o, "spdxElementId", &from, e);
	if (r == 0)
		r = json_read_string(o, "relationshipType", &type, e);
	if (r == 0)
		r = json_read_string(o, "relatedSpdxElement", &to, e);
	if (r < 0 || !str_has_prefix(to, FILE_ID))
		return r;
	struct inner_file *f = find_file(s, to);
	if (!f || !str_eq(type, "CONTAINS") || *f->from)
		return err_set(e, -EBADMSG, "%s %s %s: each file is there, and in one package",
			       from, type, to);
	f->from = from;
	return 0;
}

typedef int take_fn(struct inner_sbom *s, struct json_object *o, struct err *e);

static int take_each(struct inner_sbom *s, const char *key, take_fn *take, struct err *e)
{
	struct json_object *list;
	size_t n = json_find_list(s->document, key, &list);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = take(s, json_object_array_get_idx(list, i), e);
	return r;
}

int inner_take_spdx(struct inner_sbom *s, struct err *e)
{
	struct json_object *ignored;

	int r = inner_reserve(s, json_find_list(s->document, "packages", &ignored),
			      json_find_list(s->document, "files", &ignored), e);
	if (r == 0)
		r = take_each(s, "packages", take_package, e);
	if (r == 0)
		r = take_each(s, "files", take_file, e);
	return r < 0 ? r : take_each(s, "relationships", take_relationship, e);
}
