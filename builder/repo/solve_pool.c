/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/solve_work.h"

#include <solv/evr.h>
#include <solv/repo_deb.h>

#define MAX_FIELD_BYTES (256 * KiB)

static int compare_versions(Pool *pool, struct span a, struct span b)
{
	char va[256], vb[256]; /* index_parse() lets no longer ones through */

	snprintf(va, sizeof(va), "%.*s", SPAN_ARG(a));
	snprintf(vb, sizeof(vb), "%.*s", SPAN_ARG(b));
	return pool_evrcmp_str(pool, va, vb, EVRCMP_COMPARE);
}

/* By name, the newest first; then by what cannot depend on the order of the suites. */
static int by_name_and_newness(const void *pa, const void *pb, void *pool)
{
	const struct index_package *a = *(const struct index_package *const *)pa;
	const struct index_package *b = *(const struct index_package *const *)pb;
	int c = span_cmp(a->name, b->name);

	if (c == 0)
		c = -compare_versions(pool, a->version, b->version);
	if (c == 0)
		c = strcmp(a->index->release->suite, b->index->release->suite);
	if (c == 0)
		c = strcmp(a->index->component, b->index->component);
	if (c == 0)
		c = span_cmp(a->arch, b->arch);
	return c ? c : memcmp(a->sha256, b->sha256, SHA256_BYTES);
}

int solve_choose_candidates(struct solve_work *w, struct err *e)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < w->p->n_indices; i++)
		n += w->p->indices[i]->n_packages;
	w->candidates = calloc(MAX(n, 1), sizeof(*w->candidates));
	if (!w->candidates)
		return err_oom(e);
	for (size_t i = 0; i < w->p->n_indices; i++)
		for (size_t j = 0; j < w->p->indices[i]->n_packages; j++)
			w->candidates[k++] = &w->p->indices[i]->packages[j];
	qsort_r(w->candidates, n, sizeof(*w->candidates), by_name_and_newness, w->pool);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || span_cmp(w->candidates[i]->name, w->candidates[i - 1]->name) != 0)
			w->candidates[w->n_candidates++] = w->candidates[i];
	return 0;
}

/* A field in one line. libsolv's parser gets only what it needs, and only printable bytes. */
static int put_field(struct buf *b, const struct index_package *p, const char *name, struct err *e)
{
	struct span value;

	if (!deb822_get(p->stanza, name, &value))
		return 0;
	if (value.len > MAX_FIELD_BYTES)
		return err_set(e, -EBADMSG, "package %.*s: %s is too long", SPAN_ARG(p->name),
			       name);
	buf_printf(b, "%s: ", name);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];
		if (c == '\n' || c == '\t' || c == '\r')
			c = ' ';
		if (c < ' ' || c > '~')
			return err_set(e, -EBADMSG, "package %.*s: malformed %s", SPAN_ARG(p->name),
				       name);
		buf_append(b, &c, 1);
	}
	buf_append(b, "\n", 1);
	return 0;
}

int solve_fill_pool(struct solve_work *w, struct err *e)
{
	static const char *const fields[] = { "Package",     "Version",	 "Architecture",
					      "Multi-Arch",  "Provides", "Depends",
					      "Pre-Depends", "Breaks",	 "Conflicts" };
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < w->n_candidates; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
			int rc = put_field(&b, w->candidates[i], fields[k], e);
			if (rc < 0)
				return rc;
		}
		buf_append(&b, "\n", 1);
	}
	if (buf_failed(&b))
		return err_oom(e);
	if (!w->n_candidates)
		return 0;
	_cleanup_fclose_ FILE *in = fmemopen(b.data, b.len, "r");
	if (!in)
		return err_oom(e);
	w->first = w->pool->nsolvables;
	if (repo_add_debpackages(w->repo, in, 0) != 0 ||
	    (size_t)w->repo->nsolvables != w->n_candidates)
		return err_set(e, -EBADMSG, "libsolv does not read the package index: %s",
			       pool_errstr(w->pool));
	return 0;
}
