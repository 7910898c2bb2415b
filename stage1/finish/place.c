/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/place.h"

#include <inttypes.h>

#include "stage1/finish/tmpfiles.h"

#define NAME	    "place"
#define FACTORY	    "usr/share/factory"
#define VAR_CONF    "usr/lib/tmpfiles.d/slipway-var.conf"
#define ROOT_CONF   "usr/lib/tmpfiles.d/slipway-root.conf"
#define CONF_HEADER "# What packages have outside of /usr; made when the image was built.\n"

/* Top-level names and what becomes of them. */
enum place {
	PLACE_USR,	/* stays */
	PLACE_ETC,	/* moves to the factory */
	PLACE_CONTENTS, /* tmpfiles lines for all of it */
	PLACE_EMPTY,	/* a tmpfiles line for the directory, which must be empty */
	PLACE_API,	/* mounted or made by systemd: must be empty, leaves nothing */
	PLACE_LINK,	/* a symlink of merged /usr */
};

static const struct {
	const char *name;
	enum place place;
} places[] = {
	{ "usr", PLACE_USR },	    { "etc", PLACE_ETC },     { "var", PLACE_CONTENTS },
	{ "root", PLACE_CONTENTS }, { "boot", PLACE_EMPTY },  { "efi", PLACE_EMPTY },
	{ "home", PLACE_EMPTY },    { "media", PLACE_EMPTY }, { "mnt", PLACE_EMPTY },
	{ "opt", PLACE_EMPTY },	    { "srv", PLACE_EMPTY },   { "dev", PLACE_API },
	{ "proc", PLACE_API },	    { "run", PLACE_API },     { "sys", PLACE_API },
	{ "tmp", PLACE_API },	    { "bin", PLACE_LINK },    { "sbin", PLACE_LINK },
	{ "lib", PLACE_LINK },	    { "lib32", PLACE_LINK },  { "lib64", PLACE_LINK },
	{ "libx32", PLACE_LINK },   { "libo32", PLACE_LINK },
};

struct placing {
	const struct finish_params *p;
	struct tmpfiles tmpfiles;
	struct buf var, root; /* texts of the two files */
	struct strv files;    /* regular files of var and root that move to the factory */
};

static int no_place(const struct tree_node *n, const char *why, struct err *e)
{
	const struct tree_origin *o = n->inode->origin;
	_cleanup_free_ char *path = tree_path(n);
	static const char *const kinds[] = {
		[TREE_ORIGIN_NONE] = "nowhere",	     [TREE_ORIGIN_PACKAGE] = "package",
		[TREE_ORIGIN_OVERLAY] = "overlay",   [TREE_ORIGIN_FINISHER] = "finisher",
		[TREE_ORIGIN_RECIPE] = "the recipe",
	};

	return err_set(e, -EINVAL, "/%s (from %s %s): %s", path ? path : n->name, kinds[o->kind],
		       o->name, why);
}

static int find_place(const struct tree_node *n, enum place *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!str_eq(places[i].name, n->name))
			continue;
		*ret = places[i].place;
		if (*ret == PLACE_LINK && !tree_is_symlink(n))
			return no_place(n, "should be a symlink into usr", e);
		if (*ret != PLACE_LINK && !tree_is_dir(n))
			return no_place(n, "should be a directory", e);
		return 0;
	}
	return no_place(n, "nothing outside of /usr, /etc and /var has a place in an image", e);
}

/* The first thing below a directory that is no directory: what an error should name. */
static const struct tree_node *first_content(const struct tree_node *dir)
{
	while (tree_is_dir(dir) && dir->n_children)
		dir = dir->children[0];
	return dir;
}

/* A line for one thing below var or root. */
static int add_line(struct placing *l, struct buf *b, const struct tree_node *n, const char *path,
		    struct err *e)
{
	_cleanup_free_ char *absolute = str_printf("/%s", path);
	const struct tree_inode *i = n->inode;

