/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/recipe/recipe.h"

#include <sys/stat.h>

#include "base/path.h"

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

/* Done before all others, by read_includes(). */
FIELD_FN(set_include)
{
	(void)v, (void)target, (void)e;
	return 0;
}

/* No key is required here, as it may stand in any of the files: check_complete() judges them all. */
static const struct yaml_field recipe_fields[] = {
	{ .key = "name", .set = set_name },
	{ .key = "version", .set = set_version },
	{ .key = "include", .set = set_include },
	{ .key = "arch", .set = set_arch },
	{ .key = "repositories", .set = recipe_set_repos },
	{ .key = "packages", .set = recipe_set_packages },
	{ .key = "without", .set = recipe_set_without },
	{ .key = "remove", .set = recipe_set_remove },
	{ .key = "prefer", .set = recipe_set_prefer },
	{ .key = "scripts", .set = recipe_set_scripts },
	{ .key = "overlay", .set = recipe_set_overlay },
	{ .key = "units", .set = recipe_set_units },
	{ .key = "kernel", .set = recipe_set_kernel },
	{ .key = "initrd", .set = recipe_set_initrd },
	{ .key = "filesystem", .set = recipe_set_filesystem },
	{ .key = "layout", .set = recipe_set_layout },
	{ .key = "signing", .set = recipe_set_signing },
	{ .key = "updates", .set = recipe_set_updates },
	{ .key = "health", .set = recipe_set_health },
};

static int check_complete(const struct recipe *r, const struct yaml_value *root, struct err *e)
{
	const struct {
		const char *key;
		bool there;
	} required[] = {
		{ "name", r->name },
		{ "version", r->version },
		{ "arch", r->arch },
		{ "repositories", r->n_repos },
		{ "packages", r->packages.n },
		{ "kernel", r->cmdline },
		{ "initrd: packages", r->initrd_packages.n },
		{ "initrd: modules", r->initrd_modules_given },
		{ "filesystem", r->filesystem.type },
		{ "layout", r->layout },
		{ "signing", r->key },
	};

	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!required[i].there)
			return yaml_error(root, e, "key \"%s\" is missing%s", required[i].key,
					  r->includes.n ? ", here and in what is included" : "");
	return 0;
}

FIELD_FN(read_included)
{
	struct recipe *r = target;
	_cleanup_(yaml_close) struct yaml_doc *doc = NULL;
	_cleanup_free_ char *path = NULL;
	struct yaml_value include;

	int rc = recipe_get_path(v, &path, e);
	if (rc < 0)
		return rc;
	if (strv_contains(&r->includes, path))
		return yaml_error(v, e, "%s is there twice", path);
	rc = yaml_open(path, &doc, e);
	if (rc == -ENOENT)
		return yaml_error(v, e, "%s: %s", path, strerror(ENOENT));
	if (rc < 0)
		return rc;
	struct yaml_value root = yaml_root(doc);
	if (yaml_find(&root, "include", &include))
		return yaml_error(&include, e,
				  "an included file includes no others: name them in the recipe");
	if (strv_take(&r->includes, TAKE_PTR(path)) < 0)
		return err_oom(e);
	return yaml_map(&root, recipe_fields, ARRAY_SIZE(recipe_fields), r, e);
}

/* The file for a path that may name a directory, and the directory that it lies in. */
static int find_file(const char *path, struct recipe *r, struct err *e)
{
	_cleanup_free_ char *file = NULL;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, -errno, "recipe %s", path);
	file = str_printf("%s%s", path, S_ISDIR(st.st_mode) ? "/recipe.yaml" : "");
	r->path = file ? path_tidy(file) : NULL;
	r->dir = r->path ? path_dir(r->path) : NULL;
	return r->dir ? 0 : err_oom(e);
}

int recipe_load(const char *path, struct recipe **ret, struct err *e)
{
	_cleanup_(recipe_free) struct recipe *r = calloc(1, sizeof(*r));
	_cleanup_(yaml_close) struct yaml_doc *doc = NULL;
	struct yaml_value include;

	if (!r)
		return err_oom(e);
	int rc = find_file(path, r, e);
	if (rc < 0)
		return rc;
	rc = yaml_open(r->path, &doc, e);
	if (rc < 0)
		return rc;
	struct yaml_value root = yaml_root(doc);
	if (yaml_find(&root, "include", &include))
		rc = yaml_each(&include, read_included, r, e);
	if (rc == 0)
		rc = yaml_map(&root, recipe_fields, ARRAY_SIZE(recipe_fields), r, e);
	if (rc == 0)
		rc = check_complete(r, &root, e);
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
	for (size_t i = 0; i < r->n_scripts; i++) {
		free(r->scripts[i].package);
		free(r->scripts[i].script);
		free(r->scripts[i].why);
	}
	struct strv *lists[] = { &r->includes,	      &r->packages,	  &r->overlays,
				 &r->units_enable,    &r->units_disable,  &r->units_mask,
				 &r->initrd_packages, &r->initrd_modules, &r->initrd_remove,
				 &r->initrd_overlays, &r->health.units,	  &r->health.commands,
				 &r->renew.trust,     &r->renew.revoke };
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	char *strings[] = { r->dir,	r->path,   r->name, r->version,	    r->arch,
			    r->cmdline, r->layout, r->key,  r->certificate, r->enroll };
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	recipe_updates_done(&r->updates);
	free(r->repos);
	free(r->without);
	free(r->remove);
	free(r->wins);
	free(r->scripts);
	free(r);
}

char *recipe_lock_path(const struct recipe *r)
{
	return str_printf("%s/recipe.lock", r->dir);
}

/* builder/recipe/schema, put into the program by the assembler (builtin.S). */
extern const char recipe_schema_json_start[], recipe_schema_json_end[];
extern const char layout_schema_json_start[], layout_schema_json_end[];

const char *recipe_schema(bool of_layouts, size_t *ret_len)
{
	const char *start = of_layouts ? layout_schema_json_start : recipe_schema_json_start;

	*ret_len = (size_t)((of_layouts ? layout_schema_json_end : recipe_schema_json_end) - start);
	return start;
}
