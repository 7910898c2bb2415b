/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the writers do with the tree's nodes before they lay out anything. */
#include "stage1/fs/fs.h"

/** fs_fail_at() - puts a node's path in front of an error that is set; Return: its code; -ENOMEM */
int fs_fail_at(const struct tree_node *n, struct err *e) must_check;

/** fs_forget_numbers() - inodes are numbered anew by each writer: from none */
int fs_forget_numbers(struct tree_node *root, struct err *e) must_check;
