/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The in-memory file tree: names in directories, inodes behind them (hard links share one), contents
 * as blobs, and for each inode where it came from. Children are kept in byte order of their names, so
 * that every walk is in the same order everywhere.
 *
 * Paths given to these functions are relative to the tree's root: "usr/bin/env"; a leading or a
 * doubled slash is accepted, "." and ".." are not. Symlinks are not followed, except by
 * tree_resolve().
 *
 * A tree is changed by one thread at a time; it may be read by many.
 */
#include <sys/stat.h>

#include "base/blob.h"
#include "base/err.h"

enum tree_origin_kind {
	TREE_ORIGIN_NONE, /* parents made on the way */
	TREE_ORIGIN_PACKAGE,
	TREE_ORIGIN_OVERLAY,
	TREE_ORIGIN_FINISHER,
	TREE_ORIGIN_RECIPE,
};

struct tree_origin {
	enum tree_origin_kind kind;
	char *name; /* package, overlay directory or finisher */
	char *version;
};

struct tree_xattr {
	char *name; /* with its namespace: "security.capability" */
	void *value;
	size_t len;
};

struct tree_inode {
	uint32_t mode; /* type and permission bits, as in stat */
	uint32_t uid, gid;
	uint32_t nlink; /* names of a non-directory; 1 for a directory */
	int64_t mtime;	/* seconds since 1970 */
	uint32_t rdev_major, rdev_minor;
	struct blob *blob;	   /* S_IFREG: never NULL */
	char *target;		   /* S_IFLNK */
	struct tree_xattr *xattrs; /* sorted by name */
	size_t n_xattrs;
	const struct tree_origin *origin; /* never NULL; owned by the tree */
	uint64_t number; /* 0; for whoever walks a finished tree and wants to number it */
};

struct tree_node {
	char *name; /* "" for the root */
	struct tree_node *parent;
	struct tree_inode *inode;
	struct tree_node **children; /* directories only, sorted by strcmp() of their names */
	size_t n_children, cap_children;
};

struct tree;

/* What a new inode is like. Zero fields are zero in the inode; origin may be NULL (none). */
struct tree_meta {
	uint32_t mode; /* permission bits; the type bits are set by the function called */
	uint32_t uid, gid;
	int64_t mtime;
	const struct tree_origin *origin;
};

/** tree_new() - an empty tree: a root directory, 0755 root:root, mtime 0; NULL when out of memory */
struct tree *tree_new(void) must_check;
void tree_free(struct tree *t);
DEFINE_CLEANUP(struct tree *, tree_free)

/** tree_root() - the directory that everything is in; borrowed */
struct tree_node *tree_root(const struct tree *t);

/**
 * tree_add_origin() - one origin, shared by the inodes that name it
 * @version: may be NULL
 * Return: owned by the tree, the same pointer for the same arguments; NULL when out of memory
 */
const struct tree_origin *tree_add_origin(struct tree *t, enum tree_origin_kind kind,
					  const char *name, const char *version) must_check;

/** tree_lookup() - the node at a path, or NULL */
struct tree_node *tree_lookup(const struct tree *t, const char *path);

/** tree_child() - the child of a directory with this name of @len bytes, or NULL */
struct tree_node *tree_child(const struct tree_node *dir, const char *name, size_t len);

/**
 * tree_resolve() - the node at a path as the image's own system would see it: symlinks followed, also
 * the last one, absolute ones from the tree's root
 * Return: NULL if there is none, or after 40 symlinks
 */
struct tree_node *tree_resolve(const struct tree *t, const char *path);

/** tree_resolves_inside() - does tree_resolve() of a path never meet a ".." at the root? */
bool tree_resolves_inside(const struct tree *t, const char *path);

/**
 * tree_blame() - for an error in what a file holds: who brought the file, and what to do about it
 * @r: of other errors than -EBADMSG and -EINVAL no file is to blame
 * Return: @r
 */
int tree_blame(const struct tree_node *n, int r, struct err *e);

