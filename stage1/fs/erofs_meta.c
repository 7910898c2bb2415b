/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Superblock, inodes with what lies behind them, shared attributes and directories. */
#include <ext2fs/ext2fs.h>

#include "stage1/fs/erofs.h"
#include "stage1/fs/erofs_codec.h"

static uint32_t incompat(const struct erofs_plan *plan)
{
	const struct fs_params *p = &plan->base.params;
	uint32_t f = 0;

	for (size_t i = 0; i < plan->contents.n; i++) {
		const struct erofs_content *c = &plan->contents.v[i];
		if (c->n_chunks)
			f |= EROFS_INCOMPAT_CHUNKED_FILE;
		if (c->n_segments)
			f |= EROFS_INCOMPAT_LZ4_0PADDING;
	}
	if (f & EROFS_INCOMPAT_LZ4_0PADDING &&
	    (p->compression == FS_ZSTD || erofs_cluster_bytes(p) > EROFS_BLOCK_BYTES))
		f |= EROFS_INCOMPAT_COMPR_CFGS;
	return f;
}

/* Behind the superblock, where compression is more than LZ4 in single blocks. */
static void put_configs(const struct erofs_plan *plan, struct erofs_super *super)
{
	const struct fs_params *p = &plan->base.params;
	uint8_t *out = (uint8_t *)(super + 1);

	if (p->compression == FS_ZSTD) {
		struct erofs_zstd_config c = { .window_log =
						       (uint8_t)(erofs_codec_window_log(p) - 10) };
		super->algorithms = 1 << EROFS_ZSTD;
		put_le16(out, sizeof(c));
		memcpy(out + 2, &c, sizeof(c));
	} else {
		struct erofs_lz4_config c = {
			.max_distance = UINT16_MAX,
			.max_cluster_blocks =
				(uint16_t)(erofs_cluster_bytes(p) / EROFS_BLOCK_BYTES),
		};
		super->algorithms = 1 << EROFS_LZ4;
		put_le16(out, sizeof(c));
		memcpy(out + 2, &c, sizeof(c));
	}
}

static void put_super(const struct erofs_plan *plan, uint8_t *block)
{
	struct erofs_super *super = (struct erofs_super *)(block + EROFS_SUPER_OFFSET);
	const struct fs_params *p = &plan->base.params;

	*super = (struct erofs_super){
		.magic = EROFS_MAGIC,
		.feature_compat = EROFS_COMPAT_CHECKSUM | EROFS_COMPAT_MTIME,
		.block_bits = EROFS_BLOCK_BITS,
		.root_nid = (uint16_t)plan->items[0].nid,
		.n_inodes = plan->n_items,
		.epoch = plan->epoch,
		.n_blocks = (uint32_t)(plan->base.bytes / EROFS_BLOCK_BYTES),
		.xattr_block = plan->xattr_block,
		.feature_incompat = incompat(plan),
	};
	memcpy(super->uuid, p->uuid, sizeof(super->uuid));
	if (p->label)
		memcpy(super->label, p->label, strlen(p->label));
	if (super->feature_incompat & EROFS_INCOMPAT_COMPR_CFGS)
		put_configs(plan, super);
	super->checksum = ext2fs_crc32c_le(UINT32_MAX, block + EROFS_SUPER_OFFSET,
					   EROFS_BLOCK_BYTES - EROFS_SUPER_OFFSET);
}

/* What an inode says of where its content is. */
static uint32_t content_field(const struct erofs_plan *plan, const struct erofs_item *it)
{
	const struct tree_inode *inode = it->node->inode;
	const struct erofs_content *c = it->content ? &plan->contents.v[it->content - 1] : NULL;

	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		return erofs_rdev(inode->rdev_major, inode->rdev_minor);
	if (S_ISDIR(inode->mode) || S_ISLNK(inode->mode))
		return (uint32_t)it->block;
	if (!c)
		return 0;
	if (c->n_segments)
		return (uint32_t)c->n_blocks;
	return c->n_chunks ? c->chunk_bits : (uint32_t)(plan->data_block + c->block);
}

