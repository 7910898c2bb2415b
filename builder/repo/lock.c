/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/lock.h"

#include "base/outfile.h"

void lock_drop_builder(struct lock *l)
{
	for (size_t i = 0; i < l->n_codecs; i++) {
		free(l->codecs[i].name);
		free(l->codecs[i].version);
	}
	free(TAKE_PTR(l->codecs));
	free(TAKE_PTR(l->builder));
	l->n_codecs = 0;
}

void lock_free(struct lock *l)
{
	if (!l)
		return;
	lock_drop_builder(l);
	for (size_t i = 0; i < l->n_suites; i++) {
		free(l->suites[i].suite);
		free(l->suites[i].codename);
		free(l->suites[i].component);
		strv_done(&l->suites[i].signers);
	}
	for (size_t i = 0; i < l->n_packages; i++) {
		free(l->packages[i].name);
		free(l->packages[i].version);
		free(l->packages[i].arch);
		free(l->packages[i].path);
		free(l->packages[i].suite);
	}
	ids_done(&l->ids);
	free(l->suites);
	free(l->packages);
	free(l->arch);
	free(l);
}

static void put_suite(const struct lock_suite *s, struct buf *out)
{
	char inrelease[SHA256_HEX], packages[SHA256_HEX];

	hex_encode(s->inrelease_sha256, SHA256_BYTES, inrelease);
	hex_encode(s->packages_sha256, SHA256_BYTES, packages);
	buf_printf(out, "suite %s %s %s %s %llu %s %s ", s->suite, s->codename, s->component,
		   s->security ? "security" : "main", (unsigned long long)s->date, inrelease,
		   packages);
	for (size_t i = 0; i < s->signers.n; i++)
		buf_printf(out, "%s%s", i ? "," : "", s->signers.v[i]);
	buf_append_str(out, "\n");
}

static void put_package(const struct lock_package *p, struct buf *out)
{
	const char *use = !p->initrd ? "image" : p->image ? "image+initrd" : "initrd";
	char sha256[SHA256_HEX];

	hex_encode(p->sha256, SHA256_BYTES, sha256);
	buf_printf(out, "package %s %s %s %llu %s %s %s %s\n", p->name, p->version, p->arch,
		   (unsigned long long)p->size_bytes, sha256, p->path, p->suite, use);
}

static void put_id(const struct id *d, struct buf *out)
{
	buf_printf(out, "%s %s %u %s\n", ids_kind_name(d->kind), d->name, d->number,
		   d->used ? "used" : "gone");
}

void lock_format(const struct lock *l, struct buf *out)
{
	char digest[SHA256_HEX];

	hex_encode(l->recipe_digest, SHA256_BYTES, digest);
	buf_printf(out, "slipway-lock 2\nrecipe %s\narch %s\nbuilder %s\n", digest, l->arch,
		   l->builder);
	for (size_t i = 0; i < l->n_codecs; i++)
		buf_printf(out, "codec %s %s\n", l->codecs[i].name, l->codecs[i].version);
	buf_printf(out, "epoch %llu\n", (unsigned long long)l->epoch);
	for (size_t i = 0; i < l->n_suites; i++)
		put_suite(&l->suites[i], out);
	for (size_t i = 0; i < l->n_packages; i++)
		put_package(&l->packages[i], out);
	for (size_t i = 0; i < l->ids.n; i++)
		put_id(&l->ids.v[i], out);
}

int lock_write(const struct lock *l, const char *path, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	lock_format(l, &out);
	if (buf_failed(&out))
		return err_oom(e);
	return outfile_write(path, 0644, out.data, out.len, e);
}

/* A list whose order in the recipe means nothing. */
static int put_list(struct buf *b, const char *key, const struct strv *list)
{
	_cleanup_strv_ struct strv sorted = STRV_INIT;

	for (size_t i = 0; i < list->n; i++)
		if (strv_add(&sorted, list->v[i]) < 0)
			return -ENOMEM;
	strv_sort(&sorted);
	strv_uniq(&sorted);
	for (size_t i = 0; i < sorted.n; i++)
		buf_printf(b, "%s %s\n", key, sorted.v[i]);
	return 0;
}

static int put_repos(struct buf *b, const struct recipe *r)
{
	_cleanup_strv_ struct strv lines = STRV_INIT;

	for (size_t i = 0; i < r->n_repos; i++)
		for (size_t k = 0; k < r->repos[i].components.n; k++)
			if (strv_addf(&lines, "%s %s %s", r->repos[i].suite,
				      r->repos[i].components.v[k],
				      r->repos[i].security ? "security" : "main") < 0)
				return -ENOMEM;
	return put_list(b, "deb", &lines);
}

int lock_recipe_digest(const struct recipe *r, uint8_t out[SHA256_BYTES], struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_strv_ struct strv without = STRV_INIT;

	for (size_t i = 0; i < r->n_without; i++)
		if (strv_add(&without, r->without[i].package) < 0)
			return err_oom(e);
	buf_printf(&b, "arch %s\n", r->arch);
	if (put_repos(&b, r) < 0 || put_list(&b, "package", &r->packages) < 0 ||
	    put_list(&b, "without", &without) < 0 ||
	    put_list(&b, "initrd", &r->initrd_packages) < 0 || buf_failed(&b))
		return err_oom(e);
	sha256_bytes(b.data, b.len, out);
	return 0;
}

static const char *codec_version(const struct lock_codec *codecs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(codecs[i].name, name))
			return codecs[i].version;
	return "none";
}

static int check_codec(const char *name, const char *locked, const char *have, struct err *e)
{
	if (str_eq(locked, have))
		return 0;
	return err_set(
		e, -ESTALE,
		"the lock was made with %s %s and this builder has %s: the image would differ; "
		"run slipway lock to accept that",
		name, locked, have);
}

int lock_check_recipe(const struct lock *l, const struct recipe *r, struct err *e)
{
	uint8_t digest[SHA256_BYTES];
	int rc = lock_recipe_digest(r, digest, e);

	if (rc < 0 || memcmp(digest, l->recipe_digest, sizeof(digest)) == 0)
		return rc;
	return err_set(e, -ESTALE,
		       "the lock was made for another recipe: its suites, packages or what it does "
		       "without have changed since; run slipway lock");
}

int lock_check(const struct lock *l, const struct recipe *r, const char *builder,
	       const struct lock_codec *codecs, size_t n_codecs, struct err *e)
{
	int rc = lock_check_recipe(l, r, e);

	if (rc < 0)
		return rc;
	rc = check_codec("slipway", l->builder, builder, e);
	for (size_t i = 0; rc == 0 && i < l->n_codecs; i++)
		rc = check_codec(l->codecs[i].name, l->codecs[i].version,
				 codec_version(codecs, n_codecs, l->codecs[i].name), e);
	for (size_t i = 0; rc == 0 && i < n_codecs; i++)
		rc = check_codec(codecs[i].name,
				 codec_version(l->codecs, l->n_codecs, codecs[i].name),
				 codecs[i].version, e);
	return rc;
}
