/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/place.h"

#define NO_KERNEL \
	"no package brings a kernel (boot/vmlinuz-*): name one, such as linux-image-cloud-amd64, in packages"

/* boot/vmlinuz-<version>, the only one. */
static int find_kernel(const struct tree_node *boot, struct tree_node **ret, struct err *e)
{
	struct tree_node *n, *found = NULL;

	tree_for_each_child (boot, n) {
		if (!str_has_prefix(n->name, "vmlinuz-") || !tree_is_file(n))
			continue;
		if (found)
			return err_set(
				e, -EEXIST,
				"boot/%s and boot/%s: an image has one kernel; name one package",
				found->name, n->name);
		found = n;
	}
	if (!found)
		return err_set(e, -ENOENT, NO_KERNEL);
	*ret = found;
	return 0;
}

static int place_config(struct tree *t, const char *version, struct err *e)
{
	_cleanup_free_ char *from = str_printf("boot/config-%s", version);
	_cleanup_free_ char *to = str_printf("usr/lib/modules/%s/config", version);

	if (!from || !to)
		return err_oom(e);
	struct tree_node *n = tree_lookup(t, from), *there = tree_lookup(t, to);
	if (!n)
		return 0;
	if (there) {
		tree_remove(t, n);
		return 0;
	}
	return tree_move(t, n, to, e);
}

static int drop_symbols(struct tree *t, const char *version, struct err *e)
{
	_cleanup_free_ char *path = str_printf("boot/System.map-%s", version);

	if (!path)
		return err_oom(e);
	struct tree_node *n = tree_lookup(t, path);
	if (n)
		tree_remove(t, n);
	return 0;
}

int finish_take_boot(struct tree *t, struct blob **ret_kernel, char **ret_version,
		     const struct tree_origin **ret_origin, struct err *e)
{
	struct tree_node *boot = tree_lookup(t, "boot"), *kernel = NULL;

	if (!boot || !tree_is_dir(boot))
		return err_set(e, -ENOENT, NO_KERNEL);
	int r = find_kernel(boot, &kernel, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *version = strdup(kernel->name + strlen("vmlinuz-"));
	_cleanup_(blob_unref) struct blob *blob = blob_ref(kernel->inode->blob);
	const struct tree_origin *origin = kernel->inode->origin;
	if (!version)
		return err_oom(e);
	r = place_config(t, version, e);
	if (r == 0)
		r = drop_symbols(t, version, e);
	if (r < 0)
		return r;
	tree_remove(t, kernel);
	if (boot->n_children)
		return err_set(e, -EEXIST,
			       "boot/%s: only a kernel, its config and System.map have a "
			       "place in an image",
			       boot->children[0]->name);
	*ret_kernel = TAKE_PTR(blob);
	*ret_version = TAKE_PTR(version);
	*ret_origin = origin;
	return 0;
}
