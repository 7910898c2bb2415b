/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The inside of a tree, for the files that implement it. */
#include "stage1/tree/tree.h"

struct tree {
	struct tree_node *root;
	struct tree_origin **origins;
	size_t n_origins, cap_origins;
	size_t n_nodes;
	const struct tree_origin *none;
};

/** tree_inode_new() - without a link as yet; @none: the origin if @m has none */
struct tree_inode *tree_inode_new(uint32_t type, const struct tree_meta *m,
				  const struct tree_origin *none);
void tree_inode_unref(struct tree_inode *i);

/** tree_node_new() - a node without a parent, which takes a link of the inode */
struct tree_node *tree_node_new(struct tree *t, const char *name, size_t len,
				struct tree_inode *inode);
/** tree_node_free() - the node and all below it, which has no parent any more */
void tree_node_free(struct tree *t, struct tree_node *n);

/** tree_attach() - Return: 0 or -ENOMEM; the name must be free */
int tree_attach(struct tree_node *dir, struct tree_node *n) must_check;
void tree_detach(struct tree_node *n);

/** tree_next_name() - the next name of a path: *ret_len is 0 at its end; moves *path behind it */
const char *tree_next_name(const char **path, size_t *ret_len);
