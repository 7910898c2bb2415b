/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filesystem: what /usr is written as. */
#include "builder/recipe/recipe_fields.h"

/* What a recipe gets that says no more than type: erofs. */
#define DEFAULT_COMPRESSION   FS_LZ4HC
#define DEFAULT_CLUSTER_BYTES ((uint32_t)(64 * KiB))

static struct recipe_filesystem *filesystem(void *target)
{
	return &((struct recipe *)target)->filesystem;
}

FIELD_FN(fs_type)
{
	static const char *const names[] = { "erofs", "ext4" };
	size_t i;

	int rc = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (rc == 0)
		filesystem(target)->type = names[i];
	return rc;
}

FIELD_FN(fs_compression)
{
	const char *names[FS_N_COMPRESSIONS];
	size_t i;

	for (i = 0; i < FS_N_COMPRESSIONS; i++)
		names[i] = fs_algorithms[i].name;
	int rc = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (rc == 0)
		filesystem(target)->compression = (enum fs_compression)i;
	return rc;
}

/* Once the algorithm is known: by read_level(). */
FIELD_FN(fs_level)
{
	(void)v, (void)target, (void)e;
	return 0;
}

FIELD_FN(fs_cluster)
{
	uint64_t n;

	int rc = yaml_size(v, &n, e);
	if (rc < 0)
		return rc;
	if (!fs_cluster_fits(n))
		return yaml_error(v, e, "a cluster is of 4K, 8K, 16K and so on up to 1M");
	filesystem(target)->cluster_bytes = (uint32_t)n;
	return 0;
}

static int read_level(const struct yaml_value *v, struct recipe_filesystem *f, struct err *e)
{
	const struct fs_algorithm *a = &fs_algorithms[f->compression];
	_cleanup_free_ char *s = NULL;
	struct yaml_value at;
	uint64_t n;

	f->level = a->level_normal;
	if (!yaml_find(v, "level", &at))
		return 0;
	if (!a->level_greatest)
		return yaml_error(&at, e,
				  "compression %s has no levels: leave this out, or choose lz4hc "
				  "or zstd",
				  a->name);
	int rc = yaml_string(&at, &s, e);
	if (rc < 0)
		return rc;
	if (parse_u64(s, 10, &n) < 0 || n < (uint64_t)a->level_least ||
	    n > (uint64_t)a->level_greatest)
		return yaml_error(&at, e, "\"%s\" is no level of %s: those are %d to %d", s,
				  a->name, a->level_least, a->level_greatest);
	f->level = (int)n;
	return 0;
}

/* What goes with what, once all is known. */
static int check_compression(const struct yaml_value *v, struct recipe_filesystem *f, struct err *e)
{
	static const char *const keys[] = { "compression", "level", "cluster" };
	struct yaml_value at;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && !str_eq(f->type, "erofs"); i++)
		if (yaml_find(v, keys[i], &at))
			return yaml_error(&at, e,
					  "%s is not compressed: leave this out, or choose type: "
					  "erofs",
					  f->type);
	if (f->compression == FS_PLAIN && yaml_find(v, "cluster", &at))
		return yaml_error(&at, e,
				  "compression none has no clusters: leave this out, or choose "
				  "lz4, lz4hc or zstd");
	return read_level(v, f, e);
}

int recipe_set_filesystem(const struct yaml_value *v, void *target, struct err *e)
{
	static const struct yaml_field fields[] = { { "type", true, fs_type },
						    { "compression", false, fs_compression },
						    { "level", false, fs_level },
						    { "cluster", false, fs_cluster } };
	struct recipe_filesystem *f = filesystem(target);

	/* The keys belong together: none is left over from an included file. */
	*f = (struct recipe_filesystem){ .compression = DEFAULT_COMPRESSION,
					 .cluster_bytes = DEFAULT_CLUSTER_BYTES };
	int rc = yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
	if (rc == 0)
		rc = check_compression(v, f, e);
	if (rc == 0 && !str_eq(f->type, "erofs"))
		f->compression = FS_PLAIN;
	if (f->compression == FS_PLAIN)
		f->level = 0, f->cluster_bytes = 0;
	return rc;
}
