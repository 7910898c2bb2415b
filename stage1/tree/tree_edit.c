/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adding, replacing, moving and removing. */
#include <assert.h>

#include "stage1/tree/tree_internal.h"

#define MAX_NAME_BYTES 255

static bool name_is_valid(const char *name, size_t len)
{
	return len > 0 && len <= MAX_NAME_BYTES && !(len == 1 && name[0] == '.') &&
	       !(len == 2 && name[0] == '.' && name[1] == '.');
}

/* A new child for an inode that has just been made, which is freed on failure. */
static int new_child(struct tree *t, struct tree_node *dir, const char *name, size_t len,
		     struct tree_inode *i, struct tree_node **ret, struct err *e)
{
	if (!i)
		return err_oom(e);
	struct tree_node *n = tree_node_new(t, name, len, i);
	if (!n) {
		i->nlink++;
		tree_inode_unref(i);
		return err_oom(e);
	}
	if (tree_attach(dir, n) < 0) {
		tree_node_free(t, n);
		return err_oom(e);
	}
	*ret = n;
	return 0;
}

/* The directory that a path's last name lies in (made if need be), and that name. */
static int open_parent(struct tree *t, const char *path, const struct tree_meta *m,
		       struct tree_node **ret_dir, const char **ret_name, size_t *ret_len,
		       struct err *e)
{
	struct tree_meta meta = { .mode = 0755, .mtime = m->mtime, .origin = m->origin };
	struct tree_node *dir = t->root;
	const char *rest = path;

	for (;;) {
		size_t len;
		const char *name = tree_next_name(&rest, &len);
		if (!name_is_valid(name, len))
			return err_set(e, -EINVAL, "\"%s\" is not a path that a tree can hold",
				       path);
		if (rest[strspn(rest, "/")] == '\0') {
			*ret_dir = dir;
			*ret_name = name;
			*ret_len = len;
			return 0;
		}
		struct tree_node *n = tree_child(dir, name, len);
		if (!n) {
			int r = new_child(t, dir, name, len,
					  tree_inode_new(S_IFDIR, &meta, t->none), &n, e);
			if (r < 0)
				return r;
		}
		if (!tree_is_dir(n))
			return err_set(e, -ENOTDIR, "%s: %.*s is not a directory", path,
				       (int)(rest - path), path);
		dir = n;
	}
}

/* Puts an inode, whose reference count is 0 and which is freed on failure, at a path. */
static int add_inode(struct tree *t, const char *path, const struct tree_meta *m,
		     struct tree_inode *i, struct tree_node **ret, struct err *e)
{
	struct tree_node *dir, *n;
	const char *name;
	size_t len;

	if (!i)
		return err_oom(e);
	int r = open_parent(t, path, m, &dir, &name, &len, e);
	if (r == 0 && tree_child(dir, name, len))
		r = err_set(e, -EEXIST, "%s exists already", path);
	if (r < 0) {
		i->nlink++;
		tree_inode_unref(i);
		return r;
	}
	r = new_child(t, dir, name, len, i, &n, e);
	if (r == 0 && ret)
		*ret = n;
	return r;
}

int tree_add_dir(struct tree *t, const char *path, const struct tree_meta *m,
		 struct tree_node **ret, struct err *e)
{
	struct tree_node *n = tree_lookup(t, path);

	if (!n)
		return add_inode(t, path, m, tree_inode_new(S_IFDIR, m, t->none), ret, e);
	if (!tree_is_dir(n))
		return err_set(e, -EEXIST, "%s exists already and is not a directory", path);
	n->inode->mode = S_IFDIR | (m->mode & 07777);
	n->inode->uid = m->uid;
	n->inode->gid = m->gid;
	n->inode->mtime = m->mtime;
	n->inode->origin = m->origin ? m->origin : t->none;
	if (ret)
		*ret = n;
	return 0;
}

int tree_add_file(struct tree *t, const char *path, const struct tree_meta *m, struct blob *blob,
		  struct tree_node **ret, struct err *e)
{
	struct tree_inode *i = blob ? tree_inode_new(S_IFREG, m, t->none) : NULL;

