/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GSettings schemas are read in a compiled form, which GLib's trigger makes of what packages have in one
 * directory. Nothing here makes it, as nothing that images are for brings schemas: where there are
 * some, the build stops, and an overlay can bring the compiled file.
 */
#include "stage1/finish/finish.h"

#define DIR	 "usr/share/glib-2.0/schemas"
#define COMPILED "gschemas.compiled"

int finish_gsettings(const struct finish_params *p, struct err *e)
{
	const struct tree_node *dir = tree_lookup(p->tree, DIR), *n;

	if (!dir || !tree_is_dir(dir) || tree_lookup(p->tree, DIR "/" COMPILED))
		return 0;
	tree_for_each_child (dir, n)
		if (str_has_suffix(n->name, ".gschema.xml"))
			return err_set(e, -EINVAL,
				       "/%s/%s of package %s would have to be compiled, which "
				       "slipway cannot: remove it, or put a %s into the overlay",
				       DIR, n->name, n->inode->origin->name, COMPILED);
	return 0;
}
