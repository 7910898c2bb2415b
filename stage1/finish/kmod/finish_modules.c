/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The finisher "module-index": what depmod would write for each kernel version. */
#include "stage1/finish/finish.h"
#include "stage1/finish/kmod/internal.h"

static int put_output(const struct finish_params *p, const struct module_index *x,
		      const struct module_output *o, struct err *e)
{
	struct tree_meta m = { .mode = 0644,
			       .mtime = p->time,
			       .origin = finish_origin(p, MODULE_INDEX_ORIGIN) };
	_cleanup_free_ char *path = str_printf("%s/%s", x->dir, o->name);
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (!m.origin || !path)
		return err_oom(e);
	int r = o->make(x, INDEX_PARENTS_FIRST, &out, e);
	if (r >= 0 && buf_failed(&out))
		r = err_oom(e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	return tree_put_file(p->tree, path, &m, blob_new_take(TAKE_PTR(out.data), out.len), NULL,
			     e);
}

static int index_version(const struct finish_params *p, const char *version, struct err *e)
{
	_cleanup_(module_index_free) struct module_index *x = NULL;
	int r = module_index_scan(p->tree, version, p->pool, &x, e);

	for (const struct module_output *o = module_outputs(); o->name && r >= 0; o++)
		r = put_output(p, x, o, e);
	return r;
}

/* depmod's own configuration could ask for another precedence of directories; it is not read. */
static int refuse_configuration(const struct tree *t, struct err *e)
{
	static const char *const dirs[] = { "etc/depmod.d", "usr/lib/depmod.d",
					    "usr/local/lib/depmod.d" };
	struct tree_node *n;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct tree_node *dir = tree_lookup(t, dirs[i]);
		if (!dir || !tree_is_dir(dir))
			continue;
		tree_for_each_child (dir, n)
			if (str_has_suffix(n->name, ".conf"))
				return err_set(
					e, -ENOTSUP,
					"%s/%s: configuration of depmod is not supported; remove it",
					dirs[i], n->name);
	}
	return 0;
}

int finish_module_index(const struct finish_params *p, struct err *e)
{
	_cleanup_strv_ struct strv versions = STRV_INIT;
	int r = module_index_versions(p->tree, &versions, e);

	if (r >= 0 && versions.n)
		r = refuse_configuration(p->tree, e);
	for (size_t i = 0; i < versions.n && r >= 0; i++)
		r = index_version(p, versions.v[i], e);
	return r;
}
