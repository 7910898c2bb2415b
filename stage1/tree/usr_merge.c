/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/usr_merge.h"

#include "stage1/tree/merge.h"

size_t usr_merge_name(const char *path)
{
	static const char *const names[] = { "bin",   "sbin",	"lib",	 "lib32",
					     "lib64", "libo32", "libx32" };
	size_t len = strcspn(path, "/");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && memcmp(path, names[i], len) == 0)
			return len;
	return 0;
}

char *tree_usr_merged_path(const char *path)
{
	size_t len = usr_merge_name(path);

	return len && path[len] == '/' ? str_printf("usr/%s", path) : strdup(path);
}

bool usr_merge_is_link(const char *name, const char *target)
{
	target += *target == '/';
	if (!str_has_prefix(target, "usr/"))
		return false;
	target += strlen("usr/");
	size_t len = strcspn(target, "/");
	return strlen(name) == len && memcmp(name, target, len) == 0 &&
	       (!target[len] || str_eq(target + len, "/"));
}

int usr_merge_link(struct tree *t, const char *path, int64_t mtime, struct err *e)
{
	size_t len = usr_merge_name(path);
	struct tree_node *n = tree_child(tree_root(t), path, len);
	struct tree_meta m = { .mtime = mtime };

	if (n) {
		if (tree_is_symlink(n) && usr_merge_is_link(n->name, n->inode->target))
			return 0;
		return err_set(e, -EEXIST, "%s is no symlink to usr/%s", n->name, n->name);
	}
	_cleanup_free_ char *name = strndup(path, len);
	_cleanup_free_ char *target = str_printf("usr/%.*s", (int)len, path);
	if (!name || !target)
		return err_oom(e);
	return tree_add_symlink(t, name, &m, target, NULL, e);
}
