/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layouts/container.h"

static const struct container_ops *const kinds[] = { &container_qcow2, &container_vhd };

static const struct container_ops *find(const struct source *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->probe(file))
			return kinds[i];
	return NULL;
}

const char *container_probe(const struct source *file)
{
	const struct container_ops *ops = find(file);

	return ops ? ops->name : NULL;
}

int container_open(const struct source *file, struct container **ret, struct err *e)
{
	const struct container_ops *ops = find(file);

	if (!ops)
		return err_set(e, -EBADMSG, "neither qcow2 nor VHD");
	int r = ops->open(file, ret, e);
	return r < 0 ? err_wrap(e, r, "%s", ops->name) : 0;
}

int container_check(const struct container *c, container_finding_fn *fn, void *ctx, struct err *e)
{
	return c->ops->check(c, fn, ctx, e);
}

void container_free(struct container *c)
{
	if (c)
		c->ops->free(c);
}
