/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>

#include "stage1/fs/erofs.h"
#include "stage1/fs/erofs_codec.h"

static void drop_spool(struct erofs_plan *plan)
{
	if (plan->spool)
		munmap(TAKE_PTR(plan->spool), plan->spool_bytes);
	if (plan->spool_fd >= 0)
		close(TAKE_FD(plan->spool_fd));
}

static void erofs_free(struct fs_plan *base)
{
	struct erofs_plan *plan = (struct erofs_plan *)base;

	erofs_contents_done(&plan->contents);
	erofs_xattrs_done(&plan->xattrs);
	drop_spool(plan);
	free(plan->items);
	free(plan);
}

static int check(const struct erofs_plan *plan, struct err *e)
{
	const struct fs_params *p = &plan->base.params;

	if (p->label && strlen(p->label) > sizeof(((struct erofs_super *)NULL)->label))
		return err_set(e, -EINVAL, "erofs: the label %s is longer than 16 bytes", p->label);
	int r = erofs_codec_check(p, e);
	return r < 0 ? err_wrap(e, r, "erofs") : 0;
}

static int erofs_plan(const struct tree *t, const struct fs_params *p, struct fs_plan **ret,
		      struct err *e)
{
	_cleanup_(fs_plan_free) struct fs_plan *base = NULL;
	struct erofs_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return err_oom(e);
	plan->spool_fd = -1;
	base = &plan->base;
	*base = (struct fs_plan){ .writer = &fs_writer_erofs, .tree = t, .params = *p };
	int r = check(plan, e);
	if (r == 0)
		r = erofs_items_init(plan, e);
	if (r == 0)
		r = erofs_layout_init(plan, e);
	if (r == 0 && p->size_bytes && base->bytes > p->size_bytes)
		r = err_set(e, -ENOSPC, "erofs: the content takes %llu bytes, there are %llu",
			    (unsigned long long)base->bytes, (unsigned long long)p->size_bytes);
	if (r == 0)
		*ret = TAKE_PTR(base);
	return r;
}

static int erofs_write(struct fs_plan *base, struct sink *s, struct err *e)
{
	struct erofs_plan *plan = (struct erofs_plan *)base;

	int r = erofs_meta_write(plan, s, e);
	if (r == 0)
		r = erofs_contents_write(plan, s, e);
	drop_spool(plan); /* its disk may be the one that the rest of the work is done on */
	return r;
}

const struct fs_writer fs_writer_erofs = {
	.name = "erofs",
	.plan = erofs_plan,
	.write = erofs_write,
	.free = erofs_free,
};
