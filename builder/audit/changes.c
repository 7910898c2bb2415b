/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/changes.h"

#include "base/mismatch.h"
#include "base/path.h"
#include "builder/audit/changes_internal.h"

struct change *changes_add(struct change_list *l, const char *what, struct err *e)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct change *v = reallocarray(l->v, cap, sizeof(*v));
		if (!v)
			return (void)err_oom(e), NULL;
		l->v = v;
		l->cap = cap;
	}
	struct change *x = &l->v[l->n];
	*x = (struct change){ .what = path_quote(what) };
	if (!x->what)
		return (void)err_oom(e), NULL;
	l->n++;
	return x;
}

int changes_text(char **ret, const char *text, struct err *e)
{
	*ret = path_quote(text);
	return *ret ? 0 : err_oom(e);
}

static int add_package(struct changes *c, const struct image_package *a,
		       const struct image_package *b, struct err *e)
{
	struct change *x = changes_add(&c->sections[CHANGES_PACKAGES], a ? a->name : b->name, e);

	int r = x ? 0 : -ENOMEM;
	if (r == 0 && a) {
		x->bytes[0] = a->bytes;
		r = changes_text(&x->a, a->version, e);
	}
	if (r == 0 && b) {
		x->bytes[1] = b->bytes;
		r = changes_text(&x->b, b->version, e);
	}
	return r;
}

/* Both are sorted by name. Those of one version are there if they take more or less. */
static int compare_packages(struct changes *c, struct err *e)
{
	const struct image_packages *p[] = { &c->s[0]->packages, &c->s[1]->packages };
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < p[0]->n || k < p[1]->n)) {
		const struct image_package *a = i < p[0]->n ? &p[0]->v[i] : NULL;
		const struct image_package *b = k < p[1]->n ? &p[1]->v[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
		i += order <= 0;
		k += order >= 0;
		if (order || !str_eq(a->version, b->version) || a->bytes != b->bytes)
			r = add_package(c, order <= 0 ? a : NULL, order >= 0 ? b : NULL, e);
	}
	return r;
}

/* Disks as machines see them; else each part. */
static int compare_bytes(struct changes *c, struct pool *pool, struct err *e)
{
	const struct artefacts *a = c->s[0]->files, *b = c->s[1]->files;
	uint64_t at;
	int r = 0;

	c->equal = !a->disk == !b->disk;
	if (a->disk && b->disk) {
		r = source_mismatch(a->disk->disk, b->disk->disk, 0, pool, &at, e);
		c->equal = r == 0 && at == MISMATCH_NONE;
		return r;
	}
	for (size_t i = 0; r == 0 && c->equal && i < ARTEFACT_N_PARTS; i++) {
		c->equal = a->parts[i].size_bytes == b->parts[i].size_bytes;
		if (!c->equal || !a->parts[i].size_bytes)
			continue;
		r = source_mismatch(&a->parts[i], &b->parts[i], 0, pool, &at, e);
		c->equal = r == 0 && at == MISMATCH_NONE;
	}
	return r;
}

/* What is damaged, or several, or of another kind, has no version to be told of. */
static int as_no_version(int r, struct err *e)
{
	return r == -EINVAL || r == -EBADMSG || r == -ENOTUNIQ
		       ? err_wrap(e, -ENODATA, "no image whose /usr can be read")
		       : r;
}

static int read_one(const char *path, struct summary **ret, struct err *e)
{
	int r = as_no_version(summary_read(path, ret, e), e);

	if (r == 0 && !(*ret)->filesystem)
		return err_set(e, -ENODATA, "%s: no image with a /usr in use", path);
	return r;
}

int changes_read(const char *const paths[2], struct pool *pool, struct changes **ret, struct err *e)
{
	_cleanup_(changes_free) struct changes *c = calloc(1, sizeof(*c));

	if (!c)
		return err_oom(e);
	int r = read_one(paths[0], &c->s[0], e);
	if (r == 0)
		r = read_one(paths[1], &c->s[1], e);
	if (r == 0)
		r = compare_bytes(c, pool, e);
	if (r == 0 && !c->equal) {
		r = compare_packages(c, e);
		if (r == 0)
			r = changes_facts(c, e);
		if (r == 0)
			r = changes_files(c, pool, e);
		r = as_no_version(r, e);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

size_t changes_total(const struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++)
		n += c->sections[i].n;
	return n;
}

static void list_done(struct change_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].what);
		free(l->v[i].a);
		free(l->v[i].b);
		free(l->v[i].how);
		free(l->v[i].package);
		free(l->v[i].origin);
	}
	free(l->v);
}

void changes_free(struct changes *c)
{
	if (!c)
		return;
	summary_free(c->s[0]);
	summary_free(c->s[1]);
	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++)
		list_done(&c->sections[i]);
	free(c);
}
