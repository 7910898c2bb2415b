/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding nodes, and naming them. */
#include "stage1/tree/tree_internal.h"

#define MAX_SYMLINKS 40

const char *tree_next_name(const char **path, size_t *ret_len)
{
	const char *name = *path + strspn(*path, "/");

	*ret_len = strcspn(name, "/");
	*path = name + *ret_len;
	return name;
}

struct tree_node *tree_lookup(const struct tree *t, const char *path)
{
	struct tree_node *n = t->root;
	size_t len;

	for (;;) {
		const char *name = tree_next_name(&path, &len);
		if (len == 0 || !n)
			return n;
		n = tree_is_dir(n) ? tree_child(n, name, len) : NULL;
	}
}

struct way {
	const struct tree *t;
	unsigned int links;
	bool climbs; /* a ".." at the root, which leads nowhere */
};

static struct tree_node *resolve(struct way *w, struct tree_node *at, const char *path)
{
	size_t len;

	if (*path == '/')
		at = w->t->root;
	for (;;) {
		const char *name = tree_next_name(&path, &len);
		if (len == 0)
			return at;
		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			w->climbs = w->climbs || !at->parent;
			at = at->parent ? at->parent : at;
			continue;
		}
		struct tree_node *n = tree_is_dir(at) ? tree_child(at, name, len) : NULL;
		if (n && tree_is_symlink(n))
			n = ++w->links > MAX_SYMLINKS ? NULL : resolve(w, at, n->inode->target);
		if (!n)
			return NULL;
		at = n;
	}
}

struct tree_node *tree_resolve(const struct tree *t, const char *path)
{
	struct way w = { .t = t };

	return resolve(&w, t->root, path);
}

bool tree_resolves_inside(const struct tree *t, const char *path)
{
	struct way w = { .t = t };

	(void)resolve(&w, t->root, path);
	return !w.climbs;
}

struct blob *tree_file_blob(const struct tree *t, const char *path)
{
	struct tree_node *n = tree_resolve(t, path);

	return n && tree_is_file(n) ? n->inode->blob : NULL;
}

int tree_walk(struct tree_node *top, int (*fn)(struct tree_node *n, void *ctx, struct err *e),
	      void *ctx, struct err *e)
{
	struct tree_node *child;

	int r = fn(top, ctx, e);
	if (r != 0 || !tree_is_dir(top))
		return r;
	tree_for_each_child (top, child) {
		r = tree_walk(child, fn, ctx, e);
		if (r != 0)
			return r;
	}
	return 0;
}

char *tree_path(const struct tree_node *n)
{
	size_t len = 0;

	for (const struct tree_node *up = n; up->parent; up = up->parent)
		len += strlen(up->name) + 1;
	char *path = malloc(len ? len : 1);
	if (!path)
		return NULL;
	char *p = path + (len ? len - 1 : 0);
	*p = '\0';
	for (const struct tree_node *up = n; up->parent; up = up->parent) {
		size_t k = strlen(up->name);
		p -= k;
		memcpy(p, up->name, k);
		if (up->parent->parent)
			*--p = '/';
	}
	return path;
}
