/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies. An inode with what belongs to it begins at a multiple of 32 bytes; what is
 * inline must not cross a block, and nothing that fits into one block does: so it is best fit into what
 * earlier blocks have left.
 */
#include "stage1/fs/erofs.h"

#define SLOTS (EROFS_BLOCK_BYTES / EROFS_SLOT_BYTES)

/* Blocks of the metadata with room, by how many slots are free at their end: lists through next[]. */
struct room {
	uint32_t first[SLOTS]; /* 1 + block; 0: none */
	uint32_t *next;
	size_t cap;
	uint32_t n_blocks;
};

static int new_blocks(struct room *room, uint32_t n, struct err *e)
{
	if (room->n_blocks + (uint64_t)n > UINT32_MAX / 2)
		return err_set(e, -EINVAL, "erofs: too much metadata");
	if (room->n_blocks + n > room->cap) {
		size_t cap = MAX(2 * room->cap, (size_t)room->n_blocks + n + 256);
		uint32_t *next = reallocarray(room->next, cap, sizeof(*next));
		if (!next)
			return err_oom(e);
		room->next = next;
		room->cap = cap;
	}
	room->n_blocks += n;
	return 0;
}

static void give_back(struct room *room, uint32_t block, uint32_t n_free)
{
	if (n_free == 0)
		return;
	room->next[block] = room->first[n_free];
	room->first[n_free] = block + 1;
}

/* @n slots within one block. */
static int take_slots(struct room *room, uint32_t n, uint64_t *ret_slot, struct err *e)
{
	uint32_t n_free = n, block;

	while (n_free < SLOTS && !room->first[n_free])
		n_free++;
	if (n_free < SLOTS) {
		block = room->first[n_free] - 1;
		room->first[n_free] = room->next[block];
	} else {
		int r = new_blocks(room, 1, e);
		if (r < 0)
			return r;
		block = room->n_blocks - 1;
	}
	*ret_slot = (uint64_t)block * SLOTS + (SLOTS - n_free);
	give_back(room, block, n_free - n);
	return 0;
}

static int take_many(struct room *room, uint64_t n, uint64_t *ret_slot, struct err *e)
{
	uint64_t n_blocks = div_round_up(n, SLOTS);

	if (n_blocks > UINT32_MAX / 2)
		return err_set(e, -EINVAL, "erofs: too much metadata");
	*ret_slot = (uint64_t)room->n_blocks * SLOTS;
	int r = new_blocks(room, (uint32_t)n_blocks, e);
	if (r == 0)
		give_back(room, room->n_blocks - 1, (uint32_t)(n_blocks * SLOTS - n));
	return r;
}

/* The superblock's own block comes first; the root is right behind it, as its number has 16 bits. */
static int place_inodes(struct erofs_plan *plan, struct err *e)
{
	struct room room = { 0 };
	uint32_t super_slots =
		(EROFS_SUPER_OFFSET + 2 * sizeof(struct erofs_super)) / EROFS_SLOT_BYTES;
	uint64_t slot;

	int r = take_slots(&room, super_slots, &slot, e);
	for (size_t i = 0; r == 0 && i < plan->n_items; i++) {
		struct erofs_item *it = &plan->items[i];
		uint64_t n = div_round_up((uint64_t)erofs_meta_bytes(it) + it->inline_bytes,
					  EROFS_SLOT_BYTES);
		r = n <= SLOTS ? take_slots(&room, (uint32_t)n, &it->nid, e)
			       : take_many(&room, n, &it->nid, e);
	}
	free(room.next);
	plan->meta_bytes = (uint64_t)room.n_blocks * EROFS_BLOCK_BYTES;
	return r;
}

int erofs_layout_init(struct erofs_plan *plan, struct err *e)
{
	int r = erofs_contents_place(plan, e);
	if (r == 0)
		r = place_inodes(plan, e);
	if (r < 0)
		return r;
	uint64_t block = plan->meta_bytes / EROFS_BLOCK_BYTES;
	plan->xattr_block = (uint32_t)block;
	block += div_round_up(plan->xattrs.bytes, EROFS_BLOCK_BYTES);
	for (size_t i = 0; i < plan->n_items; i++) {
		struct erofs_item *it = &plan->items[i];
		if (!tree_is_dir(it->node) && !tree_is_symlink(it->node))
			continue;
		it->block = block;
		it->n_blocks = div_round_up(it->size_bytes - it->inline_bytes, EROFS_BLOCK_BYTES);
		block += it->n_blocks;
	}
	plan->data_block = (uint32_t)block;
	block += plan->contents.n_blocks;
	if (block > UINT32_MAX)
		return err_set(e, -EINVAL, "erofs: larger than 16 TiB");
	plan->base.bytes = block * EROFS_BLOCK_BYTES;
	return 0;
}
