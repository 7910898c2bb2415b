/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/path.h"
#include "stage1/finish/text.h"
#include "stage1/finish/units.h"

#define NAME "units"

static int put_link(const struct finish_params *p, const char *path, const char *target,
		    struct err *e)
{
	const struct tree_node *n = tree_lookup(p->tree, path);

	if (n && tree_is_symlink(n) && str_eq(path_last(n->inode->target), path_last(target)))
		return 0;
	if (n)
		return err_set(e, -EEXIST,
			       "%s is something else already, and would be a link to %s", path,
			       target);
	return finish_put_link(p, NAME, path, target, e);
}

/* etc/systemd/system/<by>.wants/<unit> -> /<unit's file> */
static int link_into(const struct finish_params *p, enum unit_scope scope,
		     const struct unit_install *u, const char *by, const char *suffix,
		     struct err *e)
{
	_cleanup_free_ char *path =
		str_printf("%s/%s.%s/%s", unit_etc_dir(scope), by, suffix, u->name);
	_cleanup_free_ char *target = str_printf("/%s", u->path);

	if (!unit_name_is_valid(by))
		return err_set(e, -EBADMSG, "%s: \"%s\" in its [Install] section is no unit",
			       u->path, by);
	return path && target ? put_link(p, path, target, e) : err_oom(e);
}

static int link_into_all(const struct finish_params *p, enum unit_scope scope,
			 const struct unit_install *u, const struct strv *by, const char *suffix,
			 struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < by->n; i++)
		r = link_into(p, scope, u, by->v[i], suffix, e);
	return r;
}

/* For an instance, an alias that is a template is the same instance of that template. */
static char *alias_name(const struct unit_install *u, const char *alias)
{
	const char *at = strchr(u->name, '@'), *alias_at = strstr(alias, "@.");

	if (!at || !alias_at)
		return strdup(alias);
	return str_printf("%.*s%.*s%s", (int)(alias_at + 1 - alias), alias,
			  (int)(strrchr(u->name, '.') - at - 1), at + 1, alias_at + 1);
}

static int link_alias(const struct finish_params *p, enum unit_scope scope,
		      const struct unit_install *u, const char *alias, struct err *e)
{
	_cleanup_free_ char *name = alias_name(u, alias);
	_cleanup_free_ char *path = name ? str_printf("%s/%s", unit_etc_dir(scope), name) : NULL;
	_cleanup_free_ char *target = str_printf("/%s", u->path);

	if (!path || !target)
		return err_oom(e);
	if (!unit_name_is_valid(name) || !str_eq(strrchr(name, '.'), strrchr(u->name, '.')))
		return err_set(e, -EBADMSG, "%s: alias \"%s\" is no unit of the same type", u->path,
			       alias);
	return str_eq(name, u->name) ? 0 : put_link(p, path, target, e);
}

int units_link(const struct finish_params *p, enum unit_scope scope, const struct unit_install *u,
	       struct err *e)
{
	int r = link_into_all(p, scope, u, &u->wanted_by, "wants", e);

	if (r == 0)
		r = link_into_all(p, scope, u, &u->required_by, "requires", e);
	if (r == 0)
		r = link_into_all(p, scope, u, &u->upheld_by, "upholds", e);
	for (size_t i = 0; r == 0 && i < u->alias.n; i++)
		r = link_alias(p, scope, u, u->alias.v[i], e);
	return r;
}

/* A symlink in etc by which one of the units is known or pulled in; not one to /dev/null. */
static bool enables(const struct tree_node *n, const struct strv *units)
{
	return tree_is_symlink(n) && !str_eq(n->inode->target, "/dev/null") &&
	       (strv_contains(units, n->name) || strv_contains(units, path_last(n->inode->target)));
}

static void unlink_in(struct tree *t, struct tree_node *dir, const struct strv *units)
{
	for (size_t i = dir->n_children; i-- > 0;)
		if (enables(dir->children[i], units))
			tree_remove(t, dir->children[i]);
}

void units_unlink(const struct finish_params *p, enum unit_scope scope, const struct strv *units)
{
	struct tree_node *dir = tree_lookup(p->tree, unit_etc_dir(scope));

	if (!dir || !tree_is_dir(dir) || !units->n)
		return;
	for (size_t i = dir->n_children; i-- > 0;) {
		struct tree_node *sub = dir->children[i];
		if (!tree_is_dir(sub) || !(str_has_suffix(sub->name, ".wants") ||
					   str_has_suffix(sub->name, ".requires") ||
					   str_has_suffix(sub->name, ".upholds")))
			continue;
		unlink_in(p->tree, sub, units);
		if (!sub->n_children)
			tree_remove(p->tree, sub);
	}
	unlink_in(p->tree, dir, units);
}

int units_mask(const struct finish_params *p, enum unit_scope scope, const char *unit,
	       struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", unit_etc_dir(scope), unit);

	if (!path)
		return err_oom(e);
	const struct tree_node *n = tree_lookup(p->tree, path);
	if (n && !tree_is_symlink(n))
		return err_set(e, -EEXIST, "%s cannot be masked: its own file is %s", unit, path);
	return finish_put_link(p, NAME, path, "/dev/null", e);
}
