/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utc.h"
#include "builder/repo/index_load.h"
#include "builder/repo/lock.h"
#include "builder/repo/solve.h"

static int by_codec(const void *a, const void *b)
{
	return strcmp(((const struct lock_codec *)a)->name, ((const struct lock_codec *)b)->name);
}

static int by_suite(const void *pa, const void *pb)
{
	const struct lock_suite *a = pa, *b = pb;
	int c = strcmp(a->suite, b->suite);

	return c ? c : strcmp(a->component, b->component);
}

static int by_package(const void *pa, const void *pb)
{
	const struct lock_package *a = pa, *b = pb;
	int c = strcmp(a->name, b->name);

	return c ? c : strcmp(a->arch, b->arch);
}

static int add_codec(struct lock *l, const struct lock_codec *from, struct err *e)
{
	struct lock_codec *c = &l->codecs[l->n_codecs++];

	c->name = strdup(from->name);
	c->version = strdup(from->version);
	return c->name && c->version ? 0 : err_oom(e);
}

/* What made the lock, over what stood there. */
static int fill_builder(struct lock *l, const struct lock_params *p, struct err *e)
{
	lock_drop_builder(l);
	l->builder = strdup(p->builder);
	l->codecs = calloc(MAX(p->n_codecs, 1), sizeof(*l->codecs));
	if (!l->builder || !l->codecs)
		return err_oom(e);
	for (size_t i = 0; i < p->n_codecs; i++) {
		int rc = add_codec(l, &p->codecs[i], e);
		if (rc < 0)
			return rc;
	}
	qsort(l->codecs, l->n_codecs, sizeof(*l->codecs), by_codec);
	return 0;
}

static int fill_header(struct lock *l, const struct recipe *r, const struct lock_params *p,
		       struct err *e)
{
	l->arch = strdup(r->arch);
	if (!l->arch)
		return err_oom(e);
	int rc = fill_builder(l, p, e);
	return rc < 0 ? rc : lock_recipe_digest(r, l->recipe_digest, e);
}

static int fill_suite(struct lock_suite *s, const struct index *x, struct err *e)
{
	const struct release *r = x->release;

	s->suite = strdup(r->suite);
	s->codename = strdup(r->codename);
	s->component = strdup(x->component);
	s->security = r->security;
	s->date = r->date;
	memcpy(s->inrelease_sha256, r->sha256, SHA256_BYTES);
	memcpy(s->packages_sha256, x->packages_sha256, SHA256_BYTES);
	for (size_t i = 0; i < r->signers.n; i++)
		if (strv_add(&s->signers, r->signers.v[i]) < 0)
			return err_oom(e);
	return s->suite && s->codename && s->component ? 0 : err_oom(e);
}

static int fill_suites(struct lock *l, const struct index_set *set, struct err *e)
{
	l->suites = calloc(MAX(set->n_indices, 1), sizeof(*l->suites));
	if (!l->suites)
		return err_oom(e);
	for (size_t i = 0; i < set->n_indices; i++) {
		int rc = fill_suite(&l->suites[l->n_suites++], set->indices[i], e);
		if (rc < 0)
			return rc;
		l->epoch = MAX(l->epoch, l->suites[i].date);
	}
	qsort(l->suites, l->n_suites, sizeof(*l->suites), by_suite);
	return 0;
}

static int fill_package(struct lock_package *k, const struct index_package *p)
{
	k->name = span_dup(p->name);
	k->version = span_dup(p->version);
	k->arch = span_dup(p->arch);
	k->path = span_dup(p->path);
	k->suite = strdup(p->index->release->suite);
	k->size_bytes = p->size_bytes;
	memcpy(k->sha256, p->sha256, SHA256_BYTES);
	return k->name && k->version && k->arch && k->path && k->suite ? 0 : -ENOMEM;
}

