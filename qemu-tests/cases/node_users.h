/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Users over two versions of an image. Under version 1 the node makes users of its own and changes others.
 * Version 2 has one more system user, appd, with a service: it is there, with its id and its files, and
 * nothing that the node had is another.
 */
#include "qemu-tests/cases/boot.h"

/** node_users_change() - under version 1: what must be kept, and a record of it on the node */
int node_users_change(struct boot *b, struct err *e) must_check;

/** node_users_check_kept() - under any version after that: all of it is as it was */
int node_users_check_kept(struct boot *b, struct err *e) must_check;

/** node_users_check_new() - under version 2: appd, and what becomes of one that the node has itself */
int node_users_check_new(struct boot *b, struct err *e) must_check;
