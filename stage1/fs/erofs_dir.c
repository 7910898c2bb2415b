/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories: blocks that each begin with their entries, in byte order of the names, and then have the
 * names, one behind the other. The last block ends with its last name.
 */
#include "stage1/fs/erofs.h"

/* The names in their order, "." and ".." among them. */
struct cursor {
	const struct tree_node *dir;
	size_t child, dots; /* how many of each are behind us */
	const char *name;
	const struct tree_node *node; /* NULL: "." or ".." */
};

static bool next(struct cursor *c)
{
	static const char *const dots[] = { ".", ".." };
	const struct tree_node *child =
		c->child < c->dir->n_children ? c->dir->children[c->child] : NULL;

	if (c->dots < 2 && (!child || strcmp(dots[c->dots], child->name) < 0)) {
		c->name = dots[c->dots++];
		c->node = NULL;
		return true;
	}
	c->name = child ? child->name : NULL;
	c->node = child;
	c->child++;
	return child;
}

/* How many of the names from @c on share a block; *ret_bytes: what they take. Moves @c behind them. */
static size_t fill_block(struct cursor *c, size_t *ret_bytes)
{
	struct cursor ahead = *c;
	size_t n = 0;

	*ret_bytes = 0;
	while (next(&ahead)) {
		size_t bytes = sizeof(struct erofs_dirent) + strlen(ahead.name);
		if (*ret_bytes + bytes > EROFS_BLOCK_BYTES)
			return n;
		*ret_bytes += bytes;
		*c = ahead;
		n++;
	}
	return n;
}

int erofs_dir_bytes(const struct tree_node *dir, uint64_t *ret, struct err *e)
{
	struct cursor c = { .dir = dir };
	uint64_t n_blocks = 0;
	size_t bytes, last = 0;

	for (size_t i = 0; i < dir->n_children; i++)
		if (strlen(dir->children[i]->name) > EROFS_NAME_MAX)
			return err_set(e, -EINVAL, "a name in it is longer than %d bytes",
				       EROFS_NAME_MAX);
	while (fill_block(&c, &bytes)) {
		last = bytes;
		n_blocks++;
	}
	*ret = (n_blocks - 1) * EROFS_BLOCK_BYTES + last;
	return 0;
}

static uint8_t file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EROFS_FT_FILE;
	case S_IFDIR:
		return EROFS_FT_DIR;
	case S_IFCHR:
		return EROFS_FT_CHAR;
	case S_IFBLK:
		return EROFS_FT_BLOCK;
	case S_IFIFO:
		return EROFS_FT_FIFO;
	case S_IFSOCK:
		return EROFS_FT_SOCKET;
	default:
		return EROFS_FT_SYMLINK;
	}
}

void erofs_dir_build(const struct erofs_plan *plan, size_t i, uint8_t *out)
{
	const struct erofs_item *it = &plan->items[i];
	struct cursor fill = { .dir = it->node }, c = { .dir = it->node };
	size_t n, bytes;

	for (; (n = fill_block(&fill, &bytes)); out += EROFS_BLOCK_BYTES) {
		struct erofs_dirent *entry = (struct erofs_dirent *)out;
		size_t at = n * sizeof(*entry);
		for (size_t k = 0; k < n && next(&c); k++) {
			size_t to = c.node ? c.node->inode->number - 1 : c.name[1] ? it->parent : i;
			entry[k] = (struct erofs_dirent){
				.nid = plan->items[to].nid,
				.name_offset = (uint16_t)at,
				.type = file_type(plan->items[to].node->inode->mode),
			};
			memcpy(out + at, c.name, strlen(c.name));
			at += strlen(c.name);
		}
	}
}
