/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/reroot.h"

/* Everything on the way to @top must be an only child: else the other one would be lost. */
static int check_alone(const struct tree_node *top, struct err *e)
{
	for (const struct tree_node *n = top; n->parent; n = n->parent) {
		if (n->parent->n_children == 1)
			continue;
		const struct tree_node *other = n->parent->children[n->parent->children[0] == n];
		_cleanup_free_ char *path = tree_path(other);
		return err_set(e, -ENOTEMPTY, "%s lies outside of what becomes the root",
			       path ? path : other->name);
	}
	return 0;
}

/* A name that none of the children has. */
static char *free_name(const struct tree_node *dir)
{
	for (unsigned int i = 0;; i++) {
		char *name = str_printf(".root-%u", i);
		if (!name || !tree_child(dir, name, strlen(name)))
			return name;
		free(name);
	}
}

int tree_reroot(struct tree *t, const char *path, struct err *e)
{
	struct tree_node *top = tree_lookup(t, path), *root = tree_root(t);

	if (!top)
		return err_set(e, -ENOENT, "%s: no such directory in the tree", path);
	if (!tree_is_dir(top))
		return err_set(e, -ENOTDIR, "%s is not a directory", path);
	if (top == root)
		return 0;
	int r = check_alone(top, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *holder = free_name(top);
	if (!holder)
		return err_oom(e);
	struct tree_node *first = root->children[0];
	r = tree_move(t, top, holder, e);
	if (r < 0)
		return r;
	if (first != top)
		tree_remove(t, first);
	/* From the end: moving a child changes the array only behind it. */
	while (top->n_children) {
		struct tree_node *child = top->children[top->n_children - 1];
		r = tree_move(t, child, child->name, e);
		if (r < 0)
			return r;
	}
	struct tree_inode *old = root->inode;
	root->inode = top->inode;
	top->inode = old;
	tree_remove(t, top);
	return 0;
}
