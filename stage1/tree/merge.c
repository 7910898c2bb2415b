/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/merge.h"

#include "stage1/package/deb_version.h"
#include "stage1/tree/usr_merge.h"

/* One package on its way into the tree. */
struct merge {
	struct tree *t;
	const struct package *pkg;
	const struct tree_merge_params *p;
	const struct tree_origin *origin;
	struct tree_node **nodes; /* of each entry; NULL: left out */
};

enum { OLD_WINS, NEW_WINS };

static const struct package *find_package(const struct tree_merge_params *p, const char *name)
{
	for (size_t i = 0; i < p->n_packages; i++)
		if (str_eq(p->packages[i]->name, name))
			return p->packages[i];
	return NULL;
}

static bool replaces(const struct package *pkg, const char *name, const char *version)
{
	_cleanup_free_ char *field = pkg ? package_field(pkg, "Replaces") : NULL;

	return deb_relation_covers(field, name, version);
}

static bool package_has(const struct package *pkg, const char *path)
{
	for (size_t i = 0; pkg && i < pkg->n_entries; i++) {
		_cleanup_free_ char *merged = tree_usr_merged_path(pkg->entries[i].path);
		if (merged && str_eq(merged, path))
			return true;
	}
	return false;
}

/* What a rule of the recipe says. Return: -ENOENT there is none */
static int ask_rules(const struct merge *m, const char *path, const char *old)
{
	for (size_t i = 0; i < m->p->n_wins; i++) {
		struct tree_merge_wins *w = &m->p->wins[i];
		_cleanup_free_ char *of = tree_usr_merged_path(w->path + strspn(w->path, "/"));
		if (!of || !str_eq(of, path))
			continue;
		bool is_new = str_eq(w->package, m->pkg->name);
		/* A third package may have it too, and is yet to come. */
		if (!is_new && !str_eq(w->package, old) &&
		    !package_has(find_package(m->p, w->package), path))
			continue;
		w->used++;
		return is_new ? NEW_WINS : OLD_WINS;
	}
	return -ENOENT;
}

/* Return: OLD_WINS, NEW_WINS or -EEXIST */
static int decide(const struct merge *m, const char *path, const struct tree_node *old,
		  const char *difference, struct err *e)
{
	const struct tree_origin *o = old->inode->origin;

	if (o->kind == TREE_ORIGIN_NONE)
		return NEW_WINS;
	if (o->kind != TREE_ORIGIN_PACKAGE)
		return err_set(e, -EEXIST, "%s is in the tree already, and not from a package",
			       path);
	if (str_eq(o->name, m->pkg->name))
		return err_set(e, -EEXIST, "it has %s twice, with %s", path, difference);
	int r = ask_rules(m, path, o->name);
	if (r >= 0)
		return r;
	bool new_over = replaces(m->pkg, o->name, o->version ? o->version : "");
	bool old_over = replaces(find_package(m->p, o->name), m->pkg->name, m->pkg->version);
	if (new_over != old_over)
		return new_over ? NEW_WINS : OLD_WINS;
	return err_set(e, -EEXIST,
		       "%s is in package %s %s too, with %s%s: the recipe has to say which of them "
		       "wins",
		       path, o->name, o->version ? o->version : "", difference,
		       new_over ? ", and each replaces the other" : "");
}

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

/*
 * The path in the tree: usr-merged, and where its directory is a symlink to another, in that one, as
 * the kernel would have unpacked it.
 */
static char *place(const struct merge *m, const struct package_entry *n)
{
	if (S_ISDIR(n->mode) && usr_merge_name(n->path) == strlen(n->path))
		return str_printf("usr/%s", n->path);
	_cleanup_free_ char *path = tree_usr_merged_path(n->path);
	char *slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return TAKE_PTR(path);
	*slash = '\0';
	const struct tree_node *dir = tree_lookup(m->t, path);
	if (!dir || !tree_is_dir(dir))
		dir = tree_resolve(m->t, path);
	else
		dir = NULL;
	_cleanup_free_ char *at = dir && tree_is_dir(dir) ? tree_path(dir) : NULL;
	if (at)
		return str_printf("%s%s%s", at, *at ? "/" : "", slash + 1);
	*slash = '/';
	return TAKE_PTR(path);
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
	int r = decide(m, path, old, differs, e);
	if (r != NEW_WINS)
		return r < 0 ? r : 0;
	if (old->n_children)
		return err_set(e, -EEXIST, "%s is a directory with files of other packages", path);
	drop(m, old);
	return 1;
}

/* Only the symlink to below /usr may lie at such a top-level name. */
static int check_top(const struct package_entry *n, struct err *e)
{
	if (usr_merge_name(n->path) != strlen(n->path) || S_ISDIR(n->mode) ||
	    (S_ISLNK(n->mode) && usr_merge_is_link(n->path, n->target)))
		return 0;
	return err_set(e, -EEXIST, "%s is neither a directory nor a symlink to usr/%s", n->path,
		       n->path);
}

static int merge_entry(const struct merge *m, size_t i, struct err *e)
{
	const struct package_entry *own = &m->pkg->entries[i];
	const struct package_entry *n = own->is_hard_link ? &m->pkg->entries[own->link_to] : own;
	_cleanup_free_ char *path = place(m, own);
	int r = 0;

	if (!path)
		return err_oom(e);
	if (m->p->exclude && tree_exclude_test(m->p->exclude, path))
		return 0;
	if (usr_merge_name(own->path))
		r = own->path[usr_merge_name(own->path)] || S_ISDIR(own->mode)
			    ? usr_merge_link(m->t, own->path, own->mtime, e)
			    : check_top(own, e);
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
		int r = tree_merge_package(t, p->packages[i], p, e);
		if (r < 0)
			return r;
	}
	return 0;
}
