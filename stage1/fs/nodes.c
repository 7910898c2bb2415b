/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/nodes.h"

int fs_fail_at(const struct tree_node *n, struct err *e)
{
	_cleanup_free_ char *path = tree_path(n);

	return path ? err_wrap(e, e->code, "/%s", path) : err_oom(e);
}

static int forget_number(struct tree_node *n, void *ctx unused_, struct err *e unused_)
{
	n->inode->number = 0;
	return 0;
}

int fs_forget_numbers(struct tree_node *root, struct err *e)
{
	return tree_walk(root, forget_number, NULL, e);
}
