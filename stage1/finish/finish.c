/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/finish.h"

/* In order: users before what is owned by them, units before what is moved, the linker cache after
 * every library is in place, and placing last. */
static const struct finisher finishers[] = {
	{ "users", finish_users },
	{ "alternatives", finish_alternatives },
	{ "pam", finish_pam },
	{ "nsswitch", finish_nsswitch },
	{ "ca-bundle", finish_ca_bundle },
	{ "os-release", finish_os_release },
	{ "units", finish_units },
	{ "module-index", finish_module_index },
	{ "linker-cache", finish_linker_cache },
	{ "place", finish_place },
};

int finish_run(const struct finish_params *p, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(finishers); i++) {
		int r = finishers[i].run(p, e);
		if (r < 0)
			return err_wrap(e, r, "finisher %s", finishers[i].name);
	}
	return 0;
}

static struct tree_meta file_meta(const struct finish_params *p, const char *name)
{
	return (struct tree_meta){ .mode = 0644, .mtime = p->time, .origin = finish_origin(p, name) };
}

int finish_put(const struct finish_params *p, const char *name, const char *path, const char *text,
	       struct err *e)
{
	struct tree_meta m = file_meta(p, name);

	return m.origin ? tree_put_file(p->tree, path, &m, blob_new_str(text), NULL, e) : err_oom(e);
}

int finish_put_link(const struct finish_params *p, const char *name, const char *path,
		    const char *target, struct err *e)
{
	struct tree_meta m = file_meta(p, name);

	return m.origin ? tree_put_symlink(p->tree, path, &m, target, NULL, e) : err_oom(e);
}
