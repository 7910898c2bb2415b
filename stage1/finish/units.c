/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The units finisher: which units are enabled is settled when the image is built. Enabled are
 *
 *   - the recipe's enable list,
 *   - what packages' scripts enable when they are installed, unless a preset says disable,
 *   - what a preset file of the overlay enables,
 *   - and what these name in Also=;
 *
 * but not what the recipe disables or masks. A preset file that says the same and ends in "disable *"
 * goes into the image: without it systemd would enable every unit that no preset names on first boot.
 */
#include "base/buf.h"
#include "stage1/finish/preset.h"
#include "stage1/finish/units.h"

#define NAME "units"

struct plan {
	const struct finish_params *p;
	enum unit_scope scope;
	struct presets presets;
	struct strv enable, disable, mask;
};

static void plan_done(struct plan *l)
{
	presets_done(&l->presets);
	strv_done(&l->enable);
	strv_done(&l->disable);
	strv_done(&l->mask);
}

static int unknown_unit(const struct tree *t, const char *list, const char *unit, struct err *e)
{
	_cleanup_free_ char *near = NULL;

	int r = unit_near_names(t, UNIT_SYSTEM, unit, &near, e);
	if (r < 0)
		return r;
	return err_set(e, -EINVAL, "units: %s: the image has no unit \"%s\"%s%s", list, unit,
		       *near ? "; near names: " : "", near);
}

/* A unit of the recipe's lists belongs to the system, or else to users. */
static int recipe_unit(const struct plan *l, const char *list, const char *unit, bool *ret_here,
		       struct unit_install *u, struct err *e)
{
	const struct tree *t = l->p->tree;
	int r = -ENOENT;
	enum unit_scope scope = UNIT_SYSTEM;

	if (unit_name_is_valid(unit)) {
		r = unit_read_install(t, UNIT_SYSTEM, unit, u, e);
		if (r == -ENOENT) {
			scope = UNIT_USER;
			r = unit_read_install(t, UNIT_USER, unit, u, e);
		}
	}
	if (r == -ENOENT)
		return unknown_unit(t, list, unit, e);
	*ret_here = r == 0 && scope == l->scope;
	return r;
}

static bool can_be_enabled(const struct unit_install *u)
{
	return !u->masked &&
	       u->wanted_by.n + u->required_by.n + u->upheld_by.n + u->alias.n + u->also.n > 0;
}

/* Of a unit that the recipe enables or disables, everything must be as that needs it. */
static int check_installable(const struct unit_install *u, const char *list, struct err *e)
{
	const char *name = u->name;

	if (u->masked)
		return err_set(e, -EINVAL, "units: %s: %s is masked by %s", list, name, u->path);
	if (!can_be_enabled(u))
		return err_set(e, -EINVAL,
			       "units: %s: %s has no [Install] section, so that it is neither "
			       "enabled nor disabled; what is not wanted can be masked",
			       list, name);
	if (strstr(name, "@."))
		return err_set(e, -EINVAL,
			       "units: %s: %s is a template without a default instance; name one",
			       list, name);
	return 0;
}

static int add_recipe_list(struct plan *l, const char *list, const struct strv *units,
			   struct strv *to, struct err *e)
{
	for (size_t i = 0; units && i < units->n; i++) {
		_cleanup_unit_install_ struct unit_install u = { 0 };
		bool here = false;
		int r = recipe_unit(l, list, units->v[i], &here, &u, e);
		if (r == 0 && here && to != &l->mask)
			r = check_installable(&u, list, e);
		if (r < 0)
			return r;
		if (here && strv_add(to, to == &l->mask ? units->v[i] : u.name) < 0)
			return err_oom(e);
	}
	return 0;
}

static int check_contradictions(const struct plan *l, struct err *e)
{
	for (size_t i = 0; i < l->enable.n; i++) {
		const char *unit = l->enable.v[i];
		if (strv_contains(&l->disable, unit) || strv_contains(&l->mask, unit))
			return err_set(e, -EINVAL, "units: %s is both enabled and %s", unit,
				       strv_contains(&l->mask, unit) ? "masked" : "disabled");
	}
	return 0;
}

/* Disabling a unit disables what it names in Also= too, as systemctl does. */
static int close_disable(struct plan *l, struct err *e)
{
	for (size_t i = 0; i < l->disable.n; i++) {
		_cleanup_unit_install_ struct unit_install u = { 0 };
		int r = unit_read_install(l->p->tree, l->scope, l->disable.v[i], &u, e);
		if (r < 0 && r != -ENOENT)
			return r;
		for (size_t k = 0; k < u.also.n; k++)
			if (!strv_contains(&l->disable, u.also.v[k]) &&
			    !strv_contains(&l->enable, u.also.v[k]) &&
			    strv_add(&l->disable, u.also.v[k]) < 0)
				return err_oom(e);
	}
	return 0;
}

static int add_scripts_units(struct plan *l, struct err *e)
{
	_cleanup_strv_ struct strv units = STRV_INIT;

	int r = units_from_scripts(l->p, l->scope, &units, e);
	for (size_t i = 0; r == 0 && i < units.n; i++) {
		const struct preset_rule *rule = presets_find(&l->presets, units.v[i]);
		if ((!rule || rule->enable) && strv_add(&l->enable, units.v[i]) < 0)
			r = err_oom(e);
	}
	return r;
}

