/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What update-alternatives(1) would link. Packages offer their programs in postinst scripts, by calls
 * that stand there literally; of those for one name, the one with the highest priority whose program
 * is in the tree is linked, with its slaves:
 *
 *     usr/sbin/iptables -> /etc/alternatives/iptables -> /usr/sbin/iptables-nft
 */
#include "base/path.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/script.h"
#include "stage1/finish/text.h"

#define NAME "alternatives"

/* One "--install", or one "--slave" of it. */
struct alternative {
	char *link, *name, *target;
	int64_t priority;
	size_t master; /* of a slave: index of the --install; else its own */
};

struct alternatives {
	const struct finish_params *p;
	struct alternative *v;
	size_t n;
};

static void alternatives_done(struct alternatives *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].link);
		free(a->v[i].name);
		free(a->v[i].target);
	}
	free(a->v);
}

static int add(struct alternatives *a, char *const *words, int64_t priority, size_t master,
	       struct err *e)
{
	struct alternative *v = reallocarray(a->v, a->n + 1, sizeof(*v));

	if (!v)
		return err_oom(e);
	a->v = v;
	v[a->n] = (struct alternative){ .link = strdup(words[0]),
					.name = strdup(words[1]),
					.target = strdup(words[2]),
					.priority = priority,
					.master = master };
	a->n++;
	return v[a->n - 1].link && v[a->n - 1].name && v[a->n - 1].target ? 0 : err_oom(e);
}

static bool is_usable(char *const *words)
{
	return words[0][0] == '/' && words[2][0] == '/' && !strchr(words[1], '/') &&
	       words[1][0] != '.' && script_is_literal(words[0]) && script_is_literal(words[1]) &&
	       script_is_literal(words[2]);
}

static bool parse_priority(const char *s, int64_t *ret)
{
	uint64_t v;
	bool negative = *s == '-';

	if (parse_u64(s + negative, 10, &v) < 0 || v > INT32_MAX)
		return false;
	*ret = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

/* [--force …] --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]… */
static int use_call(void *ctx, const struct strv *args, struct err *e)
{
	struct alternatives *a = ctx;
	size_t i = 0, master = a->n;
	int64_t priority;

	while (i < args->n && !str_eq(args->v[i], "--install"))
		i++;
	if (i + 5 > args->n || !is_usable(args->v + i + 1) ||
	    !parse_priority(args->v[i + 4], &priority))
		return 0;
	int r = add(a, args->v + i + 1, priority, master, e);
	for (i += 5; r == 0 && i + 4 <= args->n && str_eq(args->v[i], "--slave"); i += 4)
		if (is_usable(args->v + i + 1))
			r = add(a, args->v + i + 1, 0, master, e);
	return r;
}

/* Is it the one for its name? The first of equals is. */
static bool is_best(const struct alternatives *a, size_t i)
{
	for (size_t k = 0; k < a->n; k++) {
		const struct alternative *o = &a->v[k];
		if (o->master != k || k == i || !str_eq(o->name, a->v[i].name) ||
		    !tree_resolve(a->p->tree, o->target))
			continue;
		if (o->priority > a->v[i].priority || (o->priority == a->v[i].priority && k < i))
			return false;
	}
	return true;
}

/* Where a link lies once directories that are symlinks are followed: /bin/nc at usr/bin/nc. */
static char *real_path(const struct tree *t, const char *path)
{
	_cleanup_free_ char *dir = strndup(path, (size_t)(path_last(path) - path));
	const struct tree_node *n = dir ? tree_resolve(t, dir) : NULL;
	_cleanup_free_ char *real = n ? tree_path(n) : NULL;

	if (!real)
		return strdup(path);
	return str_printf("%s/%s", real, path_last(path));
}

/* Both links, unless a file of a package is where the first one would be. */
static int put_links(const struct alternatives *a, const struct alternative *v, struct err *e)
{
	const struct tree *t = a->p->tree;
	_cleanup_free_ char *link = real_path(t, v->link);
	_cleanup_free_ char *middle = str_printf("etc/alternatives/%s", v->name);
	_cleanup_free_ char *absolute = str_printf("/%s", middle);

	if (!link || !middle || !absolute)
		return err_oom(e);
	const struct tree_node *there = tree_lookup(t, link), *chosen = tree_lookup(t, middle);
	if (there && !tree_is_symlink(there))
		return 0;
	/* An overlay's choice stays. */
	if (!chosen || chosen->inode->origin->kind == TREE_ORIGIN_PACKAGE) {
		int r = finish_put_link(a->p, NAME, middle, v->target, e);
		if (r < 0)
			return r;
	}
	return finish_put_link(a->p, NAME, link, absolute, e);
}

static int put_all(const struct alternatives *a, struct err *e)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct alternative *v = &a->v[i];
		if (!tree_resolve(a->p->tree, v->target) ||
		    !tree_resolve(a->p->tree, a->v[v->master].target) || !is_best(a, v->master))
			continue;
		int r = put_links(a, v, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int finish_alternatives(const struct finish_params *p, struct err *e)
{
	struct alternatives a = { .p = p };
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_packages; i++)
		r = script_find_calls(p->packages[i], "postinst", "update-alternatives", use_call,
				      &a, e);
	if (r == 0)
		r = put_all(&a, e);
	alternatives_done(&a);
	return r;
}