static void put_inode(const struct erofs_plan *plan, size_t i, uint8_t *out)
{
	const struct erofs_item *it = &plan->items[i];
	const struct tree_inode *inode = it->node->inode;
	uint16_t format = (uint16_t)(it->layout << 1 | it->extended);
	uint16_t xattr_count =
		it->xattr_bytes
			? (uint16_t)((it->xattr_bytes - sizeof(struct erofs_xattr_head)) / 4 + 1)
			: 0;

	if (it->extended)
		*(struct erofs_inode_extended *)out = (struct erofs_inode_extended){
			.format = format,
			.xattr_count = xattr_count,
			.mode = (uint16_t)inode->mode,
			.size = it->size_bytes,
			.u = content_field(plan, it),
			.ino = (uint32_t)i + 1,
			.uid = inode->uid,
			.gid = inode->gid,
			.mtime = (uint64_t)inode->mtime,
			.n_links = it->n_links,
		};
	else
		*(struct erofs_inode_compact *)out = (struct erofs_inode_compact){
			.format = format,
			.xattr_count = xattr_count,
			.mode = (uint16_t)inode->mode,
			.n_links = (uint16_t)it->n_links,
			.size = (uint32_t)it->size_bytes,
			.u = content_field(plan, it),
			.ino = (uint32_t)i + 1,
			.uid = (uint16_t)inode->uid,
			.gid = (uint16_t)inode->gid,
		};
}

static void put_chunks(const struct erofs_plan *plan, const struct erofs_content *c, uint8_t *out)
{
	for (size_t i = 0; i < c->n_chunks; i++)
		put_le32(out + 4 * i,
			 c->chunk_blocks[i] == EROFS_HOLE
				 ? EROFS_HOLE
				 : (uint32_t)(plan->data_block + c->block + c->chunk_blocks[i]));
}

/* What an inode that is no file holds: a directory's entries, a symlink's target. */
static int put_own(const struct erofs_plan *plan, size_t i, uint8_t *rest, struct sink *s,
		   struct err *e)
{
	const struct erofs_item *it = &plan->items[i];
	uint64_t own = it->size_bytes - it->inline_bytes;
	_cleanup_free_ uint8_t *data = calloc(1, (size_t)it->size_bytes + 1);

	if (!data)
		return err_oom(e);
	if (tree_is_dir(it->node))
		erofs_dir_build(plan, i, data);
	else
		memcpy(data, it->node->inode->target, (size_t)it->size_bytes);
	memcpy(rest, data + own, it->inline_bytes);
	return own ? sink_pwrite(s, it->block * EROFS_BLOCK_BYTES, data, (size_t)own, e) : 0;
}

static int put_item(const struct erofs_plan *plan, size_t i, uint8_t *meta, struct sink *s,
		    struct err *e)
{
	const struct erofs_item *it = &plan->items[i];
	const struct tree_inode *inode = it->node->inode;
	uint8_t *out = meta + it->nid * EROFS_SLOT_BYTES, *rest = out + erofs_meta_bytes(it);

	put_inode(plan, i, out);
	if (it->xattr_bytes)
		erofs_xattr_encode(plan, it, out + erofs_inode_bytes(it));
	const struct erofs_content *c = it->content ? &plan->contents.v[it->content - 1] : NULL;
	if (it->layout == EROFS_CHUNKED)
		put_chunks(plan, c, rest - it->index_bytes);
	else if (it->layout == EROFS_COMPRESSED_FULL)
		erofs_index_put(plan, c, plan->data_block + c->block, rest - it->index_bytes);
	if (S_ISDIR(inode->mode) || S_ISLNK(inode->mode))
		return put_own(plan, i, rest, s, e);
	if (it->inline_bytes)
		memcpy(rest, inode->blob->data + it->size_bytes - it->inline_bytes,
		       it->inline_bytes);
	return 0;
}

int erofs_meta_write(const struct erofs_plan *plan, struct sink *s, struct err *e)
{
	_cleanup_free_ uint8_t *meta = calloc(1, (size_t)plan->meta_bytes);
	_cleanup_free_ uint8_t *shared = calloc(1, (size_t)plan->xattrs.bytes + 1);
	int r = 0;

	if (!meta || !shared)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < plan->n_items; i++)
		r = put_item(plan, i, meta, s, e);
	if (r < 0)
		return r;
	erofs_xattr_encode_shared(&plan->xattrs, shared);
	put_super(plan, meta);
	r = sink_pwrite(s, 0, meta, (size_t)plan->meta_bytes, e);
	return r < 0 ? r
		     : sink_pwrite(s, (uint64_t)plan->xattr_block * EROFS_BLOCK_BYTES, shared,
				   (size_t)plan->xattrs.bytes, e);
}