/* What an overlay's preset enables: each unit file whose first matching rule is the overlay's. */
static int add_preset_units_in(struct plan *l, const char *dir_path, struct err *e)
{
	const struct tree_node *dir = tree_lookup(l->p->tree, dir_path), *n;

	if (!dir || !tree_is_dir(dir))
		return 0;
	tree_for_each_child (dir, n) {
		const struct preset_rule *rule = tree_is_file(n) && unit_name_is_valid(n->name)
							 ? presets_find(&l->presets, n->name)
							 : NULL;
		if (!rule || !rule->enable || !rule->overlay)
			continue;
		const char *dot = strrchr(n->name, '.');
		int r = rule->instances.n ? 0 : strv_add(&l->enable, n->name);
		for (size_t i = 0; r == 0 && i < rule->instances.n; i++)
			r = strv_addf(&l->enable, "%.*s%s%s", (int)(dot - n->name), n->name,
				      rule->instances.v[i], dot);
		if (r < 0)
			return err_oom(e);
	}
	return 0;
}

static int make_plan(struct plan *l, struct err *e)
{
	const struct finish_params *p = l->p;

	int r = presets_read(p->tree, l->scope, &l->presets, e);
	if (r == 0)
		r = add_recipe_list(l, "enable", p->units_enable, &l->enable, e);
	if (r == 0)
		r = add_recipe_list(l, "disable", p->units_disable, &l->disable, e);
	if (r == 0)
		r = add_recipe_list(l, "mask", p->units_mask, &l->mask, e);
	if (r == 0)
		r = check_contradictions(l, e);
	if (r == 0)
		r = close_disable(l, e);
	if (r == 0)
		r = add_scripts_units(l, e);
	if (r == 0)
		r = add_preset_units_in(l, unit_etc_dir(l->scope), e);
	if (r == 0)
		r = add_preset_units_in(l,
					l->scope == UNIT_SYSTEM ? "usr/lib/systemd/system"
								: "usr/lib/systemd/user",
					e);
	return r;
}

/* The list grows by what its units name in Also=; @done: those that are enabled now. */
static int link_all(struct plan *l, struct strv *done, struct err *e)
{
	for (size_t i = 0; i < l->enable.n; i++) {
		_cleanup_unit_install_ struct unit_install u = { 0 };
		int r = unit_read_install(l->p->tree, l->scope, l->enable.v[i], &u, e);
		if (r == -ENOENT) /* its file was removed, or Also= names what is not there */
			continue;
		if (r < 0)
			return r;
		if (!can_be_enabled(&u) || strstr(u.name, "@.") || strv_contains(done, u.name) ||
		    strv_contains(&l->disable, u.name) || strv_contains(&l->mask, u.name))
			continue;
		r = units_link(l->p, l->scope, &u, e);
		if (r < 0)
			return r;
		if (strv_add(done, u.name) < 0)
			return err_oom(e);
		for (size_t k = 0; k < u.also.n; k++)
			if (strv_add(&l->enable, u.also.v[k]) < 0)
				return err_oom(e);
	}
	return 0;
}

static int put_preset(const struct plan *l, struct strv *enabled, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "# Settled when the image was built.\n");
	strv_sort(enabled);
	for (size_t i = 0; i < enabled->n; i++) {
		const char *name = enabled->v[i], *at = strchr(name, '@');
		_cleanup_free_ char *template = unit_template_name(name);
		if (!template)
			buf_printf(&b, "enable %s\n", name);
		else
			buf_printf(&b, "enable %s %.*s\n", template,
				   (int)(strrchr(name, '.') - at - 1), at + 1);
	}
	buf_append_str(&b, "disable *\n");
	if (buf_failed(&b))
		return err_oom(e);
	return finish_put(l->p, NAME,
			  l->scope == UNIT_SYSTEM
				  ? "usr/lib/systemd/system-preset/00-slipway.preset"
				  : "usr/lib/systemd/user-preset/00-slipway.preset",
			  buf_str(&b), e);
}

static int run_scope(const struct finish_params *p, enum unit_scope scope, struct err *e)
{
	struct plan l = { .p = p, .scope = scope };
	_cleanup_strv_ struct strv enabled = STRV_INIT;

	int r = make_plan(&l, e);
	if (r == 0) {
		units_unlink(p, scope, &l.disable);
		r = link_all(&l, &enabled, e);
	}
	for (size_t i = 0; r == 0 && i < l.mask.n; i++)
		r = units_mask(p, scope, l.mask.v[i], e);
	if (r == 0 && tree_lookup(p->tree, "usr/lib/systemd"))
		r = put_preset(&l, &enabled, e);
	plan_done(&l);
	return r;
}

int finish_units(const struct finish_params *p, struct err *e)
{
	int r = run_scope(p, UNIT_SYSTEM, e);

	return r < 0 ? r : run_scope(p, UNIT_USER, e);
}
