/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several fields of a recipe have in common. */
#include "builder/recipe/recipe_fields.h"

#include <sys/stat.h>

#include "base/path.h"

void *recipe_grow(void **items, size_t *n, size_t size)
{
	uint8_t *p = reallocarray(*items, *n + 1, size);

	if (!p)
		return NULL;
	*items = p;
	memset(p + *n * size, 0, size);
	return p + (*n)++ * size;
}

int recipe_get_path(const struct yaml_value *v, char **ret, struct err *e)
{
	_cleanup_free_ char *s = NULL, *dir = path_dir(yaml_file(v));

	int rc = dir ? yaml_string(v, &s, e) : err_oom(e);
	if (rc < 0)
		return rc;
	_cleanup_free_ char *path =
		str_printf("%s%s%s", *s == '/' ? "" : dir, *s == '/' ? "" : "/", s);
	char *tidy = path ? path_tidy(path) : NULL;
	if (!tidy)
		return err_oom(e);
	free(*ret);
	*ret = tidy;
	return 0;
}

int recipe_add_directory(const struct yaml_value *v, struct strv *l, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	int rc = recipe_get_path(v, &path, e);
	if (rc < 0)
		return rc;
	if (stat(path, &st) < 0)
		return yaml_error(v, e, "directory %s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return yaml_error(v, e, "%s is not a directory", path);
	return strv_take(l, TAKE_PTR(path)) < 0 ? err_oom(e) : 0;
}

bool recipe_is_shared(const struct recipe *r, const struct yaml_value *v)
{
	return !str_eq(yaml_file(v), r->path);
}

bool recipe_all_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

int recipe_get_package_name(const struct yaml_value *v, char **ret, struct err *e)
{
	int rc = yaml_string(v, ret, e);
	const char *s = *ret;

	if (rc < 0)
		return rc;
	if (!strchr(RECIPE_LOWER RECIPE_DIGITS, *s) ||
	    !recipe_all_of(s, RECIPE_LOWER RECIPE_DIGITS "+-."))
		return yaml_error(
			v, e, "\"%s\" is not a package name: those are of a-z, 0-9, +, - and .", s);
	return 0;
}

static int check_package_name(const struct yaml_value *v, void *target unused_, struct err *e)
{
	_cleanup_free_ char *s = NULL;

	return recipe_get_package_name(v, &s, e);
}

int recipe_get_package_names(const struct yaml_value *v, struct strv *l, struct err *e)
{
	int rc = yaml_each(v, check_package_name, NULL, e);

	return rc < 0 ? rc : yaml_strings(v, l, e);
}

int recipe_get_image_path(const struct yaml_value *v, char **ret, struct err *e)
{
	int rc = yaml_string(v, ret, e);

	if (rc == 0 && (**ret != '/' || strstr(*ret, "/../") || str_has_suffix(*ret, "/..")))
		return yaml_error(
			v, e,
			"\"%s\" is not a path in the image: those start with / and hold no ..",
			*ret);
	return rc;
}
