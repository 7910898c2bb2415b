/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/policy.h"

#include <fnmatch.h>

#include "builder/recipe/recipe_fields.h"
#include "base/digest.h"

#define KEY_BITS_MIN 2048
#define KEY_BITS_MAX 16384
#define KEY_ID_HEX   16
/* Hex digits of an OpenPGP key's fingerprint. */
#define FINGERPRINT_V4 40
#define FINGERPRINT_V6 64
#define SHA256_CHARS   (SHA256_HEX - 1)

FIELD_FN(add_certificate)
{
	_cleanup_free_ char *path = NULL;

	int r = recipe_get_path(v, &path, e);
	if (r < 0)
		return r;
	return strv_take(target, TAKE_PTR(path)) < 0 ? err_oom(e) : 0;
}

FIELD_FN(set_certificates)
{
	return yaml_each(v, add_certificate, &((struct policy *)target)->certificates, e);
}

FIELD_FN(set_key_bits)
{
	return yaml_u64(v, KEY_BITS_MIN, KEY_BITS_MAX, &((struct policy *)target)->key_bits, e);
}

static int set_allowed(const struct yaml_value *v, bool *ret, struct err *e)
{
	static const char *const names[] = { "refused", "allowed" };
	size_t i;

	int r = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (r == 0)
		*ret = i;
	return r;
}

FIELD_FN(set_empty_slot)
{
	return set_allowed(v, &((struct policy *)target)->empty_slot, e);
}

FIELD_FN(set_used_disk)
{
	return set_allowed(v, &((struct policy *)target)->used_disk, e);
}

FIELD_FN(set_initrd_shells)
{
	return set_allowed(v, &((struct policy *)target)->initrd_shells, e);
}

/* Such as a file's can be: what ends in a slash, or climbs, would fit none, and forbid nothing. */
static bool path_is_plain(const char *path)
{
	const char *end;

	do {
		if (*path++ != '/')
			return false;
		end = strchrnul(path, '/');
		if (end == path ||
		    (*path == '.' && (end == path + 1 || (path[1] == '.' && end == path + 2))))
			return false;
		path = end;
	} while (*end);
	return true;
}

FIELD_FN(add_path)
{
	_cleanup_free_ char *path = NULL;

	int r = yaml_string(v, &path, e);
	if (r < 0)
		return r;
	if (!path_is_plain(path))
		return yaml_error(v, e, "\"%s\" is no path in an image, such as /usr/bin/env",
				  path);
	return strv_take(target, TAKE_PTR(path)) < 0 ? err_oom(e) : 0;
}

FIELD_FN(set_initrd_files)
{
	struct policy *p = target;

	p->has_initrd_files = true;
	return yaml_each(v, add_path, &p->initrd_files, e);
}

FIELD_FN(set_minimum_version)
{
	return yaml_string(v, &((struct policy *)target)->minimum_version, e);
}

FIELD_FN(set_cmdline)
{
	struct policy *p = target;

	p->has_cmdline = true;
	return yaml_strings(v, &p->cmdline, e);
}

FIELD_FN(set_required_packages)
{
	return recipe_get_package_names(v, &((struct policy *)target)->required_packages, e);
}

FIELD_FN(set_forbidden_packages)
{
	return recipe_get_package_names(v, &((struct policy *)target)->forbidden_packages, e);
}

FIELD_FN(minimum_package)
{
	return recipe_get_package_name(v, &((struct policy_minimum *)target)->package, e);
}

FIELD_FN(minimum_version)
{
	return yaml_string(v, &((struct policy_minimum *)target)->version, e);
}

FIELD_FN(add_minimum)
{
	static const struct yaml_field fields[] = { { "package", true, minimum_package },
						    { "version", true, minimum_version } };
	struct policy *p = target;
	struct policy_minimum *m = recipe_grow((void **)&p->minimums, &p->n_minimums, sizeof(*m));

	return m ? yaml_map(v, fields, ARRAY_SIZE(fields), m, e) : err_oom(e);
}

FIELD_FN(set_minimums)
{
	return yaml_each(v, add_minimum, target, e);
}

