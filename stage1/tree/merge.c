/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/merge.h"

#include "stage1/tree/merge_internal.h"
#include "stage1/tree/usr_merge.h"

static bool same_xattrs(const struct package_entry *n, const struct tree_node *old)
{
	if (n->n_xattrs != old->inode->n_xattrs)
		return false;
	for (size_t i = 0; i < n->n_xattrs; i++) {
		const struct tree_xattr *x = tree_get_xattr(old, n->xattrs[i].name);
		if (!x || x->len != n->xattrs[i].len ||
		    (x->len && memcmp(x->value, n->xattrs[i].value, x->len) != 0))
			return false;
	}
	return true;
}

/* What an entry and a node, not both directories, differ in; NULL: nothing but their times. */
static const char *difference(const struct package_entry *n, const struct tree_node *old)
{
	const struct tree_inode *i = old->inode;

	if ((n->mode & S_IFMT) != (i->mode & S_IFMT))
		return "another type";
	if (S_ISLNK(n->mode) && !str_eq(n->target, i->target))
		return "another target";
	if (S_ISREG(n->mode) && !blob_equal(n->blob, i->blob))
		return "different content";
	if (n->rdev_major != i->rdev_major || n->rdev_minor != i->rdev_minor)
		return "another device number";
	if (n->uid != i->uid || n->gid != i->gid)
		return "another owner";
	if (!S_ISLNK(n->mode) && n->mode != i->mode)
		return "another mode";
	return same_xattrs(n, old) ? NULL : "other extended attributes";
}

/* Parents that no package has shipped yet belong to nobody, so that one may still set their modes. */
static int make_parents(struct tree *t, const char *path, int64_t mtime, struct err *e)
{
	const struct tree_meta meta = { .mode = 0755, .mtime = mtime };
	const char *slash = strrchr(path, '/');

	if (!slash)
		return 0;
	_cleanup_free_ char *dir = strndup(path, (size_t)(slash - path));
	if (!dir)
		return err_oom(e);
	return tree_lookup(t, dir) ? 0 : tree_add_dir(t, dir, &meta, NULL, e);
}

static int add_inode(const struct merge *m, const struct package_entry *n, const char *path,
		     struct tree_node **ret, struct err *e)
{
	const struct tree_meta meta = {
		.mode = n->mode,
		.uid = n->uid,
		.gid = n->gid,
		.mtime = n->mtime,
		.origin = m->origin,
	};

	switch (n->mode & S_IFMT) {
	case S_IFDIR:
		return tree_add_dir(m->t, path, &meta, ret, e);
	case S_IFLNK:
		return tree_add_symlink(m->t, path, &meta, n->target, ret, e);
	case S_IFREG:
		return tree_add_file(m->t, path, &meta, blob_ref(n->blob), ret, e);
	default:
		return tree_add_special(m->t, path, &meta, n->rdev_major, n->rdev_minor, ret, e);
	}
}

static int add(const struct merge *m, const struct package_entry *n, const char *path,
	       struct tree_node *link_to, struct tree_node **ret, struct err *e)
{
	struct tree_node *node = NULL;

	int r = make_parents(m->t, path, n->mtime, e);
	if (r < 0)
		return r;
	if (link_to)
		return tree_add_link(m->t, path, link_to, ret, e);
	r = add_inode(m, n, path, &node, e);
	for (size_t i = 0; r == 0 && i < n->n_xattrs; i++)
		if (tree_set_xattr(node, n->xattrs[i].name, n->xattrs[i].value, n->xattrs[i].len) <
		    0)
			r = err_oom(e);
	if (r == 0)
		*ret = node;
	return r;
}

/* Takes a node out of the tree, and out of what later hard links of the package would link to. */
static void drop(const struct merge *m, struct tree_node *n)
{
	for (size_t i = 0; i < m->pkg->n_entries; i++)
		if (m->nodes[i] == n)
			m->nodes[i] = NULL;
	tree_remove(m->t, n);
}

/* Whoever wins, what is in the directory would be lost. */
static int not_over_files(const struct package_entry *n, const char *path,
			  const struct tree_node *old, struct err *e)
{
	const struct tree_origin *o = old->children[0]->inode->origin;

	return err_set(e, -EEXIST,
		       "%s is %s here and a directory with files of %s: leave out one of them with "
		       "remove:",
		       path, S_ISLNK(n->mode) ? "a symlink" : "a file",
		       *o->name ? o->name : "others");
}

