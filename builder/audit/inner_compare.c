/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two documents of one SBOM: as each is sorted, they are gone through side by side. */
#include "builder/audit/inner_sbom.h"

/* What both tell of: either files or packages, which begin with what they are known by. */
struct kind {
	size_t size;
	bool (*same)(const void *a, const void *b);
	char *(*name)(const void *x); /* for people, on the heap */
};

struct list {
	const char *v;
	size_t n, at;
	enum inner_format format;
};

static bool same_file(const void *a, const void *b)
{
	const struct inner_file *x = a, *y = b;

	return str_eq(x->from, y->from) && str_eq(x->sha256, y->sha256) &&
	       span_cmp(x->target, y->target) == 0;
}

static bool same_package(const void *a, const void *b)
{
	const struct inner_package *x = a, *y = b;

	return str_eq(x->name, y->name) && str_eq(x->version, y->version) &&
	       str_eq(x->purl, y->purl) && str_eq(x->sha256, y->sha256);
}

static char *name_file(const void *x)
{
	return str_printf("/usr/%s", ((const struct inner_file *)x)->path);
}

static char *name_package(const void *x)
{
	const struct inner_package *p = x;

	return str_printf("%s (%s%s%s)", p->id, p->name, *p->version ? " " : "", p->version);
}

/* @only: the one that lists it; NULL: both do, and differ */
static int tell(const struct kind *k, const void *x, const struct list *only, struct strv *found,
		struct err *e)
{
	_cleanup_free_ char *name = k->name(x);

	int r = !name  ? -ENOMEM
		: only ? strv_addf(found, "%s is in *%s only", name,
				   inner_sbom_suffix(only->format))
		       : strv_addf(found, "SPDX and CycloneDX differ on %s", name);
	return r < 0 ? err_oom(e) : 0;
}

/* The next of a list; NULL: that was all */
static const void *next(const struct kind *k, const struct list *l)
{
	return l->at < l->n ? l->v + l->at * k->size : NULL;
}

static int compare(const struct kind *k, struct list *a, struct list *b, struct strv *found,
		   struct err *e)
{
	const void *x, *y;
	int r = 0;

	while (r == 0 && (x = next(k, a), y = next(k, b), x || y)) {
		int order = !y	 ? -1
			    : !x ? 1
				 : strcmp(*(const char *const *)x, *(const char *const *)y);
		if (order)
			r = tell(k, order < 0 ? x : y, order < 0 ? a : b, found, e);
		else if (!k->same(x, y))
			r = tell(k, x, NULL, found, e);
		a->at += order <= 0;
		b->at += order >= 0;
	}
	return r;
}

static struct list files_of(const struct inner_sbom *s)
{
	return (struct list){ (const char *)s->files, s->n_files, 0, s->format };
}

static struct list packages_of(const struct inner_sbom *s)
{
	return (struct list){ (const char *)s->packages, s->n_packages, 0, s->format };
}

int inner_sbom_compare(const struct inner_sbom *a, const struct inner_sbom *b, struct strv *found,
		       struct err *e)
{
	static const struct kind files = { sizeof(struct inner_file), same_file, name_file },
				 packages = { sizeof(struct inner_package), same_package,
					      name_package };
	struct list x = files_of(a), y = files_of(b), p = packages_of(a), q = packages_of(b);

	int r = compare(&files, &x, &y, found, e);
	return r < 0 ? r : compare(&packages, &p, &q, found, e);
}
