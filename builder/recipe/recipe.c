/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/recipe/recipe.h"

#include <sys/stat.h>

#include "builder/recipe/yaml.h"

#define FIELD_FN(fn_name) \
	static int fn_name(const struct yaml_value *v, void *target, struct err *e)

/* Makes room for one more item, zeroed, at the end of an array. */
static void *grow(void **items, size_t *n, size_t size)
{
	uint8_t *p = reallocarray(*items, *n + 1, size);

	if (!p)
		return NULL;
	*items = p;
	memset(p + *n * size, 0, size);
	return p + (*n)++ * size;
}

/* A path in a recipe is relative to the recipe. */
static int get_path(const struct yaml_value *v, const struct recipe *r, char **ret, struct err *e)
{
	_cleanup_free_ char *s = NULL;

	int rc = yaml_string(v, &s, e);
	if (rc < 0)
		return rc;
	char *path = *s == '/' ? strdup(s) : str_printf("%s/%s", r->dir, s);
	if (!path)
		return err_oom(e);
	free(*ret);
	*ret = path;
	return 0;
}

static bool all_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

FIELD_FN(set_name)
{
	struct recipe *r = target;

	int rc = yaml_string(v, &r->name, e);
	if (rc < 0)
		return rc;
	if (!strchr(LOWER, r->name[0]) || !all_of(r->name, LOWER DIGITS "-") ||
	    strlen(r->name) > 20)
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
	if (!strchr(LOWER DIGITS, r->version[0]) || !all_of(r->version, LOWER DIGITS ".-~^") ||
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
	if (!all_of(repo->suite, LOWER DIGITS "-.+/") || strstr(repo->suite, ".."))
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

	return yaml_string(v, &repo->keyring, e);
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
	struct recipe_repo *repo = grow((void **)&r->repos, &r->n_repos, sizeof(*repo));

	if (!repo)
		return err_oom(e);
	int rc = yaml_map(v, fields, ARRAY_SIZE(fields), repo, e);
	if (rc == 0 && repo->components.n == 0)
		return yaml_error(v, e, "components is empty: name at least one, such as main");
	return rc;
}

FIELD_FN(set_repos)
{
	struct recipe *r = target;

	int rc = yaml_each(v, add_repo, target, e);
	if (rc == 0 && r->n_repos == 0)
		return yaml_error(v, e, "is empty: packages must come from somewhere");
	return rc;
}

static int get_package_names(const struct yaml_value *v, struct strv *l, struct err *e)
{
	int rc = yaml_strings(v, l, e);

	for (size_t i = 0; rc == 0 && i < l->n; i++)
		if (!strchr(LOWER DIGITS, l->v[i][0]) || !all_of(l->v[i], LOWER DIGITS "+-."))
			return yaml_error(v, e, "\"%s\" is not a package name", l->v[i]);
	return rc;
}

FIELD_FN(set_packages)
{
	struct recipe *r = target;

	int rc = get_package_names(v, &r->packages, e);
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
	struct recipe_without *w = grow((void **)&r->without, &r->n_without, sizeof(*w));

	return w ? yaml_map(v, fields, ARRAY_SIZE(fields), w, e) : err_oom(e);
}

FIELD_FN(set_without)
{
	return yaml_each(v, add_without, target, e);
}

static int get_image_path(const struct yaml_value *v, char **ret, struct err *e)
{
	int rc = yaml_string(v, ret, e);

	if (rc == 0 && (**ret != '/' || strstr(*ret, "/../") || str_has_suffix(*ret, "/..")))
		return yaml_error(v, e, "\"%s\" is not an absolute path in the image", *ret);
	return rc;
}

FIELD_FN(remove_path)
{
	return get_image_path(v, &((struct recipe_remove *)target)->path, e);
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
	struct recipe_remove *w = grow((void **)&r->remove, &r->n_remove, sizeof(*w));

	if (!w)
		return err_oom(e);
	return yaml_is_map(v) ? yaml_map(v, fields, ARRAY_SIZE(fields), w, e)
			      : remove_path(v, w, e);
}

FIELD_FN(set_remove)
{
	return yaml_each(v, add_remove, target, e);
}

FIELD_FN(prefer_path)
{
	return get_image_path(v, &((struct recipe_wins *)target)->path, e);
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
	struct recipe_wins *w = grow((void **)&r->wins, &r->n_wins, sizeof(*w));

	return w ? yaml_map(v, fields, ARRAY_SIZE(fields), w, e) : err_oom(e);
}

FIELD_FN(set_prefer)
{
	return yaml_each(v, add_prefer, target, e);
}

static int get_directory(const struct yaml_value *v, const struct recipe *r, char **ret,
			 struct err *e)
{
	struct stat st;

	int rc = get_path(v, r, ret, e);
	if (rc < 0)
		return rc;
	if (stat(*ret, &st) < 0)
		return yaml_error(v, e, "%s: %s", *ret, strerror(errno));
	return S_ISDIR(st.st_mode) ? 0 : yaml_error(v, e, "%s is not a directory", *ret);
}

FIELD_FN(set_overlay)
{
	struct recipe *r = target;

	return get_directory(v, r, &r->overlay, e);
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

FIELD_FN(set_units)
{
	static const struct yaml_field fields[] = { { "enable", false, units_enable },
						    { "disable", false, units_disable },
						    { "mask", false, units_mask } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

/* kernel: */
FIELD_FN(kernel_cmdline)
{
	struct recipe *r = target;

	int rc = yaml_string(v, &r->cmdline, e);
	if (rc == 0 && strstr(r->cmdline, "usrhash="))
		return yaml_error(v, e, "usrhash= is added by the build: remove it");
	return rc;
}

FIELD_FN(set_kernel)
{
	static const struct yaml_field fields[] = { { "cmdline", true, kernel_cmdline } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

/* initrd: */
FIELD_FN(initrd_packages)
{
	return get_package_names(v, &((struct recipe *)target)->initrd_packages, e);
}

FIELD_FN(initrd_modules)
{
	return yaml_strings(v, &((struct recipe *)target)->initrd_modules, e);
}

FIELD_FN(add_initrd_remove)
{
	struct recipe *r = target;
	_cleanup_free_ char *s = NULL;

	int rc = get_image_path(v, &s, e);
	if (rc < 0)
		return rc;
	return strv_take(&r->initrd_remove, TAKE_PTR(s)) < 0 ? err_oom(e) : 0;
}

FIELD_FN(initrd_remove)
{
	return yaml_each(v, add_initrd_remove, target, e);
}

FIELD_FN(initrd_overlay)
{
	struct recipe *r = target;

	return get_directory(v, r, &r->initrd_overlay, e);
}

FIELD_FN(set_initrd)
{
	static const struct yaml_field fields[] = { { "packages", true, initrd_packages },
						    { "modules", true, initrd_modules },
						    { "remove", false, initrd_remove },
						    { "overlay", false, initrd_overlay } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

FIELD_FN(fs_type)
{
	static const char *const names[] = { "ext4" };
	struct recipe *r = target;
	size_t i;

	int rc = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (rc < 0)
		return rc;
	free(r->fs_type);
	r->fs_type = strdup(names[i]);
	return r->fs_type ? 0 : err_oom(e);
}

FIELD_FN(set_filesystem)
{
	static const struct yaml_field fields[] = { { "type", true, fs_type } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

FIELD_FN(set_layout)
{
	struct recipe *r = target;
	_cleanup_free_ char *s = NULL;

	int rc = yaml_string(v, &s, e);
	if (rc < 0)
		return rc;
	if (strchr(s, '/') || str_has_suffix(s, ".yaml"))
		return get_path(v, r, &r->layout, e);
	free(r->layout);
	r->layout = TAKE_PTR(s);
	return 0;
}

/* signing: */
FIELD_FN(signing_key)
{
	struct recipe *r = target;
	_cleanup_free_ char *s = NULL;

	int rc = yaml_string(v, &s, e);
	if (rc < 0)
		return rc;
	if (!str_has_prefix(s, "pkcs11:"))
		return get_path(v, r, &r->key, e);
	free(r->key);
	r->key = TAKE_PTR(s);
	return 0;
}

FIELD_FN(signing_certificate)
{
	struct recipe *r = target;

	return get_path(v, r, &r->certificate, e);
}

FIELD_FN(signing_enroll)
{
	struct recipe *r = target;

	return get_path(v, r, &r->enroll, e);
}

FIELD_FN(set_signing)
{
	static const struct yaml_field fields[] = { { "key", true, signing_key },
						    { "certificate", true, signing_certificate },
						    { "enroll", false, signing_enroll } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

FIELD_FN(updates_source)
{
	struct recipe *r = target;

	int rc = yaml_string(v, &r->update_source, e);
	if (rc == 0 && !str_has_prefix(r->update_source, "http://") &&
	    !str_has_prefix(r->update_source, "https://"))
		return yaml_error(v, e, "\"%s\" is not an http:// or https:// URL",
				  r->update_source);
	return rc;
}

FIELD_FN(set_updates)
{
	static const struct yaml_field fields[] = { { "source", true, updates_source } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

static const struct yaml_field recipe_fields[] = {
	{ "name", true, set_name },
	{ "version", true, set_version },
	{ "arch", true, set_arch },
	{ "repositories", true, set_repos },
	{ "packages", true, set_packages },
	{ "without", false, set_without },
	{ "remove", false, set_remove },
	{ "prefer", false, set_prefer },
	{ "overlay", false, set_overlay },
	{ "units", false, set_units },
	{ "kernel", true, set_kernel },
	{ "initrd", true, set_initrd },
	{ "filesystem", true, set_filesystem },
	{ "layout", true, set_layout },
	{ "signing", true, set_signing },
	{ "updates", false, set_updates },
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
