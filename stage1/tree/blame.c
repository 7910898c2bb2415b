/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/tree.h"

int tree_blame(const struct tree_node *n, int r, struct err *e)
{
	const struct tree_origin *o = n->inode->origin;
	const struct err cause = *e;

	if (r != -EBADMSG && r != -EINVAL)
		return r;
	if (o->kind == TREE_ORIGIN_OVERLAY)
		return err_set(e, r, "overlay %s: %s; correct it there", o->name, cause.msg);
	if (o->kind == TREE_ORIGIN_PACKAGE)
		return err_set(e, r,
			       "package %s %s: %s; leave the file out with remove:, or replace it "
			       "with one of the overlay",
			       o->name, o->version, cause.msg);
	return r;
}