/* Both closures choose from the same candidates, so a name means the same package in both. */
static int fill_packages(struct lock *l, const struct solve_result *image,
			 const struct solve_result *initrd, struct err *e)
{
	size_t i = 0, k = 0;

	l->packages = calloc(MAX(image->n + initrd->n, 1), sizeof(*l->packages));
	if (!l->packages)
		return err_oom(e);
	while (i < image->n || k < initrd->n) {
		struct lock_package *to = &l->packages[l->n_packages++];
		int c = i == image->n ? 1
			: k == initrd->n
				? -1
				: span_cmp(image->packages[i]->name, initrd->packages[k]->name);
		if (fill_package(to, c <= 0 ? image->packages[i] : initrd->packages[k]) < 0)
			return err_oom(e);
		to->image = c <= 0;
		to->initrd = c >= 0;
		i += c <= 0, k += c >= 0;
	}
	qsort(l->packages, l->n_packages, sizeof(*l->packages), by_package);
	return 0;
}

static int notice_unasked(const struct recipe *r, const struct strv *asked, struct strv *notices,
			  struct err *e)
{
	for (size_t i = 0; notices && i < r->n_without; i++)
		if (!r->without[i].shared && !strv_contains(asked, r->without[i].package) &&
		    strv_addf(notices, "without: %s: no package of the image asks for it",
			      r->without[i].package) < 0)
			return err_oom(e);
	return 0;
}

static int solve_both(struct lock *l, const struct recipe *r, const struct index_set *set,
		      struct strv *notices, struct err *e)
{
	_cleanup_strv_ struct strv without = STRV_INIT, asked = STRV_INIT;
	_cleanup_solve_result_ struct solve_result image = SOLVE_RESULT_INIT;
	_cleanup_solve_result_ struct solve_result initrd = SOLVE_RESULT_INIT;
	struct solve_params p = { .indices = (const struct index *const *)set->indices,
				  .n_indices = set->n_indices,
				  .arch = index_arch(r->arch),
				  .without = &without,
				  .asked_without = &asked };

	for (size_t i = 0; i < r->n_without; i++)
		if (strv_add(&without, r->without[i].package) < 0)
			return err_oom(e);
	p.names = &r->packages;
	int rc = solve_closure(&p, &image, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s: packages", r->path);
	p.names = &r->initrd_packages;
	if (r->initrd_packages.n)
		rc = solve_closure(&p, &initrd, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s: initrd: packages", r->path);
	if (rc == 0)
		rc = notice_unasked(r, &asked, notices, e);
	return rc == 0 ? fill_packages(l, &image, &initrd, e) : rc;
}

static int notice_time(const struct lock_params *p, struct err *e)
{
	char at[UTC_CHARS];

	if (!p->at || !p->notices)
		return 0;
	utc_format(p->at, at);
	if (strv_addf(p->notices,
		      "the indices are taken as of %s: they may have expired since, and updates "
		      "since then are not in the lock",
		      at) < 0)
		return err_oom(e);
	return 0;
}

int lock_make(const struct recipe *r, const struct lock_params *p, struct lock **ret, struct err *e)
{
	_cleanup_(lock_free) struct lock *l = calloc(1, sizeof(*l));
	_cleanup_(mirror_set_free) struct mirror_set *mirrors = NULL;
	_cleanup_index_set_ struct index_set set = INDEX_SET_INIT;

	if (!l)
		return err_oom(e);
	int rc = mirror_set_new(r, p->mirror, p->apt_dir, &mirrors, e);
	if (rc == 0)
		rc = index_load_all(&(struct index_load_params){ .recipe = r,
								 .mirrors = mirrors,
								 .cache_dir = p->cache_dir,
								 .now = p->now,
								 .at = p->at,
								 .progress = p->progress,
								 .cancel = p->cancel },
				    &set, e);
	if (rc == 0)
		rc = fill_header(l, r, p, e);
	if (rc == 0)
		rc = fill_suites(l, &set, e);
	if (rc == 0)
		rc = pool_check(p->cancel, e);
	if (rc == 0)
		rc = solve_both(l, r, &set, p->notices, e);
	if (rc == 0)
		rc = notice_time(p, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(l);
	return 0;
}

int lock_renew(struct lock *old, const struct recipe *r, const struct lock_params *p, struct err *e)
{
	int rc = lock_check_recipe(old, r, e);

	return rc < 0 ? rc : fill_builder(old, p, e);
}
