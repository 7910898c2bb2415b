/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image is made into: kernel, initrd, layout, signing. */
#include "builder/recipe/recipe_fields.h"
#include "builder/stages/cmdline.h"

/* kernel: */
FIELD_FN(kernel_cmdline)
{
	struct recipe *r = target;
	struct err why = { 0 };

	int rc = yaml_string(v, &r->cmdline, e);
	if (rc == 0)
		rc = cmdline_check_words(r->cmdline, &why);
	return rc == -EINVAL && *why.msg ? yaml_error(v, e, "%s: remove it", why.msg) : rc;
}

int recipe_set_kernel(const struct yaml_value *v, void *target, struct err *e)
{
	static const struct yaml_field fields[] = { { "cmdline", true, kernel_cmdline } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

/* initrd: */
FIELD_FN(initrd_packages)
{
	return recipe_get_package_names(v, &((struct recipe *)target)->initrd_packages, e);
}

FIELD_FN(initrd_modules)
{
	struct recipe *r = target;

	r->initrd_modules_given = true;
	return yaml_strings(v, &r->initrd_modules, e);
}

FIELD_FN(add_initrd_remove)
{
	struct recipe *r = target;
	_cleanup_free_ char *s = NULL;

	int rc = recipe_get_image_path(v, &s, e);
	if (rc < 0)
		return rc;
	if (strv_take(&r->initrd_remove, TAKE_PTR(s)) < 0)
		return err_oom(e);
	if (recipe_is_shared(r, v))
		r->n_initrd_remove_shared = r->initrd_remove.n;
	return 0;
}

FIELD_FN(initrd_remove)
{
	return yaml_each(v, add_initrd_remove, target, e);
}

FIELD_FN(initrd_overlay)
{
	return recipe_add_directory(v, &((struct recipe *)target)->initrd_overlays, e);
}

int recipe_set_initrd(const struct yaml_value *v, void *target, struct err *e)
{
	/* What must be there is judged by recipe_load(), once all files are read. */
	static const struct yaml_field fields[] = { { "packages", false, initrd_packages },
						    { "modules", false, initrd_modules },
						    { "remove", false, initrd_remove },
						    { "overlay", false, initrd_overlay } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

int recipe_set_layout(const struct yaml_value *v, void *target, struct err *e)
{
	struct recipe *r = target;
	_cleanup_free_ char *s = NULL;

	int rc = yaml_string(v, &s, e);
	if (rc < 0)
		return rc;
	if (strchr(s, '/') || str_has_suffix(s, ".yaml"))
		return recipe_get_path(v, &r->layout, e);
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
		return recipe_get_path(v, &r->key, e);
	free(r->key);
	r->key = TAKE_PTR(s);
	return 0;
}

FIELD_FN(signing_certificate)
{
	struct recipe *r = target;

	return recipe_get_path(v, &r->certificate, e);
}

FIELD_FN(signing_enroll)
{
	struct recipe *r = target;

	return recipe_get_path(v, &r->enroll, e);
}

/* @target: the list */
FIELD_FN(add_auth_file)
{
	_cleanup_free_ char *path = NULL;

	int rc = recipe_get_path(v, &path, e);
	if (rc == 0 && strv_contains(target, path))
		rc = yaml_error(v, e, "%s is there twice", path);
	if (rc == 0 && strv_take(target, TAKE_PTR(path)) < 0)
		rc = err_oom(e);
	return rc;
}

FIELD_FN(renew_trust)
{
	return yaml_each(v, add_auth_file, &((struct recipe *)target)->renew.trust, e);
}

FIELD_FN(renew_revoke)
{
	return yaml_each(v, add_auth_file, &((struct recipe *)target)->renew.revoke, e);
}

FIELD_FN(signing_renew)
{
	static const struct yaml_field fields[] = { { "trust", false, renew_trust },
						    { "revoke", false, renew_revoke } };
	struct recipe *r = target;

	/* Of several files the last one's is taken. */
	strv_done(&r->renew.trust);
	strv_done(&r->renew.revoke);
	r->renew = (struct recipe_renew){ .given = true };
	return yaml_map(v, fields, ARRAY_SIZE(fields), r, e);
}

int recipe_set_signing(const struct yaml_value *v, void *target, struct err *e)
{
	static const struct yaml_field fields[] = { { "key", true, signing_key },
						    { "certificate", true, signing_certificate },
						    { "enroll", false, signing_enroll },
						    { "renew", false, signing_renew } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}