	if (!absolute)
		return err_oom(e);
	if (i->n_xattrs)
		return no_place(n, "extended attributes have no place outside of /usr", e);
	if (!tmpfiles_can_print(path) || (tree_is_symlink(n) && !tmpfiles_can_print(i->target)))
		return no_place(n, "a control character in a name has no place outside of /usr", e);
	bool has_bytes = tree_is_file(n) && i->blob->len > 0;
	if (!has_bytes && tmpfiles_makes(&l->tmpfiles, absolute))
		return 0;
	if (tree_is_dir(n)) {
		tmpfiles_print(b, "d", absolute, i, NULL);
	} else if (tree_is_symlink(n)) {
		tmpfiles_print(b, "L", absolute, i, i->target);
	} else if (!tree_is_file(n)) {
		return no_place(n, "only files, directories and symlinks can be made at boot", e);
	} else if (!has_bytes) {
		tmpfiles_print(b, "f", absolute, i, NULL);
	} else {
		tmpfiles_print(b, "C", absolute, i, NULL);
		return strv_add(&l->files, path) < 0 ? err_oom(e) : 0;
	}
	return 0;
}

static int line_of_node(struct tree_node *n, void *ctx, struct err *e)
{
	struct placing *l = ctx;
	_cleanup_free_ char *path = tree_path(n);

	if (!path)
		return err_oom(e);
	return add_line(l, str_has_prefix(path, "var") ? &l->var : &l->root, n, path, e);
}

static int move_to_factory(struct tree *t, const char *path, struct err *e)
{
	_cleanup_free_ char *to = str_printf("%s/%s", FACTORY, path);

	if (!to)
		return err_oom(e);
	struct tree_node *there = tree_lookup(t, to);
	if (there)
		tree_remove(t, there);
	return tree_move(t, tree_lookup(t, path), to, e);
}

static int place_contents(struct placing *l, struct tree_node *n, struct err *e)
{
	int r = tree_walk(n, line_of_node, l, e);

	for (size_t i = 0; r == 0 && i < l->files.n; i++)
		r = move_to_factory(l->p->tree, l->files.v[i], e);
	strv_done(&l->files);
	if (r == 0)
		tree_remove(l->p->tree, n);
	return r;
}

static int place_empty(struct placing *l, struct tree_node *n, enum place place, struct err *e)
{
	if (n->n_children)
		return no_place(first_content(n), "has no place in an image", e);
	if (place == PLACE_EMPTY) {
		int r = add_line(l, &l->root, n, n->name, e);
		if (r < 0)
			return r;
	}
	tree_remove(l->p->tree, n);
	return 0;
}

static int place_etc(struct placing *l, struct tree_node *n, struct err *e)
{
	static const char id[] = "machine-id";
	const struct tree_node *machine_id = tree_child(n, id, strlen(id));

	if (machine_id)
		return no_place(machine_id, "every machine makes its own on first boot", e);
	return move_to_factory(l->p->tree, "etc", e);
}

static int place_one(struct placing *l, struct tree_node *n, struct err *e)
{
	enum place place = PLACE_USR;

	int r = find_place(n, &place, e);
	if (r < 0)
		return r;
	switch (place) {
	case PLACE_USR:
		return 0;
	case PLACE_ETC:
		return place_etc(l, n, e);
	case PLACE_CONTENTS:
		return place_contents(l, n, e);
	case PLACE_LINK:
		tree_remove(l->p->tree, n);
		return 0;
	default:
		return place_empty(l, n, place, e);
	}
}

static int put_conf(const struct finish_params *p, const char *path, struct buf *b, struct err *e)
{
	_cleanup_free_ char *text = str_printf("%s%s", CONF_HEADER, buf_str(b));

	if (buf_failed(b) || !text)
		return err_oom(e);
	return b->len ? finish_put(p, NAME, path, text, e) : 0;
}

static int place_all(struct placing *l, struct err *e)
{
	struct tree_node *root = tree_root(l->p->tree);

	int r = tmpfiles_read(l->p->tree, &l->tmpfiles, e);
	/* Names, as the children change; usr may come into being with the factory. */
	_cleanup_strv_ struct strv names = STRV_INIT;
	for (size_t i = 0; r == 0 && i < root->n_children; i++)
		if (strv_add(&names, root->children[i]->name) < 0)
			r = err_oom(e);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = place_one(l, tree_lookup(l->p->tree, names.v[i]), e);
	if (r == 0)
		r = put_conf(l->p, ROOT_CONF, &l->root, e);
	if (r == 0)
		r = put_conf(l->p, VAR_CONF, &l->var, e);
	return r;
}

int finish_place(const struct finish_params *p, struct err *e)
{
	struct placing l = { .p = p };

	int r = place_all(&l, e);
	tmpfiles_done(&l.tmpfiles);
	buf_done(&l.var);
	buf_done(&l.root);
	strv_done(&l.files);
	return r;
}