FIELD_FN(set_packages)
{
	static const struct yaml_field fields[] = { { "required", false, set_required_packages },
						    { "forbidden", false, set_forbidden_packages },
						    { "minimum", false, set_minimums } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

FIELD_FN(set_required_paths)
{
	return yaml_each(v, add_path, &((struct policy *)target)->required_paths, e);
}

FIELD_FN(set_forbidden_paths)
{
	return yaml_each(v, add_path, &((struct policy *)target)->forbidden_paths, e);
}

FIELD_FN(set_paths)
{
	static const struct yaml_field fields[] = { { "required", false, set_required_paths },
						    { "forbidden", false, set_forbidden_paths } };

	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}

FIELD_FN(add_known_key)
{
	_cleanup_free_ char *id = NULL;

	int r = yaml_string(v, &id, e);
	if (r < 0)
		return r;
	if (strlen(id) != KEY_ID_HEX || !recipe_all_of(id, "0123456789abcdef"))
		return yaml_error(
			v, e, "\"%s\" is no id of a key: verify says it where it finds one", id);
	return strv_take(target, TAKE_PTR(id)) < 0 ? err_oom(e) : 0;
}

FIELD_FN(set_known_keys)
{
	return yaml_each(v, add_known_key, &((struct policy *)target)->known_keys, e);
}

FIELD_FN(add_sha256)
{
	_cleanup_free_ char *hex = NULL;

	int r = yaml_string(v, &hex, e);
	if (r < 0)
		return r;
	if (strlen(hex) != SHA256_CHARS || !recipe_all_of(hex, "0123456789abcdef"))
		return yaml_error(v, e, "\"%s\" is no SHA-256 of 64 lower-case hex digits", hex);
	return strv_take(target, TAKE_PTR(hex)) < 0 ? err_oom(e) : 0;
}

FIELD_FN(add_fingerprint)
{
	_cleanup_free_ char *id = NULL;

	int r = yaml_string(v, &id, e);
	if (r < 0)
		return r;
	size_t len = strlen(id);
	if ((len != FINGERPRINT_V4 && len != FINGERPRINT_V6) ||
	    !recipe_all_of(id, "0123456789ABCDEF"))
		return yaml_error(v, e, "\"%s\" is no fingerprint of a key, as a lock has it", id);
	return strv_take(target, TAKE_PTR(id)) < 0 ? err_oom(e) : 0;
}

/* One of these must be there: of none, any would do. */
static int read_wanted(const struct yaml_value *v,
		       int (*add)(const struct yaml_value *item, void *list, struct err *e),
		       struct strv *ret, struct err *e)
{
	int r = yaml_each(v, add, ret, e);

	if (r == 0 && !ret->n)
		r = yaml_error(v, e, "an empty list asks for nothing: leave it out");
	return r;
}

FIELD_FN(set_builders)
{
	return read_wanted(v, yaml_add_string, &((struct policy_provenance *)target)->builders, e);
}

FIELD_FN(set_recipes)
{
	return read_wanted(v, add_sha256, &((struct policy_provenance *)target)->recipes, e);
}

FIELD_FN(set_locks)
{
	return read_wanted(v, add_sha256, &((struct policy_provenance *)target)->locks, e);
}

FIELD_FN(set_index_keys)
{
	return read_wanted(v, add_fingerprint, &((struct policy_provenance *)target)->index_keys,
			   e);
}

FIELD_FN(set_provenance)
{
	static const struct yaml_field fields[] = { { "builders", false, set_builders },
						    { "recipes", false, set_recipes },
						    { "locks", false, set_locks },
						    { "index-keys", false, set_index_keys } };
	struct policy *p = target;

	p->provenance.required = true;
	return yaml_map(v, fields, ARRAY_SIZE(fields), &p->provenance, e);
}

void policy_init(struct policy *p)
{
	*p = (struct policy){ .key_bits = KEY_BITS_MIN, .empty_slot = true };
}

int policy_load(const char *path, struct policy *ret, struct err *e)
{
	static const struct yaml_field fields[] = {
		{ "certificates", false, set_certificates },
		{ "key-bits", false, set_key_bits },
		{ "minimum-version", false, set_minimum_version },
		{ "empty-slot", false, set_empty_slot },
		{ "used-disk", false, set_used_disk },
		{ "cmdline", false, set_cmdline },
		{ "packages", false, set_packages },
		{ "paths", false, set_paths },
		{ "initrd-shells", false, set_initrd_shells },
		{ "initrd-files", false, set_initrd_files },
		{ "known-keys", false, set_known_keys },
		{ "provenance", false, set_provenance },
	};
	_cleanup_(yaml_close) struct yaml_doc *doc = NULL;

	int r = yaml_open(path, &doc, e);
	if (r < 0)
		return r;
	struct yaml_value root = yaml_root(doc);
	return yaml_map(&root, fields, ARRAY_SIZE(fields), ret, e);
}

void policy_done(struct policy *p)
{
	struct strv *const lists[] = { &p->certificates,
				       &p->cmdline,
				       &p->required_packages,
				       &p->forbidden_packages,
				       &p->required_paths,
				       &p->forbidden_paths,
				       &p->known_keys,
				       &p->provenance.builders,
				       &p->provenance.recipes,
				       &p->provenance.locks,
				       &p->provenance.index_keys,
				       &p->initrd_files };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	for (size_t i = 0; i < p->n_minimums; i++) {
		free(p->minimums[i].package);
		free(p->minimums[i].version);
	}
	free(p->minimums);
	free(p->minimum_version);
	*p = (struct policy){ 0 };
}

/* Top-level directories of a node are links into /usr, and /etc begins as the factory's. */
static const char *other_name(const char *path)
{
	static const char *const linked[] = { "/usr/bin/", "/usr/sbin/", "/usr/lib/",
					      "/usr/lib64/" };

	for (size_t i = 0; i < ARRAY_SIZE(linked); i++)
		if (str_has_prefix(path, linked[i]))
			return path + strlen("/usr");
	return str_has_prefix(path, "/usr/share/factory/etc/") ? path + strlen("/usr/share/factory")
							       : NULL;
}

bool policy_matches_path(const struct strv *patterns, const char *path)
{
	const char *other = other_name(path);

	return policy_matches(patterns, path) || (other && policy_matches(patterns, other));
}

bool policy_matches(const struct strv *patterns, const char *s)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->v[i], s, 0) == 0)
			return true;
	return false;
}
