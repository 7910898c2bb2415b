/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/tree.h"

#include <assert.h>

#define MAX_NAME_BYTES 255
#define MAX_SYMLINKS   40

struct tree {
	struct tree_node *root;
	struct tree_origin **origins;
	size_t n_origins, cap_origins;
	size_t n_nodes;
	const struct tree_origin *none;
};

static void inode_unref(struct tree_inode *i)
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

static void node_free(struct tree *t, struct tree_node *n)
{
	for (size_t i = 0; i < n->n_children; i++)
		node_free(t, n->children[i]);
	free(n->children);
	inode_unref(n->inode);
	free(n->name);
	free(n);
	t->n_nodes--;
}

static struct tree_inode *inode_new(uint32_t type, const struct tree_meta *m,
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
static struct tree_node *node_new(struct tree *t, const char *name, size_t len,
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
	struct tree_inode *i = inode_new(S_IFDIR, &meta, t->none);
	if (!i)
		return NULL;
	t->root = node_new(t, "", 0, i);
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
		node_free(t, t->root);
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

static int attach(struct tree_node *dir, struct tree_node *n)
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

static void detach(struct tree_node *n)
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

/* The next name of a path: *ret_len is 0 at its end. Moves *path behind it. */
static const char *next_name(const char **path, size_t *ret_len)
{
	const char *name = *path + strspn(*path, "/");

	*ret_len = strcspn(name, "/");
	*path = name + *ret_len;
	return name;
}

static bool name_is_valid(const char *name, size_t len)
{
	return len > 0 && len <= MAX_NAME_BYTES && !(len == 1 && name[0] == '.') &&
	       !(len == 2 && name[0] == '.' && name[1] == '.');
}

struct tree_node *tree_lookup(const struct tree *t, const char *path)
{
	struct tree_node *n = t->root;
	size_t len;

	for (;;) {
		const char *name = next_name(&path, &len);
		if (len == 0 || !n)
			return n;
		n = tree_is_dir(n) ? tree_child(n, name, len) : NULL;
	}
}

static struct tree_node *resolve(const struct tree *t, struct tree_node *at, const char *path,
				 unsigned int *links)
{
	size_t len;

	if (*path == '/')
		at = t->root;
	for (;;) {
		const char *name = next_name(&path, &len);
		if (len == 0)
			return at;
		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			at = at->parent ? at->parent : at;
			continue;
		}
		struct tree_node *n = tree_is_dir(at) ? tree_child(at, name, len) : NULL;
		if (n && tree_is_symlink(n))
			n = ++*links > MAX_SYMLINKS ? NULL : resolve(t, at, n->inode->target, links);
		if (!n)
			return NULL;
		at = n;
	}
}

struct tree_node *tree_resolve(const struct tree *t, const char *path)
{
	unsigned int links = 0;

	return resolve(t, t->root, path, &links);
}

struct blob *tree_file_blob(const struct tree *t, const char *path)
{
	struct tree_node *n = tree_resolve(t, path);

	return n && tree_is_file(n) ? n->inode->blob : NULL;
}

/* A new child for an inode that has just been made, which is freed on failure. */
static int new_child(struct tree *t, struct tree_node *dir, const char *name, size_t len,
		     struct tree_inode *i, struct tree_node **ret, struct err *e)
{
	if (!i)
		return err_oom(e);
	struct tree_node *n = node_new(t, name, len, i);
	if (!n) {
		i->nlink++;
		inode_unref(i);
		return err_oom(e);
	}
	if (attach(dir, n) < 0) {
		node_free(t, n);
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
		const char *name = next_name(&rest, &len);
		if (!name_is_valid(name, len))
			return err_set(e, -EINVAL, "\"%s\" is not a path that a tree can hold", path);
		if (rest[strspn(rest, "/")] == '\0') {
			*ret_dir = dir;
			*ret_name = name;
			*ret_len = len;
			return 0;
		}
		struct tree_node *n = tree_child(dir, name, len);
		if (!n) {
			int r = new_child(t, dir, name, len, inode_new(S_IFDIR, &meta, t->none), &n,
					  e);
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
		inode_unref(i);
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
		return add_inode(t, path, m, inode_new(S_IFDIR, m, t->none), ret, e);
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
	struct tree_inode *i = blob ? inode_new(S_IFREG, m, t->none) : NULL;

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
	struct tree_inode *i = inode_new(S_IFLNK, m, t->none);

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
	struct tree_inode *i = inode_new(m->mode & S_IFMT, m, t->none);

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

void tree_remove(struct tree *t, struct tree_node *n)
{
	assert(n != t->root);
	detach(n);
	node_free(t, n);
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
	detach(n);
	char *old_name = n->name;
	n->name = own_name;
	if (attach(dir, n) < 0) {
		n->name = old_name;
		free(own_name);
		/* There is room: it has just left. */
		r = attach(old, n);
		assert(r == 0);
		return err_oom(e);
	}
	free(old_name);
	return 0;
}

int tree_walk(struct tree_node *top, int (*fn)(struct tree_node *n, void *ctx, struct err *e),
	      void *ctx, struct err *e)
{
	struct tree_node *child;

	int r = fn(top, ctx, e);
	if (r != 0 || !tree_is_dir(top))
		return r;
	tree_for_each_child(top, child) {
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
