/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/node_file.h"

int node_files_put(const struct finish_params *p, const char *finisher, const struct node_file *v,
		   size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path =
			str_printf("%s%s", v[i].program ? NODE_DIR : NODE_UNIT_DIR, v[i].name);
		struct tree_meta m = { .mode = v[i].program ? 0755 : 0644,
				       .mtime = p->time,
				       .origin = finish_origin(p, finisher) };

		if (!path || !m.origin)
			return err_oom(e);
		int r = tree_put_file(p->tree, path, &m,
				      blob_new(v[i].start, (size_t)(v[i].end - v[i].start)), NULL,
				      e);
		if (r < 0)
			return r;
	}
	return 0;
}

int node_unit_want(const struct finish_params *p, const char *finisher, const char *target,
		   const char *how, const char *unit, struct err *e)
{
	_cleanup_free_ char *path = str_printf(NODE_UNIT_DIR "%s.%s/%s", target, how, unit),
			    *to = str_printf("../%s", unit);

	return path && to ? finish_put_link(p, finisher, path, to, e) : err_oom(e);
}

int node_need(const struct finish_params *p, const char *path, const char *package, const char *why,
	      struct err *e)
{
	if (tree_lookup(p->tree, path))
		return 0;
	return err_set(e, -ENOENT, "the image has no /%s, %s: add %s to packages", path, why,
		       package);
}
