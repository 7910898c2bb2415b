/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an EROFS image of a tree holds: its inodes in the order of their paths, so that those of a
 * directory are neighbours, and for each the smallest form that holds it.
 */
#include "stage1/fs/erofs.h"
#include "stage1/fs/nodes.h"

static int add_item(struct tree_node *n, void *ctx, struct err *e)
{
	struct erofs_plan *plan = ctx;

	if (n->inode->number) {
		plan->items[n->inode->number - 1].n_links++;
		return 0;
	}
	if (plan->n_items == UINT32_MAX)
		return err_set(e, -EINVAL, "erofs: too many files");
	if (plan->n_items == plan->cap_items) {
		size_t cap = plan->cap_items ? 2 * plan->cap_items : 1024;
		struct erofs_item *v = reallocarray(plan->items, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		plan->items = v;
		plan->cap_items = cap;
	}
	plan->items[plan->n_items++] = (struct erofs_item){ .node = n, .n_links = 1 };
	n->inode->number = plan->n_items;
	return 0;
}

/* A directory is linked from its parent, from itself and from its subdirectories. */
static void link_dirs(struct erofs_plan *plan)
{
	for (size_t i = 0; i < plan->n_items; i++) {
		struct erofs_item *it = &plan->items[i];
		struct tree_node *child;
		if (!tree_is_dir(it->node))
			continue;
		it->parent = it->node->parent ? it->node->parent->inode->number - 1 : i;
		it->n_links = 2;
		tree_for_each_child (it->node, child)
			it->n_links += tree_is_dir(child);
	}
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Inodes with the superblock's time may have the short form: the time that most have is the best. */
static int choose_epoch(struct erofs_plan *plan, struct err *e)
{
	_cleanup_free_ int64_t *times = calloc(plan->n_items, sizeof(*times));
	size_t best = 0, run = 0;

	if (!times)
		return err_oom(e);
	for (size_t i = 0; i < plan->n_items; i++)
		times[i] = plan->items[i].node->inode->mtime;
	qsort(times, plan->n_items, sizeof(*times), compare_times);
	for (size_t i = 0; i < plan->n_items; i++) {
		run = i && times[i] == times[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			plan->epoch = (uint64_t)times[i];
		}
	}
	return 0;
}

static int size_item(struct erofs_item *it, struct err *e)
{
	const struct tree_inode *inode = it->node->inode;

	switch (inode->mode & S_IFMT) {
	case S_IFDIR:
		return erofs_dir_bytes(it->node, &it->size_bytes, e);
	case S_IFREG:
		it->size_bytes = inode->blob->len;
		return 0;
	case S_IFLNK:
		it->size_bytes = strlen(inode->target);
		if (it->size_bytes >= EROFS_BLOCK_BYTES)
			return err_set(e, -EINVAL, "symlink longer than %u bytes",
				       EROFS_BLOCK_BYTES - 1);
		return 0;
	default:
		return 0;
	}
}

static void choose_form(const struct erofs_plan *plan, struct erofs_item *it)
{
	const struct tree_inode *inode = it->node->inode;

	it->extended = it->size_bytes > UINT32_MAX || inode->uid > UINT16_MAX ||
		       inode->gid > UINT16_MAX || it->n_links > UINT16_MAX ||
		       (uint64_t)inode->mtime != plan->epoch;
}

int erofs_items_init(struct erofs_plan *plan, struct err *e)
{
	struct tree_node *root = tree_root(plan->base.tree);

	int r = fs_forget_numbers(root, e);
	if (r == 0)
		r = tree_walk(root, add_item, plan, e);
	if (r == 0)
		r = choose_epoch(plan, e);
	if (r < 0)
		return r;
	link_dirs(plan);
	for (size_t i = 0; i < plan->n_items; i++) {
		r = size_item(&plan->items[i], e);
		if (r < 0)
			return fs_fail_at(plan->items[i].node, e);
		choose_form(plan, &plan->items[i]);
	}
	r = erofs_xattrs_init(plan, e);
	return r < 0 ? r : erofs_contents_init(plan, e);
}
