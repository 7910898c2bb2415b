/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packages and files are in the image: repositories, packages, removals, overlay, units. */
#include "builder/recipe/recipe_fields.h"

/* repositories: */
FIELD_FN(repo_type)
{
	static const char *const names[] = { "deb" };
	struct recipe_repo *repo = target;
	size_t i;

	int rc = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (rc == 0)
		repo->type = RECIPE_REPO_DEB;
	return rc;
}

FIELD_FN(repo_suite)
{
	struct recipe_repo *repo = target;

	int rc = yaml_string(v, &repo->suite, e);
	if (rc < 0)
		return rc;
	if (!recipe_all_of(repo->suite, RECIPE_LOWER RECIPE_DIGITS "-.+/") ||
	    strstr(repo->suite, ".."))
		return yaml_error(v, e, "\"%s\" is not a suite, such as trixie or trixie-updates",
				  repo->suite);
	repo->security = str_has_suffix(repo->suite, "-security");
	return 0;
}

FIELD_FN(repo_components)
{
	struct recipe_repo *repo = target;

	return yaml_strings(v, &repo->components, e);
}

FIELD_FN(repo_mirror)
{
	struct recipe_repo *repo = target;

	int rc = yaml_string(v, &repo->mirror, e);
	if (rc < 0)
		return rc;
	if (!str_eq(repo->mirror, "system") && repo->mirror[0] != '/' &&
	    !str_has_prefix(repo->mirror, "http://") && !str_has_prefix(repo->mirror, "https://"))
		return yaml_error(v, e,
				  "\"%s\" is neither system, nor a URL, nor an absolute directory",
				  repo->mirror);
	return 0;
}

FIELD_FN(repo_keyring)
{
	struct recipe_repo *repo = target;

	return recipe_get_path(v, &repo->keyring, e);
}

FIELD_FN(add_repo)
{
	static const struct yaml_field fields[] = {
		{ "type", true, repo_type },
		{ "suite", true, repo_suite },
		{ "components", true, repo_components },
		{ "mirror", true, repo_mirror },
		{ "keyring", true, repo_keyring },
	};
	struct recipe *r = target;
	struct recipe_repo *repo = recipe_grow((void **)&r->repos, &r->n_repos, sizeof(*repo));

	if (!repo)
		return err_oom(e);
	int rc = yaml_map(v, fields, ARRAY_SIZE(fields), repo, e);
	if (rc == 0 && repo->components.n == 0)
		return yaml_error(v, e, "components is empty: name at least one, such as main");
	return rc;
}

int recipe_set_repos(const struct yaml_value *v, void *target, struct err *e)
{
	struct recipe *r = target;

	int rc = yaml_each(v, add_repo, target, e);
	if (rc == 0 && r->n_repos == 0)
		return yaml_error(v, e, "is empty: packages must come from somewhere");
	return rc;
}

int recipe_set_packages(const struct yaml_value *v, void *target, struct err *e)
{
	struct recipe *r = target;

	int rc = recipe_get_package_names(v, &r->packages, e);
	if (rc == 0 && r->packages.n == 0)
		return yaml_error(v, e, "is empty: an image has packages");
	return rc;
}

/* without: and remove: and prefer: */
FIELD_FN(without_package)
{
	return yaml_string(v, &((struct recipe_without *)target)->package, e);
}

FIELD_FN(without_why)
{
	return yaml_string(v, &((struct recipe_without *)target)->why, e);
}

FIELD_FN(add_without)
{
	static const struct yaml_field fields[] = { { "package", true, without_package },
						    { "why", true, without_why } };
	struct recipe *r = target;
	struct recipe_without *w = recipe_grow((void **)&r->without, &r->n_without, sizeof(*w));

	if (!w)
		return err_oom(e);
	w->shared = recipe_is_shared(r, v);
	return yaml_map(v, fields, ARRAY_SIZE(fields), w, e);
}

int recipe_set_without(const struct yaml_value *v, void *target, struct err *e)
{
	return yaml_each(v, add_without, target, e);
}

FIELD_FN(remove_path)
{
	return recipe_get_image_path(v, &((struct recipe_remove *)target)->path, e);
}

FIELD_FN(remove_why)
{
	return yaml_string(v, &((struct recipe_remove *)target)->why, e);
}

FIELD_FN(add_remove)
{
	static const struct yaml_field fields[] = { { "path", true, remove_path },
						    { "why", true, remove_why } };
	struct recipe *r = target;
	struct recipe_remove *w = recipe_grow((void **)&r->remove, &r->n_remove, sizeof(*w));

	if (!w)
		return err_oom(e);
	w->shared = recipe_is_shared(r, v);
	return yaml_is_map(v) ? yaml_map(v, fields, ARRAY_SIZE(fields), w, e)
			      : remove_path(v, w, e);
}

int recipe_set_remove(const struct yaml_value *v, void *target, struct err *e)
{
	return yaml_each(v, add_remove, target, e);
}

FIELD_FN(prefer_path)
{
	return recipe_get_image_path(v, &((struct recipe_wins *)target)->path, e);
}

FIELD_FN(prefer_package)
{
	return yaml_string(v, &((struct recipe_wins *)target)->package, e);
}

FIELD_FN(add_prefer)
{
	static const struct yaml_field fields[] = { { "path", true, prefer_path },
						    { "package", true, prefer_package } };
	struct recipe *r = target;
	struct recipe_wins *w = recipe_grow((void **)&r->wins, &r->n_wins, sizeof(*w));

	return w ? yaml_map(v, fields, ARRAY_SIZE(fields), w, e) : err_oom(e);
}

int recipe_set_prefer(const struct yaml_value *v, void *target, struct err *e)
{
	return yaml_each(v, add_prefer, target, e);
}

int recipe_set_overlay(const struct yaml_value *v, void *target, struct err *e)
{
	return recipe_add_directory(v, &((struct recipe *)target)->overlays, e);
}

/* units: */
FIELD_FN(units_enable)
{
	return yaml_strings(v, &((struct recipe *)target)->units_enable, e);
}

FIELD_FN(units_disable)
{
	return yaml_strings(v, &((struct recipe *)target)->units_disable, e);
}

FIELD_FN(units_mask)
{
	return yaml_strings(v, &((struct recipe *)target)->units_mask, e);
}

static int check_once(const struct yaml_value *v, const char *what, const struct strv *a,
		      const struct strv *b, struct err *e)
{
	for (size_t i = 0; i < a->n; i++)
		if (strv_contains(b, a->v[i]))
			return yaml_error(v, e, "%s is both %s", a->v[i], what);
	return 0;
}

int recipe_set_units(const struct yaml_value *v, void *target, struct err *e)
{
	static const struct yaml_field fields[] = { { "enable", false, units_enable },
						    { "disable", false, units_disable },
						    { "mask", false, units_mask } };

	const struct recipe *r = target;

	int rc = yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
	if (rc == 0)
		rc = check_once(v, "enabled and disabled", &r->units_enable, &r->units_disable, e);
	return rc < 0 ? rc
		      : check_once(v, "enabled and masked", &r->units_enable, &r->units_mask, e);
}
