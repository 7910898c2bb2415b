/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying of the system's nodes, and which of them the packages bring. */
#include "stage1/initrd/build.h"

#define MAX_SYMLINKS 40

static struct tree_meta meta_of(struct initrd_build *b, const struct tree_inode *i)
{
	const struct tree_origin *o = i->origin;

	return (struct tree_meta){ .mode = S_ISDIR(i->mode) ? i->mode : i->mode & ~06000u,
				   .uid = i->uid,
				   .gid = i->gid,
				   .mtime = i->mtime,
				   .origin =
					   tree_add_origin(b->tree, o->kind, o->name, o->version) };
}

/* The directories above a node, with the system's modes. */
static int copy_parents(struct initrd_build *b, const struct tree_node *n, struct err *e)
{
	struct tree_node *missing[128];
	size_t k = 0;
	int r = 0;

	for (struct tree_node *up = n->parent; up->parent; up = up->parent) {
		_cleanup_free_ char *path = tree_path(up);
		if (!path)
			return err_oom(e);
		if (tree_lookup(b->tree, path))
			break;
		if (k == ARRAY_SIZE(missing))
			return err_set(e, -EINVAL, "%s: too many directories deep", path);
		missing[k++] = up;
	}
	while (k > 0 && r == 0) {
		struct tree_node *dir = missing[--k];
		_cleanup_free_ char *path = tree_path(dir);
		struct tree_meta m = meta_of(b, dir->inode);
		r = path && m.origin ? tree_add_dir(b->tree, path, &m, NULL, e) : err_oom(e);
	}
	return r;
}

static int remember_file(struct initrd_build *b, struct tree_node *n, struct err *e)
{
	if (b->n_files == b->cap_files) {
		size_t cap = b->cap_files ? 2 * b->cap_files : 256;
		struct tree_node **p = reallocarray(b->files, cap, sizeof(*p));
		if (!p)
			return err_oom(e);
		b->files = p;
		b->cap_files = cap;
	}
	b->files[b->n_files++] = n;
	return 0;
}

static struct tree_node *other_name(const struct initrd_build *b, const struct tree_inode *system)
{
	for (size_t i = 0; system->nlink > 1 && i < b->n_links; i++)
		if (b->links[i].system == system)
			return b->links[i].node;
	return NULL;
}

static int remember_link(struct initrd_build *b, const struct tree_inode *system,
			 struct tree_node *n, struct err *e)
{
	if (system->nlink < 2)
		return 0;
	struct initrd_link *p = reallocarray(b->links, b->n_links + 1, sizeof(*p));
	if (!p)
		return err_oom(e);
	b->links = p;
	p[b->n_links++] = (struct initrd_link){ system, n };
	return 0;
}

static int copy_at(struct initrd_build *b, struct tree_node *n, const char *path, struct err *e)
{
	struct tree_inode *i = n->inode;
	struct tree_meta m = meta_of(b, i);
	struct tree_node *first = other_name(b, i), *made;
	int r;

	if (!m.origin)
		return err_oom(e);
	if (first)
		return tree_add_link(b->tree, path, first, NULL, e);
	if (tree_is_file(n))
		r = tree_add_file(b->tree, path, &m, blob_ref(i->blob), &made, e);
	else if (tree_is_symlink(n))
		r = tree_add_symlink(b->tree, path, &m, i->target, &made, e);
	else
		r = tree_add_special(b->tree, path, &m, i->rdev_major, i->rdev_minor, &made, e);
	if (r == 0)
		r = remember_link(b, i, made, e);
	if (r == 0 && tree_is_file(n))
		r = remember_file(b, made, e);
	return r;
}

int initrd_copy_node(struct initrd_build *b, struct tree_node *n, struct err *e)
{
	_cleanup_free_ char *path = tree_path(n);

	if (!path)
		return err_oom(e);
	if (tree_lookup(b->tree, path))
		return 0;
	int r = copy_parents(b, n, e);
	return r < 0 ? r : copy_at(b, n, path, e);
}

/* What is still to be walked after a symlink: its target, then the rest. */
static char *follow(const char *target, const char *rest)
{
	return str_printf("%s/%s", target, rest);
}

