/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/copy.h"
#include "stage1/fs/ext4.h"

static int add_item(struct fs_copies *c, const struct ext4_layout *l, const struct ext4_item *it,
		    struct err *e)
{
	const struct tree_inode *inode = it->node->inode;
	bool link = S_ISLNK(inode->mode);
	const uint8_t *data = link ? (const uint8_t *)inode->target : inode->blob->data;
	uint64_t len = link ? strlen(inode->target) : inode->blob->len;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < it->n_runs; i++) {
		const struct ext4_run *run = &l->runs[it->first_run + i];
		uint64_t from = (uint64_t)run->logical * EXT4_BLOCK_BYTES;
		uint64_t n = MIN(len - from, (uint64_t)run->n_blocks * EXT4_BLOCK_BYTES);
		r = fs_copies_add(c, data + from, n, run->block * EXT4_BLOCK_BYTES, e);
	}
	return r;
}

int ext4_write_data(const struct ext4_layout *l, const struct ext4_items *items,
		    const struct fs_params *p, struct sink *s, struct err *e)
{
	_cleanup_fs_copies_ struct fs_copies c = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < items->n; i++) {
		const struct ext4_item *it = &items->v[i];
		if (tree_is_file(it->node) || tree_is_symlink(it->node))
			r = add_item(&c, l, it, e);
	}
	return r < 0 ? r : fs_copies_run(&c, "ext4", p, s, e);
}
