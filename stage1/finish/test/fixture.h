/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A small tree and packages, made by hand, and the parameters for running finishers on them. */
#include "base/buf.h"
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/finish/finish.h"

#define FX_TIME INT64_C(1750000000) /* day 20254 */
#define FX_MAX	16

struct fixture {
	struct tree *tree;
	struct package packages[FX_MAX];
	struct package *list[FX_MAX];
	struct strv enable, disable, mask;
	struct finish_params p;
};

static inline void fx_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->tree = tree_new();
	ck_assert_ptr_nonnull(f->tree);
	f->p = (struct finish_params){ .tree = f->tree,
				       .packages = f->list,
				       .arch = "x86-64",
				       .image_id = "node",
				       .image_version = "7",
				       .time = FX_TIME,
				       .units_enable = &f->enable,
				       .units_disable = &f->disable,
				       .units_mask = &f->mask };
}

static inline void fx_done(struct fixture *f)
{
	for (size_t i = 0; i < f->p.n_packages; i++) {
		struct package *k = f->list[i];
		free(k->name);
		for (size_t s = 0; s < k->n_scripts; s++) {
			free(k->scripts[s].name);
			blob_unref(k->scripts[s].content);
		}
		free(k->scripts);
	}
	strv_done(&f->enable);
	strv_done(&f->disable);
	strv_done(&f->mask);
	tree_free(f->tree);
}

/* A package, with a postinst if there is one; call in order of the names. */
static inline void fx_package(struct fixture *f, const char *name, const char *postinst)
{
	struct package *k = &f->packages[f->p.n_packages];

	ck_assert_uint_lt(f->p.n_packages, FX_MAX);
	f->list[f->p.n_packages++] = k;
	k->name = strdup(name);
	if (!postinst)
		return;
	k->scripts = calloc(1, sizeof(*k->scripts));
	k->n_scripts = 1;
	k->scripts[0].name = strdup("postinst");
	k->scripts[0].content = blob_new_str(postinst);
}

static inline struct tree_meta fx_meta(struct fixture *f, uint32_t mode)
{
	return (struct tree_meta){ .mode = mode,
				   .mtime = 1,
				   .origin = tree_add_origin(f->tree, TREE_ORIGIN_PACKAGE, "pkg",
							     "1") };
}

static inline void fx_file(struct fixture *f, const char *path, const char *text)
{
	struct tree_meta m = fx_meta(f, 0644);
	struct err e;

	ck_ok(tree_add_file(f->tree, path, &m, blob_new_str(text), NULL, &e));
}

static inline void fx_overlay_file(struct fixture *f, const char *path, const char *text)
{
	struct tree_meta m = { .mode = 0644,
			       .origin = tree_add_origin(f->tree, TREE_ORIGIN_OVERLAY, "overlay",
							 NULL) };
	struct err e;

	ck_ok(tree_put_file(f->tree, path, &m, blob_new_str(text), NULL, &e));
}

static inline struct tree_node *fx_dir(struct fixture *f, const char *path, uint32_t mode,
				       uint32_t uid, uint32_t gid)
{
	struct tree_meta m = fx_meta(f, mode);
	struct tree_node *n;
	struct err e;

	m.uid = uid;
	m.gid = gid;
	ck_ok(tree_add_dir(f->tree, path, &m, &n, &e));
	return n;
}

static inline void fx_link(struct fixture *f, const char *path, const char *target)
{
	struct tree_meta m = fx_meta(f, 0777);
	struct err e;

	ck_ok(tree_add_symlink(f->tree, path, &m, target, NULL, &e));
}

/* The text of a file, on the heap. */
static inline char *fx_text(const struct fixture *f, const char *path)
{
	const struct tree_node *n = tree_lookup(f->tree, path);

	ck_assert_msg(n && tree_is_file(n), "%s is no file", path);
	const struct blob *b = n->inode->blob;
	return strndup(b->len ? (const char *)b->data : "", b->len);
}

static inline void fx_expect_text(const struct fixture *f, const char *path, const char *want)
{
	_cleanup_free_ char *text = fx_text(f, path);

	ck_assert_str_eq(text, want);
}

static inline void fx_expect_holds(const struct fixture *f, const char *path, const char *want)
{
	_cleanup_free_ char *text = fx_text(f, path);

	ck_assert_msg(strstr(text, want), "%s has no \"%s\":\n%s", path, want, text);
}

static inline void fx_expect_link(const struct fixture *f, const char *path, const char *target)
{
	const struct tree_node *n = tree_lookup(f->tree, path);

	ck_assert_msg(n && tree_is_symlink(n), "%s is no symlink", path);
	ck_assert_str_eq(n->inode->target, target);
}

static inline void fx_expect_none(const struct fixture *f, const char *path)
{
	ck_assert_msg(!tree_lookup(f->tree, path), "%s is there", path);
}

static inline void fx_expect_mode(const struct fixture *f, const char *path, uint32_t mode,
				  uint32_t uid, uint32_t gid)
{
	const struct tree_node *n = tree_lookup(f->tree, path);

	ck_assert_msg(n != NULL, "%s is not there", path);
	ck_assert_uint_eq(n->inode->mode & 07777, mode);
	ck_assert_uint_eq(n->inode->uid, uid);
	ck_assert_uint_eq(n->inode->gid, gid);
}

/* The tree on disk, for a program that shall do the same; only its names and contents count. */
static inline int fx_write_node(struct tree_node *n, void *ctx, struct err *e)
{
	_cleanup_free_ char *in_tree = tree_path(n);
	_cleanup_free_ char *path = str_printf("%s/%s", (const char *)ctx, in_tree);
	const struct tree_inode *i = n->inode;

	(void)e;
	if (!n->parent)
		return 0;
	if (tree_is_dir(n))
		return mkdir(path, 0755) < 0 ? -errno : 0;
	if (tree_is_symlink(n))
		return symlink(i->target, path) < 0 ? -errno : 0;
	_cleanup_fclose_ FILE *file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(i->blob->len ? (const char *)i->blob->data : "", 1, i->blob->len,
				 file),
			  i->blob->len);
	return 0;
}

/** fx_write() - the tree in a new directory, to be removed by test_dir_remove() */
static inline char *fx_write(const struct fixture *f)
{
	char *dir = test_dir();
	struct err e;

	ck_ok(tree_walk(tree_root(f->tree), fx_write_node, dir, &e));
	return dir;
}

/* A file of the disk, on the heap; NULL if there is none. */
static inline char *fx_disk_text(const char *dir, const char *path)
{
	_cleanup_free_ char *full = str_printf("%s/%s", dir, path);
	_cleanup_fclose_ FILE *file = fopen(full, "re");
	_cleanup_buf_ struct buf b = BUF_INIT;
	char piece[4096];
	size_t n;

	if (!file)
		return NULL;
	while ((n = fread(piece, 1, sizeof(piece), file)))
		buf_append(&b, piece, n);
	return buf_take_str(&b);
}
