/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout YAML → struct layout. The layouts of layouts/ are built into the program. */
#include "builder/recipe/recipe.h"
#include "builder/recipe/yaml.h"

#define FIELD_FN(fn_name) \
	static int fn_name(const struct yaml_value *v, void *target, struct err *e)

/* Put into the program by the linker (see module.mk). */
extern const char layouts_acl_yaml_start[], layouts_acl_yaml_end[];
extern const char layouts_acl_4k_yaml_start[], layouts_acl_4k_yaml_end[];

static const struct {
	const char *name, *path, *start, *end;
} builtin[] = {
	{ "acl", "layouts/acl.yaml", layouts_acl_yaml_start, layouts_acl_yaml_end },
	{ "acl-4k", "layouts/acl-4k.yaml", layouts_acl_4k_yaml_start, layouts_acl_4k_yaml_end },
};

/* A layout while it is read, and where each of its partitions stands. */
struct reading {
	struct layout *layout;
	struct yaml_value at[LAYOUT_MAX_PARTITIONS];
};

FIELD_FN(set_name)
{
	return yaml_string(v, &((struct reading *)target)->layout->name, e);
}

FIELD_FN(set_sector_size)
{
	static const char *const names[] = { "512", "4096" };
	static const uint32_t sizes[] = { 512, 4096 };
	size_t i;

	int r = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (r == 0)
		((struct reading *)target)->layout->sector_bytes = sizes[i];
	return r;
}

FIELD_FN(set_boot_tries)
{
	uint64_t n;

	int r = yaml_u64(v, 1, 10, &n, e);
	if (r == 0)
		((struct reading *)target)->layout->boot_tries = (unsigned int)n;
	return r;
}

FIELD_FN(part_type)
{
	const char *names[LAYOUT_ROOT + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		names[i] = layout_type_name((enum layout_type)i);
	int r = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (r == 0)
		((struct layout_partition *)target)->type = (enum layout_type)i;
	return r;
}

FIELD_FN(part_slot)
{
	static const char *const names[] = { "a", "b" };
	size_t i;

	int r = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (r == 0)
		((struct layout_partition *)target)->slot = (int)i;
	return r;
}

FIELD_FN(part_size)
{
	return yaml_size(v, &((struct layout_partition *)target)->size_bytes, e);
}

FIELD_FN(add_partition)
{
	static const struct yaml_field fields[] = { { "type", true, part_type },
						    { "slot", false, part_slot },
						    { "size", true, part_size } };
	struct reading *rd = target;
	struct layout *l = rd->layout;

	if (l->n_partitions == LAYOUT_MAX_PARTITIONS)
		return yaml_error(v, e, "more than %d partitions: there is no use for them",
				  LAYOUT_MAX_PARTITIONS);
	rd->at[l->n_partitions] = *v;
	struct layout_partition *p = &l->partitions[l->n_partitions++];
	p->slot = LAYOUT_NO_SLOT;
	return yaml_map(v, fields, ARRAY_SIZE(fields), p, e);
}

FIELD_FN(set_partitions)
{
	return yaml_each(v, add_partition, target, e);
}

static int parse(struct yaml_doc *doc, struct layout **ret, struct err *e)
{
	static const struct yaml_field fields[] = { { "name", true, set_name },
						    { "sector-size", true, set_sector_size },
						    { "boot-tries", true, set_boot_tries },
						    { "partitions", true, set_partitions } };
	_cleanup_(layout_free) struct layout *l = calloc(1, sizeof(*l));
	struct yaml_value root = yaml_root(doc);
	struct reading rd = { .layout = l };
	struct err why = { 0 };
	size_t wrong;

	if (!l)
		return err_oom(e);
	int r = yaml_map(&root, fields, ARRAY_SIZE(fields), &rd, e);
	if (r < 0)
		return r;
	if (layout_check(l, &wrong, &why) < 0)
		return yaml_error(wrong < l->n_partitions ? &rd.at[wrong] : &root, e, "%s",
				  why.msg);
	*ret = TAKE_PTR(l);
	return 0;
}

static int open_builtin(const char *name, struct yaml_doc **ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		if (str_eq(name, builtin[i].name))
			return yaml_open_string(builtin[i].path, builtin[i].start,
						(size_t)(builtin[i].end - builtin[i].start), ret,
						e);
	return err_set(e, -ENOENT,
		       "no layout is called \"%s\"; built in: acl, acl-4k; one of your own is a "
		       "path, such as ./my.yaml",
		       name);
}

int layout_load(const char *name_or_path, struct layout **ret, struct err *e)
{
	_cleanup_(yaml_close) struct yaml_doc *doc = NULL;
	bool is_path = strchr(name_or_path, '/') || str_has_suffix(name_or_path, ".yaml");
	int r = is_path ? yaml_open(name_or_path, &doc, e) : open_builtin(name_or_path, &doc, e);

	return r < 0 ? r : parse(doc, ret, e);
}
