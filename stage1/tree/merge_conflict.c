/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/deb_version.h"
#include "stage1/tree/merge_internal.h"

static const struct package *find_package(const struct tree_merge_params *p, const char *name)
{
	for (size_t i = 0; i < p->n_packages; i++)
		if (str_eq(p->packages[i]->name, name))
			return p->packages[i];
	return NULL;
}

static bool replaces(const struct package *pkg, const char *name, const char *version)
{
	_cleanup_free_ char *field = pkg ? package_field(pkg, "Replaces") : NULL;

	return deb_relation_covers(field, name, version);
}

/* The path as a package has it, before /usr was merged; NULL: it does not have it. */
static const char *path_in(const struct package *pkg, const char *path)
{
	for (size_t i = 0; pkg && i < pkg->n_entries; i++) {
		_cleanup_free_ char *merged = tree_usr_merged_path(pkg->entries[i].path);
		if (merged && str_eq(merged, path))
			return pkg->entries[i].path;
	}
	return NULL;
}

/* What a rule of the recipe says. Return: also -ENOENT there is none; -EINVAL */
static int ask_rules(const struct merge *m, const char *path, const char *old, struct err *e)
{
	for (size_t i = 0; i < m->p->n_wins; i++) {
		struct tree_merge_wins *w = &m->p->wins[i];
		_cleanup_free_ char *of = tree_usr_merged_path(w->path + strspn(w->path, "/"));
		if (!of || !str_eq(of, path))
			continue;
		bool is_new = str_eq(w->package, m->pkg->name);
		/* A third package may have it too, and is yet to come. */
		if (!is_new && !str_eq(w->package, old) &&
		    !path_in(find_package(m->p, w->package), path))
			return err_set(
				e, -EINVAL,
				"the recipe prefers /%s of package %s, which does not have it: %s "
				"and %s have",
				path, w->package, old, m->pkg->name);
		w->used++;
		return is_new ? MERGE_NEW_WINS : MERGE_OLD_WINS;
	}
	return -ENOENT;
}

static int conflict(const struct merge *m, const char *path, const struct tree_origin *o,
		    const char *difference, bool mutual, struct err *e)
{
	const char *here = path_in(m->pkg, path),
		   *there = path_in(find_package(m->p, o->name), path);
	_cleanup_free_ char *as =
		there && !str_eq(there, path) ? str_printf(" (as %s)", there) : NULL;

	return err_set(
		e, -EEXIST,
		"%s is in package %s %s too%s, with %s%s: the recipe has to say which of them "
		"wins, as prefer: [{path: /%s, package: %s}]",
		here ? here : path, o->name, o->version ? o->version : "", as ? as : "", difference,
		mutual ? ", and each replaces the other" : "", path, m->pkg->name);
}

int merge_decide(const struct merge *m, const char *path, const struct tree_node *old,
		 const char *difference, struct err *e)
{
	const struct tree_origin *o = old->inode->origin;

	if (o->kind == TREE_ORIGIN_NONE)
		return MERGE_NEW_WINS;
	if (o->kind != TREE_ORIGIN_PACKAGE)
		return err_set(e, -EEXIST, "%s is in the tree already, and not from a package",
			       path);
	if (str_eq(o->name, m->pkg->name))
		return err_set(e, -EEXIST, "it has %s twice, with %s", path, difference);
	int r = ask_rules(m, path, o->name, e);
	if (r != -ENOENT)
		return r;
	bool new_over = replaces(m->pkg, o->name, o->version ? o->version : "");
	bool old_over = replaces(find_package(m->p, o->name), m->pkg->name, m->pkg->version);
	if (new_over != old_over)
		return new_over ? MERGE_NEW_WINS : MERGE_OLD_WINS;
	return conflict(m, path, o, difference, new_over, e);
}
