/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>

#include "base/near.h"
#include "stage1/finish/kmod/internal.h"

#define SOFTDEP_SEPARATORS " \t,"

/* Modules that are in, and what they need is looked at in turn. */
struct closure {
	const struct module_index *x;
	uint8_t *in;
	uint32_t *queue;
	size_t n;
};

static void closure_add(struct closure *c, size_t i)
{
	if (c->in[i])
		return;
	c->in[i] = 1;
	c->queue[c->n++] = (uint32_t)i;
}

static bool closure_add_name(struct closure *c, const char *name)
{
	for (size_t i = 0; i < c->x->n_modules; i++)
		if (str_eq(c->x->modules[i].name, name)) {
			closure_add(c, i);
			return true;
		}
	names_for_each (&c->x->builtin, s)
		if (str_eq(s, name))
			return true;
	return false;
}

/* A soft dependency may name an alias ("crc32c"): whichever module it turns out to be is taken. */
static void closure_add_alias(struct closure *c, const char *name)
{
	char normal[MODULE_NAME_BYTES];

	for (size_t i = 0; i < c->x->n_modules; i++)
		names_for_each (&c->x->modules[i].aliases, s)
			if (alias_normalize(s, normal) == 0 && fnmatch(normal, name, 0) == 0)
				closure_add(c, i);
}

static int closure_add_softdep(struct closure *c, const char *softdep, struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;
	char name[MODULE_NAME_BYTES];

	if (strv_split(&words, softdep, SOFTDEP_SEPARATORS) < 0)
		return err_oom(e);
	for (size_t i = 0; i < words.n; i++) {
		const char *w = words.v[i];
		if (str_eq(w, "pre:") || str_eq(w, "post:") || alias_normalize(w, name) < 0)
			continue;
		if (!closure_add_name(c, name))
			closure_add_alias(c, name);
	}
	return 0;
}

static int unknown(const struct module_index *x, const char *name, const char *normal,
		   struct err *e)
{
	_cleanup_free_ const char **names = calloc(x->n_modules + 1, sizeof(*names));
	const char *near = NULL;

	for (size_t i = 0; i < x->n_modules && names; i++)
		names[i] = x->modules[i].name;
	if (names)
		near = near_name(normal, names, x->n_modules);
	return err_set(e, -ENOENT, "%s: no module \"%s\"%s%s%s", x->dir, name,
		       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int closure_add_wanted(struct closure *c, const char *name, struct err *e)
{
	char normal[MODULE_NAME_BYTES];

	if (module_name_normalize(name, strlen(name), normal) < 0)
		return err_set(e, -ENOENT, "%s: \"%s\" is not a module's name", c->x->dir, name);
	return closure_add_name(c, normal) ? 0 : unknown(c->x, name, normal, e);
}

static int closure_fill(struct closure *c, struct err *e)
{
	for (size_t at = 0; at < c->n; at++) {
		const struct module *m = &c->x->modules[c->queue[at]];
		for (size_t i = 0; i < m->n_deps; i++)
			closure_add(c, m->deps[i]);
		names_for_each (&m->softdeps, s) {
			int r = closure_add_softdep(c, s, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int closure_paths(const struct closure *c, struct strv *ret_paths, struct err *e)
{
	_cleanup_strv_ struct strv paths = STRV_INIT;

	for (size_t i = 0; i < c->n; i++)
		if (strv_addf(&paths, "%s/%s", c->x->dir, c->x->modules[c->queue[i]].path) < 0)
			return err_oom(e);
	strv_sort(&paths);
	for (size_t i = 0; i < paths.n; i++)
		if (strv_add(ret_paths, paths.v[i]) < 0)
			return err_oom(e);
	return 0;
}

int module_index_closure(const struct module_index *x, const struct strv *names,
			 struct strv *ret_paths, struct err *e)
{
	_cleanup_free_ uint8_t *in = calloc(x->n_modules + 1, 1);
	_cleanup_free_ uint32_t *queue = calloc(x->n_modules + 1, sizeof(*queue));
	struct closure c = { .x = x, .in = in, .queue = queue };
	int r = in && queue ? 0 : err_oom(e);

	for (size_t i = 0; i < names->n && r >= 0; i++)
		r = closure_add_wanted(&c, names->v[i], e);
	if (r >= 0)
		r = closure_fill(&c, e);
	return r < 0 ? r : closure_paths(&c, ret_paths, e);
}
