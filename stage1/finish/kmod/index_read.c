/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/kmod/internal.h"

static int read_module(void *ctx, size_t i, struct err *e)
{
	struct module_index *x = ctx;
	struct module *m = &x->modules[i];
	_cleanup_free_ uint8_t *copy = NULL;
	const uint8_t *data = NULL;
	uint64_t len = 0;

	int r = module_unpack(m->blob, m->path, &copy, &data, &len, e);
	if (r >= 0)
		r = module_elf_read(data, len, m, e);
	return r < 0 ? err_wrap(e, r, "%s/%s", x->dir, m->path) : 0;
}

/* Which modules there are and what is built in, without a look into the modules. */
static int list_modules(const struct tree *t, const char *version, struct module_index **ret,
			struct err *e)
{
	_cleanup_(module_index_free) struct module_index *x = calloc(1, sizeof(*x));

	if (!x)
		return err_oom(e);
	x->tree = t;
	x->dir = str_printf(MODULES_ROOT "/%s", version);
	if (!x->dir)
		return err_oom(e);
	int r = module_list_read(x, e);
	if (r >= 0)
		r = module_builtin_read(x, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(x);
	return 0;
}

static int scan(struct module_index *x, struct pool *pool, struct err *e)
{
	int r = pool_run(pool, x->n_modules, read_module, x, e);

	return r < 0 ? r : module_depends(x, e);
}

int module_index_scan(const struct tree *t, const char *version, struct pool *pool,
		      struct module_index **ret, struct err *e)
{
	_cleanup_(module_index_free) struct module_index *x = NULL;
	int r = list_modules(t, version, &x, e);

	if (r >= 0)
		r = scan(x, pool, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(x);
	return 0;
}

int module_index_read(const struct tree *t, const char *version, struct pool *pool,
		      struct module_index **ret, struct err *e)
{
	_cleanup_(module_index_free) struct module_index *x = NULL;
	int r = list_modules(t, version, &x, e);

	if (r >= 0)
		r = module_index_is_made(x) ? module_index_load(x, e) : scan(x, pool, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(x);
	return 0;
}

int module_index_versions(const struct tree *t, struct strv *versions, struct err *e)
{
	struct tree_node *root = tree_lookup(t, MODULES_ROOT), *n;

	if (!root || !tree_is_dir(root))
		return 0;
	tree_for_each_child (root, n)
		if (tree_is_dir(n) && strv_add(versions, n->name) < 0)
			return err_oom(e);
	return 0;
}
