/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a build says of its outputs, where it is beside them: is it signed, and are they those files? */
#include "builder/attest/provenance.h"

#include "builder/audit/verify_internal.h"
#include "builder/stages/build.h"

#define STATEMENT_BYTES_MAX (16 * MiB)

struct statement {
	const struct source *src;
	struct provenance *provenance; /* once a certificate's signature was good */
};

static int open_signed(X509 *cert, const void *ctx, struct err *e)
{
	struct statement *s = *(struct statement *const *)ctx;

	if (s->src->size_bytes > STATEMENT_BYTES_MAX || !s->src->bytes)
		return err_set(e, -EBADMSG, "%llu bytes are no statement",
			       (unsigned long long)s->src->size_bytes);
	return provenance_open(s->src->bytes, (size_t)s->src->size_bytes, &cert, 1, &s->provenance,
			       e);
}

/* The disk may be elsewhere. */
static int check_file(struct verify *v, const char *dir, const struct provenance *p, size_t i,
		      struct err *e)
{
	const struct provenance_file *f = &p->outputs[i];
	_cleanup_free_ char *path = str_printf("%s/%s", dir, f->name);
	_cleanup_source_ struct source src = SOURCE_INIT;

	if (!path)
		return err_oom(e);
	if (strchr(f->name, '/'))
		return verify_fail(v, VERIFY_PROVENANCE, e, "it tells of a file elsewhere");
	verify_at(v, "%s", f->name);
	int r = source_open(&src, path, e);
	if (r == -ENOENT)
		return f->kind == PROVENANCE_FSVERITY
			       ? 0
			       : verify_fail(v, VERIFY_PROVENANCE, e, "it is not there");
	if (r == 0)
		r = provenance_check(p, f->name, &src, v->p->pool, e);
	return r < 0 ? verify_failed(v, VERIFY_PROVENANCE, r, e)
		     : verify_ok(v, VERIFY_PROVENANCE, e, "it is what was built");
}

/* @name: NULL for all */
static int check_files(struct verify *v, const char *dir, const struct provenance *p,
		       const char *name, struct err *e)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_outputs; i++) {
		if (name && !str_eq(p->outputs[i].name, name))
			continue;
		r = check_file(v, dir, p, i, e);
		n++;
	}
	return r == 0 && name && n == 0
		       ? verify_fail(v, VERIFY_PROVENANCE, e, "it says nothing of %s", name)
		       : r;
}

int verify_provenance(struct verify *v, const char *dir, const char *stem, const char *name,
		      struct err *e)
{
	_cleanup_free_ char *path =
		str_printf("%s/%s%s", dir, stem, build_output_suffix(BUILD_PROVENANCE));
	_cleanup_source_ struct source src = SOURCE_INIT;
	struct statement s = { .src = &src }, *const ctx = &s;
	X509 *signer;

	int r = path ? source_open(&src, path, e) : err_oom(e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	verify_at(v, "%s%s", stem, build_output_suffix(BUILD_PROVENANCE));
	r = verify_signer(v, VERIFY_PROVENANCE, open_signed, &ctx, &signer, e);
	_cleanup_(provenance_free) struct provenance *p = s.provenance;
	return r == 0 && p ? check_files(v, dir, p, name, e) : r;
}
