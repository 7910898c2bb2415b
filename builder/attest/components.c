/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/components.h"

#include "base/buf.h"
#include "base/os_release.h"
#include "stage1/finish/copyrights.h"

static void component_done(struct component *c)
{
	free(c->name);
	free(c->id);
	free(c->purl);
	free(c->maintainer);
	free(c->email);
	free(c->source);
	free(c->source_version);
	free(c->licence);
}

void components_done(struct components *c)
{
	for (size_t i = 0; i < c->n; i++)
		component_done(&c->v[i]);
	free(c->v);
	licence_texts_done(&c->texts);
	*c = (struct components)COMPONENTS_INIT;
}

const char *component_kind_name(enum tree_origin_kind kind)
{
	static const char *const names[] = {
		[TREE_ORIGIN_NONE] = "nothing",	   [TREE_ORIGIN_PACKAGE] = "package",
		[TREE_ORIGIN_OVERLAY] = "overlay", [TREE_ORIGIN_FINISHER] = "finisher",
		[TREE_ORIGIN_RECIPE] = "recipe",
	};

	return names[kind];
}

/* No two names become one: of letters, only small ones stay, and an escape begins with a capital. */
static char *make_id(enum tree_origin_kind kind, const char *name)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *word = component_kind_name(kind);

	buf_printf(&b, "%c%s-", word[0] - 'a' + 'A', word + 1);
	for (; *name; name++)
		buf_printf(&b,
			   strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", *name) ? "%c" : "X%02X",
			   (unsigned char)*name);
	return buf_take_str(&b);
}

static struct component *add(struct components *c, enum tree_origin_kind kind, const char *name)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 256;
		struct component *p = reallocarray(c->v, cap, sizeof(*p));
		if (!p)
			return NULL;
		c->v = p;
		c->cap = cap;
	}
	struct component *new = &c->v[c->n++];
	*new = (struct component){ .kind = kind, .name = strdup(name), .id = make_id(kind, name) };
	return new->name &&new->id ? new : NULL;
}

static int compare(const struct component *c, enum tree_origin_kind kind, const char *name)
{
	return c->kind != kind ? (c->kind > kind ? 1 : -1) : strcmp(c->name, name);
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct component *y = b;

	return compare(a, y->kind, y->name);
}

const struct component *components_find(const struct components *c, const struct tree_origin *o)
{
	for (size_t lo = 0, hi = c->n; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int d = compare(&c->v[mid], o->kind, o->name);
		if (d == 0)
			return &c->v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

int components_add_origins(struct components *c, const struct inventory *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct tree_origin *o = v->v[i].node->inode->origin;
		if (components_find(c, o))
			continue;
		if (!add(c, o->kind, o->name))
			return err_oom(e);
		qsort(c->v, c->n, sizeof(*c->v), by_kind_and_name);
	}
	return 0;
}

struct distribution {
	char *id, *version_id;
};

/* "Name <address>" */
static int set_maintainer(struct component *c, const struct package *k, struct err *e)
{
	_cleanup_free_ char *field = package_field(k, "Maintainer");
	char *open = field ? strrchr(field, '<') : NULL, *close = open ? strchr(open, '>') : NULL;

	if (!field)
		return 0;
	if (close) {
		*close = '\0';
		c->email = strdup(open + 1);
		*open = '\0';
	}
	c->maintainer = span_dup(span_trim(span_of(field)));
	return c->maintainer && (c->email || !close) ? 0 : err_oom(e);
}

/* "name" or "name (version)"; what is not said is as the package's own. */
static int set_source(struct component *c, const struct package *k, struct err *e)
{
	_cleanup_free_ char *field = package_field(k, "Source");
	char *open = field ? strchr(field, '(') : NULL, *close = open ? strchr(open, ')') : NULL;

	if (open && !close)
		return err_set(e, -EINVAL, "package %s: Source: %s: a bracket is not closed",
			       k->name, field);
	if (open) {
		c->source_version =
			span_dup(span_trim((struct span){ open + 1, (size_t)(close - open - 1) }));
		*open = '\0';
	} else {
		c->source_version = strdup(k->version);
	}
	c->source = field ? span_dup(span_trim(span_of(field))) : strdup(k->name);
	return c->source && c->source_version ? 0 : err_oom(e);
}

static int set_purl(struct component *c, const struct package *k, const struct distribution *d,
		    struct err *e)
{
	bool same_version = str_eq(c->source_version, k->version);
	bool same = same_version && str_eq(c->source, k->name);
	_cleanup_free_ char *source = str_printf("%s%s%s", c->source, same_version ? "" : "@",
						 same_version ? "" : c->source_version);
	const struct purl_deb p = { .id = d->id,
				    .version_id = d->version_id,
				    .name = k->name,
				    .version = k->version,
				    .arch = k->arch,
				    .source = same ? NULL : source };

	c->purl = source ? purl_of_deb(&p) : NULL;
	return c->purl ? 0 : err_oom(e);
}

static int add_package(struct components *all, const struct package *k,
		       const struct lock_package *locked, const struct distribution *d,
		       const struct blob *copyright, struct err *e)
{
	struct component *c = add(all, TREE_ORIGIN_PACKAGE, k->name);

	if (!c)
		return err_oom(e);
	c->locked = locked;
	int r = set_maintainer(c, k, e);
	if (r == 0)
		r = set_source(c, k, e);
	if (r == 0)
		r = set_purl(c, k, d, e);
	if (r == 0 && copyright)
		r = licence_read(copyright->data, copyright->len, &all->texts, &c->licence, e);
	return r;
}

static int add_packages(const struct components_params *p, const struct distribution *d,
			struct components *ret, struct err *e)
{
	_cleanup_(tree_free) struct tree *docs = NULL;

	int r = copyrights_collect(p->packages, p->lock->n_packages, &docs, e);
	for (size_t i = 0; r == 0 && i < p->lock->n_packages; i++)
		r = add_package(ret, p->packages[i], &p->lock->packages[i], d,
				copyrights_find(docs, p->packages[i]), e);
	if (r == 0 && ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_kind_and_name);
	return r;
}

int components_make(const struct components_params *p, struct components *ret, struct err *e)
{
	const struct span os_release = { (const char *)p->os_release->data, p->os_release->len };
	_cleanup_free_ char *id = os_release_value(os_release, "ID");
	_cleanup_free_ char *version_id = os_release_value(os_release, "VERSION_ID");
	const struct distribution d = { id, version_id };

	if (!id)
		return err_set(e, -EINVAL,
			       "usr/lib/os-release has no ID, by which packages are known");
	return add_packages(p, &d, ret, e);
}