int initrd_copy_path(struct initrd_build *b, const char *path, struct err *e)
{
	struct tree_node *at = tree_root(b->p->system);
	_cleanup_free_ char *todo = strdup(path);
	unsigned int links = 0;

	for (char *p = todo; p;) {
		p += strspn(p, "/");
		size_t len = strcspn(p, "/");
		if (len == 0)
			return tree_is_dir(at) ? err_set(e, -ENOENT, "%s is not a file", path)
					       : initrd_copy_node(b, at, e);
		char *rest = p + len;
		if (len == 1 && p[0] == '.') {
			p = rest;
			continue;
		}
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			at = at->parent ? at->parent : at;
			p = rest;
			continue;
		}
		struct tree_node *n = tree_is_dir(at) ? tree_child(at, p, len) : NULL;
		if (!n)
			return err_set(e, -ENOENT, "%s is not in the system", path);
		if (!tree_is_symlink(n)) {
			at = n;
			p = rest;
			continue;
		}
		if (++links > MAX_SYMLINKS)
			return err_set(e, -ELOOP, "%s: too many symlinks", path);
		int r = initrd_copy_node(b, n, e);
		if (r < 0)
			return r;
		if (n->inode->target[0] == '/')
			at = tree_root(b->p->system);
		char *next = follow(n->inode->target, rest);
		free(todo);
		todo = p = next;
	}
	return err_oom(e);
}

static int overlay_node(struct tree_node *n, void *ctx, struct err *e)
{
	struct initrd_build *b = ctx;
	_cleanup_free_ char *path = tree_path(n);

	if (!path)
		return err_oom(e);
	if (!n->parent)
		return 0;
	if (!tree_is_dir(n))
		return copy_at(b, n, path, e);
	struct tree_node *there = tree_resolve(b->tree, path);
	if (there && tree_is_dir(there))
		return 0;
	struct tree_meta m = meta_of(b, n->inode);
	return m.origin ? tree_add_dir(b->tree, path, &m, NULL, e) : err_oom(e);
}

int initrd_add_overlay(struct initrd_build *b, struct err *e)
{
	int r = tree_walk(tree_root(b->p->overlay), overlay_node, b, e);

	return r < 0 ? err_wrap(e, r, "initrd overlay") : 0;
}

struct package_walk {
	struct initrd_build *b;
	bool *seen; /* by index in the list of packages */
};

static int add_if_listed(struct tree_node *n, void *ctx, struct err *e)
{
	struct package_walk *w = ctx;
	const struct strv *names = w->b->p->packages;
	const struct tree_origin *o = n->inode->origin;

	if (tree_is_dir(n) || o->kind != TREE_ORIGIN_PACKAGE)
		return 0;
	for (size_t i = 0; i < names->n; i++) {
		if (!str_eq(names->v[i], o->name))
			continue;
		w->seen[i] = true;
		_cleanup_free_ char *path = tree_path(n);
		if (!path)
			return err_oom(e);
		return tree_exclude_test(w->b->remove, path) ? 0 : initrd_copy_node(w->b, n, e);
	}
	return 0;
}

static int collect_symlink(struct tree_node *n, void *ctx, struct err *e)
{
	if (!tree_is_symlink(n))
		return 0;
	return strv_take(ctx, tree_path(n)) < 0 ? err_oom(e) : 0;
}

/* Only files: a link to a directory does not bring what lies in it. */
static int add_symlink_targets(struct initrd_build *b, struct err *e)
{
	_cleanup_strv_ struct strv links = STRV_INIT;

	int r = tree_walk(tree_root(b->tree), collect_symlink, &links, e);
	for (size_t i = 0; i < links.n && r == 0; i++) {
		struct tree_node *n = tree_resolve(b->p->system, links.v[i]);
		if (!n || !tree_is_file(n))
			continue;
		_cleanup_free_ char *path = tree_path(n);
		if (!path)
			return err_oom(e);
		if (!tree_exclude_test(b->remove, path))
			r = initrd_copy_path(b, links.v[i], e);
	}
	return r;
}

int initrd_add_files(struct initrd_build *b, struct err *e)
{
	const struct strv *names = b->p->packages;
	_cleanup_free_ bool *seen = calloc(names->n + 1, sizeof(*seen));
	struct package_walk w = { .b = b, .seen = seen };

	if (!seen)
		return err_oom(e);
	int r = tree_walk(tree_root(b->p->system), add_if_listed, &w, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names->n; i++)
		if (!seen[i])
			return err_set(e, -ENOENT,
				       "initrd package %s: the system has no file of it; a package "
				       "of the initrd must be one of the system's too",
				       names->v[i]);
	return add_symlink_targets(b, e);
}
