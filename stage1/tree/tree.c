/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/tree.h"

#include <assert.h>

#include "stage1/tree/tree_internal.h"

void tree_inode_unref(struct tree_inode *i)
{
	if (--i->nlink)
		return;
	for (size_t k = 0; k < i->n_xattrs; k++) {
		free(i->xattrs[k].name);
		free(i->xattrs[k].value);
	}
	free(i->xattrs);
	blob_unref(i->blob);
	free(i->target);
	free(i);
}

void tree_node_free(struct tree *t, struct tree_node *n)
{
	for (size_t i = 0; i < n->n_children; i++)
		tree_node_free(t, n->children[i]);
	free(n->children);
	tree_inode_unref(n->inode);
	free(n->name);
	free(n);
	t->n_nodes--;
}

struct tree_inode *tree_inode_new(uint32_t type, const struct tree_meta *m,
				  const struct tree_origin *none)
{
	struct tree_inode *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->mode = type | (m->mode & 07777);
	i->uid = m->uid;
	i->gid = m->gid;
	i->mtime = m->mtime;
	i->origin = m->origin ? m->origin : none;
	return i;
}

/* Takes a link of the inode. */
struct tree_node *tree_node_new(struct tree *t, const char *name, size_t len,
				struct tree_inode *inode)
{
	struct tree_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->name = strndup(name, len);
	if (!n->name) {
		free(n);
		return NULL;
	}
	n->inode = inode;
	inode->nlink++;
	t->n_nodes++;
	return n;
}

struct tree *tree_new(void)
{
	_cleanup_(tree_free) struct tree *t = calloc(1, sizeof(*t));
	static const struct tree_meta meta = { .mode = 0755 };

	if (!t)
		return NULL;
	t->none = tree_add_origin(t, TREE_ORIGIN_NONE, "", NULL);
	if (!t->none)
		return NULL;
	struct tree_inode *i = tree_inode_new(S_IFDIR, &meta, t->none);
	if (!i)
		return NULL;
	t->root = tree_node_new(t, "", 0, i);
	if (!t->root) {
		free(i);
		return NULL;
	}
	return TAKE_PTR(t);
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	if (t->root)
		tree_node_free(t, t->root);
	for (size_t i = 0; i < t->n_origins; i++) {
		free(t->origins[i]->name);
		free(t->origins[i]->version);
		free(t->origins[i]);
	}
	free(t->origins);
	free(t);
}

struct tree_node *tree_root(const struct tree *t)
{
	return t->root;
}

size_t tree_count(const struct tree *t)
{
	return t->n_nodes;
}

static bool same_version(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

const struct tree_origin *tree_add_origin(struct tree *t, enum tree_origin_kind kind,
					  const char *name, const char *version)
{
	/* From the end: the one in use is the newest. */
	for (size_t i = t->n_origins; i-- > 0;) {
		struct tree_origin *o = t->origins[i];
		if (o->kind == kind && str_eq(o->name, name) && same_version(o->version, version))
			return o;
	}
	if (t->n_origins == t->cap_origins) {
		size_t cap = t->cap_origins ? 2 * t->cap_origins : 16;
		struct tree_origin **p = reallocarray(t->origins, cap, sizeof(*p));
		if (!p)
			return NULL;
		t->origins = p;
		t->cap_origins = cap;
	}
	struct tree_origin *o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->kind = kind;
	o->name = strdup(name);
	o->version = version ? strdup(version) : NULL;
	if (!o->name || (version && !o->version)) {
		free(o->name);
		free(o->version);
		free(o);
		return NULL;
	}
	t->origins[t->n_origins++] = o;
	return o;
}

/* Where a name is, or would be, among the children. True if it is there. */
static bool child_position(const struct tree_node *dir, const char *name, size_t len, size_t *ret)
{
	size_t lo = 0, hi = dir->n_children;

	while (lo < hi) {
		/* Names mostly come in order: look at the end first. */
		size_t mid = hi == dir->n_children ? hi - 1 : lo + (hi - lo) / 2;
		const char *other = dir->children[mid]->name;
		int c = strncmp(other, name, len);
		if (c == 0 && other[len])
			c = 1;
		if (c == 0) {
			*ret = mid;
			return true;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = lo;
	return false;
}

struct tree_node *tree_child(const struct tree_node *dir, const char *name, size_t len)
{
	size_t at;

	return child_position(dir, name, len, &at) ? dir->children[at] : NULL;
}

int tree_attach(struct tree_node *dir, struct tree_node *n)
{
	size_t at;

	if (dir->n_children == dir->cap_children) {
		size_t cap = dir->cap_children ? 2 * dir->cap_children : 4;
		struct tree_node **p = reallocarray(dir->children, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		dir->children = p;
		dir->cap_children = cap;
	}
	bool found = child_position(dir, n->name, strlen(n->name), &at);
	assert(!found);
	memmove(dir->children + at + 1, dir->children + at,
		(dir->n_children - at) * sizeof(*dir->children));
	dir->children[at] = n;
	dir->n_children++;
	n->parent = dir;
	return 0;
}

void tree_detach(struct tree_node *n)
{
	struct tree_node *dir = n->parent;
	size_t at;

	bool found = child_position(dir, n->name, strlen(n->name), &at);
	assert(found);
	memmove(dir->children + at, dir->children + at + 1,
		(dir->n_children - at - 1) * sizeof(*dir->children));
	dir->n_children--;
	n->parent = NULL;
}

const struct tree_xattr *tree_get_xattr(const struct tree_node *n, const char *name)
{
	for (size_t i = 0; i < n->inode->n_xattrs; i++)
		if (str_eq(n->inode->xattrs[i].name, name))
			return &n->inode->xattrs[i];
	return NULL;
}

int tree_set_xattr(struct tree_node *n, const char *name, const void *value, size_t len)
{
	struct tree_inode *i = n->inode;
	struct tree_xattr *x = (struct tree_xattr *)tree_get_xattr(n, name);
	_cleanup_free_ void *copy = malloc(len ? len : 1);
	size_t at;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, value, len);
	if (!x) {
		_cleanup_free_ char *own_name = strdup(name);
		x = reallocarray(i->xattrs, i->n_xattrs + 1, sizeof(*x));
		if (x)
			i->xattrs = x;
		if (!x || !own_name)
			return -ENOMEM;
		for (at = 0; at < i->n_xattrs && strcmp(x[at].name, name) < 0; at++)
			;
		memmove(x + at + 1, x + at, (i->n_xattrs - at) * sizeof(*x));
		x += at;
		*x = (struct tree_xattr){ .name = TAKE_PTR(own_name) };
		i->n_xattrs++;
	}
	free(x->value);
	x->value = TAKE_PTR(copy);
	x->len = len;
	return 0;
}