/*
 * Adding. Missing parents are made as directories, 0755 root:root, with the mtime and origin of the
 * entry. All return 0 and the node in *@ret (@ret may be NULL), or
 *   -EEXIST   there is something at the path (tree_add_dir(): something that is no directory)
 *   -ENOTDIR  a parent is no directory
 *   -EINVAL   not a path: empty, "." or "..", a name over 255 bytes
 *   -ENOMEM
 */

/** tree_add_dir() - a directory; one that is there keeps its children and takes the new @m */
int tree_add_dir(struct tree *t, const char *path, const struct tree_meta *m,
		 struct tree_node **ret, struct err *e) must_check;

/** tree_add_file() - @blob: a reference moves to the tree, on failure it is dropped; NULL is -ENOMEM */
int tree_add_file(struct tree *t, const char *path, const struct tree_meta *m, struct blob *blob,
		  struct tree_node **ret, struct err *e) must_check;

/** tree_add_symlink() - @target is copied; its mode is 0777, whatever @m says */
int tree_add_symlink(struct tree *t, const char *path, const struct tree_meta *m,
		     const char *target, struct tree_node **ret, struct err *e) must_check;

/** tree_add_special() - @m->mode carries the type: S_IFIFO, S_IFSOCK, S_IFCHR or S_IFBLK */
int tree_add_special(struct tree *t, const char *path, const struct tree_meta *m, uint32_t major,
		     uint32_t minor, struct tree_node **ret, struct err *e) must_check;

/** tree_add_link() - another name for @to, which is no directory */
int tree_add_link(struct tree *t, const char *path, struct tree_node *to, struct tree_node **ret,
		  struct err *e) must_check;

/**
 * tree_put_file() - tree_add_file() that replaces what is at the path (not a non-empty directory:
 * -EISDIR)
 */
int tree_put_file(struct tree *t, const char *path, const struct tree_meta *m, struct blob *blob,
		  struct tree_node **ret, struct err *e) must_check;
int tree_put_symlink(struct tree *t, const char *path, const struct tree_meta *m,
		     const char *target, struct tree_node **ret, struct err *e) must_check;

/** tree_set_xattr() - add or replace; Return: 0 or -ENOMEM */
int tree_set_xattr(struct tree_node *n, const char *name, const void *value, size_t len) must_check;
const struct tree_xattr *tree_get_xattr(const struct tree_node *n, const char *name);

/** tree_remove() - the node and all below it; @n is freed. Not for the root. */
void tree_remove(struct tree *t, struct tree_node *n);

/**
 * tree_move() - give a node, with all below it, another path; parents are made
 * Return: 0; as for adding
 */
int tree_move(struct tree *t, struct tree_node *n, const char *path, struct err *e) must_check;

/**
 * tree_walk() - call @fn for @top and all below it, parents first, children in order
 * @fn: not 0 ends the walk; must not add or remove nodes
 * Return: 0, or what @fn returned
 */
int tree_walk(struct tree_node *top, int (*fn)(struct tree_node *n, void *ctx, struct err *e),
	      void *ctx, struct err *e) must_check;

#define tree_for_each_child(dir, child) \
	for (size_t i_##child = 0;      \
	     i_##child < (dir)->n_children && ((child) = (dir)->children[i_##child]); i_##child++)

/** tree_path() - the node's path without a leading slash, "" for the root; on the heap, NULL: no memory */
char *tree_path(const struct tree_node *n) must_check;

/** tree_count() - nodes in the tree, the root included */
size_t tree_count(const struct tree *t);

static inline bool tree_is_dir(const struct tree_node *n)
{
	return S_ISDIR(n->inode->mode);
}

static inline bool tree_is_file(const struct tree_node *n)
{
	return S_ISREG(n->inode->mode);
}

static inline bool tree_is_symlink(const struct tree_node *n)
{
	return S_ISLNK(n->inode->mode);
}

/** tree_file_blob() - the content of the regular file at a path (symlinks followed), or NULL; borrowed */
struct blob *tree_file_blob(const struct tree *t, const char *path);
