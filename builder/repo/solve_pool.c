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
static int put_field(struct buf *b, struct span name, struct span value, struct err *e)
{
	if (value.len > MAX_FIELD_BYTES)
		return err_set(e, -EBADMSG, "%.*s is too long", SPAN_ARG(name));
	char *to = (char *)buf_grow(b, name.len + value.len + 3);
	if (!to)
		return err_oom(e);
	memcpy(to, name.p, name.len);
	to += name.len;
	*to++ = ':';
	*to++ = ' ';
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];
		if (c == '\n' || c == '\t' || c == '\r')
			c = ' ';
		if (c < ' ' || c > '~')
			return err_set(e, -EBADMSG, "malformed %.*s", SPAN_ARG(name));
		*to++ = c;
	}
	*to = '\n';
	b->len += name.len + value.len + 3;
	return 0;
}

static bool is_wanted(struct span name)
{
	static const char *const wanted[] = { "Package",     "Version",	 "Architecture",
					      "Multi-Arch",  "Provides", "Depends",
					      "Pre-Depends", "Breaks",	 "Conflicts" };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (name.p[0] == wanted[i][0] && span_eq(name, wanted[i]))
			return true;
	return false;
}

static int put_stanza(struct buf *b, const struct index_package *p, struct err *e)
{
	struct span rest = p->stanza, name, value;

	while (deb822_field(&rest, &name, &value) > 0) {
		int rc = is_wanted(name) ? put_field(b, name, value, e) : 0;
		if (rc < 0)
			return err_wrap(e, rc, "package %.*s", SPAN_ARG(p->name));
	}
	buf_append(b, "\n", 1);
	return 0;
}

int solve_fill_pool(struct solve_work *w, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < w->n_candidates; i++) {
		int rc = put_stanza(&b, w->candidates[i], e);
		if (rc < 0)
			return rc;
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
