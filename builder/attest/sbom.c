/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/sbom_internal.h"

void sbom_document_done(struct sbom_document *d)
{
	buf_done(&d->text);
}

static const char *reason(const char *why)
{
	return why ? why : "no reason is given";
}

static int add_removed(const struct sbom *s, struct strv *ret)
{
	const struct recipe *recipe = s->recipe;
	int r = 0;

	for (size_t i = 0; r == 0 && i < recipe->n_remove; i++)
		if (s->removed[i])
			r = strv_addf(ret, "left out: %s, %zu %s: %s", recipe->remove[i].path,
				      s->removed[i], s->removed[i] == 1 ? "entry" : "entries",
				      reason(recipe->remove[i].why));
	for (size_t i = 0; r == 0 && i < recipe->initrd_remove.n; i++)
		r = strv_addf(ret, "left out of the initrd: %s", recipe->initrd_remove.v[i]);
	return r;
}

static int add_without(const struct recipe *recipe, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < recipe->n_without; i++)
		r = strv_addf(ret, "left out: package %s: %s", recipe->without[i].package,
			      reason(recipe->without[i].why));
	return r;
}

static int add_settled(const struct recipe *recipe, struct strv *ret)
{
	char hex[SHA256_HEX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < recipe->n_scripts; i++) {
		const struct recipe_script *s = &recipe->scripts[i];
		hex_encode(s->sha256, SHA256_BYTES, hex);
		r = strv_addf(ret, "settled: %s of package %s, SHA-256 %s: %s", s->script,
			      s->package, hex, reason(s->why));
	}
	for (size_t i = 0; r == 0 && i < recipe->n_wins; i++)
		r = strv_addf(ret, "chosen: %s of package %s, where others have it too",
			      recipe->wins[i].path, recipe->wins[i].package);
	return r;
}

int sbom_departures(const struct sbom *s, struct strv *ret, struct err *e)
{
	int r = add_removed(s, ret);

	if (r == 0)
		r = add_without(s->recipe, ret);
	if (r == 0)
		r = add_settled(s->recipe, ret);
	return r < 0 ? err_oom(e) : 0;
}

int sbom_finish(struct sbom_document *d, struct err *e)
{
	uint8_t digest[SHA256_BYTES], uuid[16];

	if (buf_failed(&d->text))
		return err_oom(e);
	char *at = memmem(d->text.data, d->text.len, SBOM_NO_UUID, strlen(SBOM_NO_UUID));
	if (!at)
		return err_set(e, -EINVAL, "an SBOM has no place for its UUID");
	sha256_bytes(d->text.data, d->text.len, digest);
	uuid_derive(digest, sizeof(digest), "sbom", uuid);
	uuid_format(uuid, d->uuid);
	memcpy(at, d->uuid, strlen(SBOM_NO_UUID));
	sha256_bytes(d->text.data, d->text.len, d->sha256);
	return 0;
}

bool sbom_comes_from(const struct component *c, const struct inventory_file *f)
{
	const struct tree_origin *o = f->node->inode->origin;

	return o->kind == c->kind && str_eq(o->name, c->name);
}

bool sbom_has_files(const struct sbom *s, const struct component *c)
{
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct sbom_part *p = &s->parts[i];
		for (size_t k = 0; p->is_system && k < p->files->n; k++)
			if (sbom_comes_from(c, &p->files->v[k]))
				return true;
	}
	return false;
}