	if (!i) {
		blob_unref(blob);
		return err_oom(e);
	}
	i->blob = blob;
	return add_inode(t, path, m, i, ret, e);
}

int tree_add_symlink(struct tree *t, const char *path, const struct tree_meta *m,
		     const char *target, struct tree_node **ret, struct err *e)
{
	struct tree_inode *i = tree_inode_new(S_IFLNK, m, t->none);

	if (!i)
		return err_oom(e);
	i->mode = S_IFLNK | 0777;
	i->target = strdup(target);
	if (!i->target) {
		free(i);
		return err_oom(e);
	}
	return add_inode(t, path, m, i, ret, e);
}

int tree_add_special(struct tree *t, const char *path, const struct tree_meta *m, uint32_t major,
		     uint32_t minor, struct tree_node **ret, struct err *e)
{
	struct tree_inode *i = tree_inode_new(m->mode & S_IFMT, m, t->none);

	if (!i)
		return err_oom(e);
	i->rdev_major = major;
	i->rdev_minor = minor;
	return add_inode(t, path, m, i, ret, e);
}

int tree_add_link(struct tree *t, const char *path, struct tree_node *to, struct tree_node **ret,
		  struct err *e)
{
	struct tree_meta m = { .mtime = to->inode->mtime, .origin = to->inode->origin };
	struct tree_node *dir, *n;
	const char *name;
	size_t len;

	assert(!tree_is_dir(to));
	int r = open_parent(t, path, &m, &dir, &name, &len, e);
	if (r < 0)
		return r;
	if (tree_child(dir, name, len))
		return err_set(e, -EEXIST, "%s exists already", path);
	r = new_child(t, dir, name, len, to->inode, &n, e);
	if (r == 0 && ret)
		*ret = n;
	return r;
}

/* Makes way for a new file or symlink. */
static int clear_path(struct tree *t, const char *path, struct err *e)
{
	struct tree_node *n = tree_lookup(t, path);

	if (!n)
		return 0;
	if (n == t->root || n->n_children)
		return err_set(e, -EISDIR, "%s is a directory that is not empty", path);
	tree_remove(t, n);
	return 0;
}

int tree_put_file(struct tree *t, const char *path, const struct tree_meta *m, struct blob *blob,
		  struct tree_node **ret, struct err *e)
{
	int r = clear_path(t, path, e);

	if (r < 0) {
		blob_unref(blob);
		return r;
	}
	return tree_add_file(t, path, m, blob, ret, e);
}

int tree_put_symlink(struct tree *t, const char *path, const struct tree_meta *m,
		     const char *target, struct tree_node **ret, struct err *e)
{
	int r = clear_path(t, path, e);

	return r < 0 ? r : tree_add_symlink(t, path, m, target, ret, e);
}

void tree_remove(struct tree *t, struct tree_node *n)
{
	assert(n != t->root);
	tree_detach(n);
	tree_node_free(t, n);
}

int tree_move(struct tree *t, struct tree_node *n, const char *path, struct err *e)
{
	struct tree_meta m = { .mtime = n->inode->mtime, .origin = n->inode->origin };
	struct tree_node *dir;
	const char *name;
	size_t len;

	int r = open_parent(t, path, &m, &dir, &name, &len, e);
	if (r < 0)
		return r;
	if (tree_child(dir, name, len))
		return err_set(e, -EEXIST, "%s exists already", path);
	for (struct tree_node *up = dir; up; up = up->parent)
		if (up == n)
			return err_set(e, -EINVAL, "%s lies inside of what is to move there", path);
	char *own_name = strndup(name, len);
	if (!own_name)
		return err_oom(e);
	struct tree_node *old = n->parent;
	tree_detach(n);
	char *old_name = n->name;
	n->name = own_name;
	if (tree_attach(dir, n) < 0) {
		n->name = old_name;
		free(own_name);
		/* There is room: it has just left. */
		r = tree_attach(old, n);
		assert(r == 0);
		return err_oom(e);
	}
	free(old_name);
	return 0;
}
