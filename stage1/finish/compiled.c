/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs read in a compiled form only, which a package's trigger makes of sources that any
 * package may bring. Nothing here makes it, as nothing that images are for needs these: where there are
 * sources, the build stops, and an overlay can bring the compiled file.
 */
#include "stage1/finish/finish.h"

static const struct {
	const char *dir, *suffix, *compiled;
} kinds[] = {
	/* GSettings of GLib */
	{ "usr/share/glib-2.0/schemas", ".gschema.xml",
	  "usr/share/glib-2.0/schemas/gschemas.compiled" },
	/* udev's hardware database */
	{ "etc/udev/hwdb.d", ".hwdb", "etc/udev/hwdb.bin" },
	{ "usr/lib/udev/hwdb.d", ".hwdb", "usr/lib/udev/hwdb.bin" },
};

static int check(const struct tree *t, size_t kind, struct err *e)
{
	const struct tree_node *dir = tree_lookup(t, kinds[kind].dir), *n;

	if (!dir || !tree_is_dir(dir) || tree_lookup(t, kinds[kind].compiled))
		return 0;
	tree_for_each_child (dir, n)
		if (str_has_suffix(n->name, kinds[kind].suffix))
			return err_set(e, -EINVAL,
				       "/%s/%s (from %s) would have to be compiled, which "
				       "slipway cannot: remove it, or put /%s into the overlay",
				       kinds[kind].dir, n->name, n->inode->origin->name,
				       kinds[kind].compiled);
	return 0;
}

int finish_compiled(const struct finish_params *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		r = check(p->tree, i, e);
	return r;
}
