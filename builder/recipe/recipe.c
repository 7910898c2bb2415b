/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/recipe/recipe.h"

#include <sys/stat.h>

#include "builder/recipe/recipe_fields.h"

FIELD_FN(set_name)
{
	struct recipe *r = target;

	int rc = yaml_string(v, &r->name, e);
	if (rc < 0)
		return rc;
	if (!strchr(RECIPE_LOWER, r->name[0]) ||
	    !recipe_all_of(r->name, RECIPE_LOWER RECIPE_DIGITS "-") || strlen(r->name) > 20)
		return yaml_error(
			v, e,
			"\"%s\" is not a name: at most 20 characters a-z, 0-9 and -, a letter first",
			r->name);
	return 0;
}

FIELD_FN(set_version)
{
	struct recipe *r = target;

	int rc = yaml_string(v, &r->version, e);
	if (rc < 0)
		return rc;
	/* No "_" and no "+": they end the version in partition labels and in boot entries' names. */
	if (!strchr(RECIPE_LOWER RECIPE_DIGITS, r->version[0]) ||
	    !recipe_all_of(r->version, RECIPE_LOWER RECIPE_DIGITS ".-~^") ||
	    strlen(r->version) > 16)
		return yaml_error(
			v, e,
			"\"%s\" is not a version: at most 16 characters a-z, 0-9, . - ~ ^, a letter "
			"or digit first",
			r->version);
	return 0;
}

FIELD_FN(set_arch)
{
	static const char *const names[] = { "x86-64", "arm64" };
	struct recipe *r = target;
	size_t i;

	int rc = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (rc < 0)
		return rc;
	free(r->arch);
	r->arch = strdup(names[i]);
	return r->arch ? 0 : err_oom(e);
}

static const struct yaml_field recipe_fields[] = {
	{ "name", true, set_name },
	{ "version", true, set_version },
	{ "arch", true, set_arch },
	{ "repositories", true, recipe_set_repos },
	{ "packages", true, recipe_set_packages },
	{ "without", false, recipe_set_without },
	{ "remove", false, recipe_set_remove },
	{ "prefer", false, recipe_set_prefer },
	{ "overlay", false, recipe_set_overlay },
	{ "units", false, recipe_set_units },
	{ "kernel", true, recipe_set_kernel },
	{ "initrd", true, recipe_set_initrd },
	{ "filesystem", true, recipe_set_filesystem },
	{ "layout", true, recipe_set_layout },
	{ "signing", true, recipe_set_signing },
	{ "updates", false, recipe_set_updates },
};

/* The file for a path that may name a directory, and the directory that it lies in. */
static int find_file(const char *path, struct recipe *r, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, -errno, "recipe %s", path);
	r->path = S_ISDIR(st.st_mode) ? str_printf("%s/recipe.yaml", path) : strdup(path);
	if (!r->path)
		return err_oom(e);
	const char *slash = strrchr(r->path, '/');
	r->dir = slash ? strndup(r->path, MAX((size_t)(slash - r->path), (size_t)1)) : strdup(".");
	return r->dir ? 0 : err_oom(e);
}

int recipe_load(const char *path, struct recipe **ret, struct err *e)
{
	_cleanup_(recipe_free) struct recipe *r = calloc(1, sizeof(*r));
	_cleanup_(yaml_close) struct yaml_doc *doc = NULL;

	if (!r)
		return err_oom(e);
	int rc = find_file(path, r, e);
	if (rc < 0)
		return rc;
	rc = yaml_open(r->path, &doc, e);
	if (rc < 0)
		return rc;
	struct yaml_value root = yaml_root(doc);
	rc = yaml_map(&root, recipe_fields, ARRAY_SIZE(recipe_fields), r, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(r);
	return 0;
}

static void repo_done(struct recipe_repo *repo)
{
	free(repo->suite);
	strv_done(&repo->components);
	free(repo->mirror);
	free(repo->keyring);
}

void recipe_free(struct recipe *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_repos; i++)
		repo_done(&r->repos[i]);
	for (size_t i = 0; i < r->n_without; i++) {
		free(r->without[i].package);
		free(r->without[i].why);
	}
	for (size_t i = 0; i < r->n_remove; i++) {
		free(r->remove[i].path);
		free(r->remove[i].why);
	}
	for (size_t i = 0; i < r->n_wins; i++) {
		free(r->wins[i].path);
		free(r->wins[i].package);
	}
	struct strv *lists[] = { &r->packages,	   &r->units_enable,	&r->units_disable,
				 &r->units_mask,   &r->initrd_packages, &r->initrd_modules,
				 &r->initrd_remove };
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	char *strings[] = { r->dir,	r->path,	 r->name,    r->version,
			    r->arch,	r->overlay,	 r->cmdline, r->initrd_overlay,
			    r->fs_type, r->layout,	 r->key,     r->certificate,
			    r->enroll,	r->update_source };
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	free(r->repos);
	free(r->without);
	free(r->remove);
	free(r->wins);
	free(r);
}

char *recipe_lock_path(const struct recipe *r)
{
	return str_printf("%s/recipe.lock", r->dir);
}