/*
 * There is something at the path. Return: 1 the new entry takes its place; 0 what is there stays: as
 * *@ret_same if it is the same thing
 */
static int meet(const struct merge *m, const struct package_entry *n, const char *path,
		struct tree_node *old, struct tree_node **ret_same, struct err *e)
{
	if (S_ISDIR(n->mode) && tree_is_dir(old))
		return old->inode->origin->kind == TREE_ORIGIN_NONE;
	if (S_ISDIR(n->mode) && tree_is_symlink(old)) {
		const struct tree_node *dir = tree_resolve(m->t, path);
		if (dir && tree_is_dir(dir))
			return 0;
	}
	const char *differs = difference(n, old);
	/* A link that the usr-merge has made gets its owner with the package that ships it. */
	if (!differs && old->inode->origin->kind != TREE_ORIGIN_NONE) {
		*ret_same = old;
		return 0;
	}
	int r = merge_decide(m, path, old, differs, e);
	if (r != MERGE_NEW_WINS)
		return r < 0 ? r : 0;
	if (old->n_children)
		return not_over_files(n, path, old, e);
	drop(m, old);
	return 1;
}

/* Only the symlink to below /usr may lie at such a top-level name. */
static int check_top(const char *path, const struct package_entry *n, struct err *e)
{
	if (S_ISLNK(n->mode) && usr_merge_is_link(path, n->target))
		return 0;
	return err_set(e, -EEXIST, "%s is neither a directory nor a symlink to usr/%s", path, path);
}

/* Debian policy 10.6: packages bring neither devices nor pipes. In an image they would be for ever. */
static int check_type(const char *path, const struct package_entry *n, struct err *e)
{
	if (S_ISREG(n->mode) || S_ISDIR(n->mode) || S_ISLNK(n->mode))
		return 0;
	return err_set(
		e, -EINVAL,
		"%s is a %s, which an image does not carry: leave it out with remove: [{path: "
		"/%s, why: ...}]",
		path, S_ISFIFO(n->mode) ? "named pipe" : "device", path);
}

static int merge_entry(const struct merge *m, size_t i, struct err *e)
{
	const struct package_entry *own = &m->pkg->entries[i];
	const struct package_entry *n = own->is_hard_link ? &m->pkg->entries[own->link_to] : own;
	_cleanup_free_ char *path = NULL;
	const char *top = NULL;

	int r = merge_place(m, own, &path, &top, e);
	if (r < 0)
		return r;
	if (m->p->exclude && tree_exclude_test(m->p->exclude, path))
		return 0;
	r = check_type(path, n, e);
	if (r == 0 && top)
		r = usr_merge_name(path) ? check_top(path, n, e)
					 : usr_merge_link(m->t, top, own->mtime, e);
	if (r < 0)
		return r;
	struct tree_node *old = tree_lookup(m->t, path), *node = NULL;
	r = old ? meet(m, n, path, old, &node, e) : 1;
	if (r > 0)
		r = add(m, n, path, own->is_hard_link ? m->nodes[own->link_to] : NULL, &node, e);
	if (r < 0)
		return r;
	m->nodes[i] = node;
	/* The file itself was left out, or another package's is in its place: this is it now. */
	if (own->is_hard_link && !m->nodes[own->link_to])
		m->nodes[own->link_to] = node;
	return 0;
}

int tree_merge_package(struct tree *t, const struct package *pkg, const struct tree_merge_params *p,
		       struct err *e)
{
	struct merge m = { .t = t, .pkg = pkg, .p = p };

	m.origin = tree_add_origin(t, TREE_ORIGIN_PACKAGE, pkg->name, pkg->version);
	_cleanup_free_ struct tree_node **nodes = calloc(pkg->n_entries + 1, sizeof(*nodes));
	if (!m.origin || !nodes)
		return err_oom(e);
	m.nodes = nodes;
	for (size_t i = 0; i < pkg->n_entries; i++) {
		int r = merge_entry(&m, i, e);
		if (r < 0)
			return err_wrap(e, r, "package %s %s", pkg->name, pkg->version);
	}
	return 0;
}

int tree_merge_packages(struct tree *t, const struct tree_merge_params *p, struct err *e)
{
	for (size_t i = 0; i < p->n_packages; i++) {
		int r = pool_check(p->cancel, e);
		if (r == 0)
			r = tree_merge_package(t, p->packages[i], p, e);
		if (r < 0)
			return r;
	}
	return 0;
}
