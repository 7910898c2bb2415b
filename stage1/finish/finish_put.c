/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/finish.h"

static struct tree_meta file_meta(const struct finish_params *p, const char *name)
{
	return (struct tree_meta){ .mode = 0644,
				   .mtime = p->time,
				   .origin = finish_origin(p, name) };
}

int finish_put_blob(const struct finish_params *p, const char *name, const char *path,
		    struct blob *blob, struct err *e)
{
	struct tree_meta m = file_meta(p, name);

	if (!m.origin) {
		blob_unref(blob);
		return err_oom(e);
	}
	return tree_put_file(p->tree, path, &m, blob, NULL, e);
}

int finish_put(const struct finish_params *p, const char *name, const char *path, const char *text,
	       struct err *e)
{
	return finish_put_blob(p, name, path, blob_new_str(text), e);
}

int finish_put_link(const struct finish_params *p, const char *name, const char *path,
		    const char *target, struct err *e)
{
	struct tree_meta m = file_meta(p, name);

	return m.origin ? tree_put_symlink(p->tree, path, &m, target, NULL, e) : err_oom(e);
}

bool finish_has_package(const struct finish_params *p, const char *name)
{
	for (size_t i = 0; i < p->n_packages; i++)
		if (str_eq(p->packages[i]->name, name))
			return true;
	return false;
}
