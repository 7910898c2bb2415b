/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/configs.h"

#define DIR   "etc/apparmor.d"
#define LOCAL DIR "/local"

int configs_apparmor(const struct finish_params *p, struct err *e)
{
	const struct tree_node *dir = tree_lookup(p->tree, DIR), *n;

	if (!dir || !tree_is_dir(dir))
		return 0;
	/* The directory grows a child meanwhile, whose name is none of a profile's. */
	_cleanup_strv_ struct strv profiles = STRV_INIT;
	tree_for_each_child (dir, n) {
		if (tree_is_file(n) && strv_add(&profiles, n->name) < 0)
			return err_oom(e);
	}
	for (size_t i = 0; i < profiles.n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", LOCAL, profiles.v[i]);
		if (!path)
			return err_oom(e);
		int r = tree_lookup(p->tree, path) ? 0 : finish_put(p, CONFIGS_NAME, path, "", e);
		if (r < 0)
			return r;
	}
	return 0;
}
