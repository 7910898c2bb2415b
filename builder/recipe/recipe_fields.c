/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several fields of a recipe have in common. */
#include "builder/recipe/recipe_fields.h"

#include <sys/stat.h>

void *recipe_grow(void **items, size_t *n, size_t size)
{
	uint8_t *p = reallocarray(*items, *n + 1, size);

	if (!p)
		return NULL;
	*items = p;
	memset(p + *n * size, 0, size);
	return p + (*n)++ * size;
}

int recipe_get_path(const struct yaml_value *v, const struct recipe *r, char **ret, struct err *e)
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

int recipe_get_directory(const struct yaml_value *v, const struct recipe *r, char **ret,
			 struct err *e)
{
	struct stat st;

	int rc = recipe_get_path(v, r, ret, e);
	if (rc < 0)
		return rc;
	if (stat(*ret, &st) < 0)
		return yaml_error(v, e, "%s: %s", *ret, strerror(errno));
	return S_ISDIR(st.st_mode) ? 0 : yaml_error(v, e, "%s is not a directory", *ret);
}

bool recipe_all_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

int recipe_get_package_names(const struct yaml_value *v, struct strv *l, struct err *e)
{
	int rc = yaml_strings(v, l, e);

	for (size_t i = 0; rc == 0 && i < l->n; i++)
		if (!strchr(RECIPE_LOWER RECIPE_DIGITS, l->v[i][0]) ||
		    !recipe_all_of(l->v[i], RECIPE_LOWER RECIPE_DIGITS "+-."))
			return yaml_error(v, e, "\"%s\" is not a package name", l->v[i]);
	return rc;
}

int recipe_get_image_path(const struct yaml_value *v, char **ret, struct err *e)
{
	int rc = yaml_string(v, ret, e);

	if (rc == 0 && (**ret != '/' || strstr(*ret, "/../") || str_has_suffix(*ret, "/..")))
		return yaml_error(v, e, "\"%s\" is not an absolute path in the image", *ret);
	return rc;
}
