/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EROFS: the superblock and the inodes. Spec: Documentation/filesystems/erofs.rst of Linux */
#include "builder/audit/compare_fs.h"
#include "stage1/fs/erofs_format.h"

#define SUPER(member, name, form, kind)                                       \
	{                                                                     \
		name, offsetof(struct erofs_super, member),                   \
			sizeof(((struct erofs_super *)0)->member), form, kind \
	}

static const struct field super_fields[] = {
	SUPER(magic, "magic number", FIELD_HEX, DIFF_DAMAGE),
	SUPER(checksum, "checksum", FIELD_HEX, DIFF_CHECKSUM),
	SUPER(feature_compat, "compatible features", FIELD_HEX, DIFF_FORMAT),
	SUPER(block_bits, "block size (log2)", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(ext_slots, "slots of extensions", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(root_nid, "root inode", FIELD_NUMBER, DIFF_SIZE),
	SUPER(n_inodes, "inodes", FIELD_NUMBER, DIFF_SIZE),
	SUPER(epoch, "time of creation", FIELD_TIME, DIFF_IMAGE_TIME),
	SUPER(epoch_nsec, "time of creation, nanoseconds", FIELD_NUMBER, DIFF_IMAGE_TIME),
	SUPER(n_blocks, "blocks", FIELD_NUMBER, DIFF_SIZE),
	SUPER(meta_block, "block of the inodes", FIELD_NUMBER, DIFF_SIZE),
	SUPER(xattr_block, "block of shared attributes", FIELD_NUMBER, DIFF_SIZE),
	SUPER(uuid, "UUID", FIELD_UUID, DIFF_DERIVED),
	SUPER(label, "label", FIELD_TEXT, DIFF_LABEL),
	SUPER(feature_incompat, "incompatible features", FIELD_HEX, DIFF_FORMAT),
	SUPER(algorithms, "compression algorithms", FIELD_HEX, DIFF_FORMAT),
	SUPER(extra_devices, "further devices", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(device_slot, "slot of the devices", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(dir_block_bits, "directory block size (log2)", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(n_xattr_prefixes, "prefixes of attributes", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(xattr_prefix_start, "place of the prefixes", FIELD_NUMBER, DIFF_SIZE),
	SUPER(packed_nid, "inode of packed tails", FIELD_NUMBER, DIFF_SIZE),
	SUPER(xattr_filter, "filter of attributes", FIELD_NUMBER, DIFF_FORMAT),
};

/* What both forms have at the same place. */
#define INODE(member, name, form, kind)                                                \
	{                                                                              \
		name, offsetof(struct erofs_inode_extended, member),                   \
			sizeof(((struct erofs_inode_extended *)0)->member), form, kind \
	}

static const struct field inode_fields[] = {
	INODE(format, "form and layout", FIELD_HEX, DIFF_SIZE),
	INODE(xattr_count, "words of attributes", FIELD_NUMBER, DIFF_SIZE),
	INODE(ino, "number for stat()", FIELD_NUMBER, DIFF_SIZE),
};
static const struct field_table inode_table = { inode_fields, ARRAY_SIZE(inode_fields), 0 };

/* What one number means, by the layout. */
static const struct field content_fields[] = {
	[EROFS_FLAT_PLAIN] = INODE(u, "first block", FIELD_NUMBER, DIFF_SIZE),
	[EROFS_COMPRESSED_FULL] = INODE(u, "compressed blocks", FIELD_NUMBER, DIFF_SIZE),
	[EROFS_FLAT_INLINE] = INODE(u, "first block", FIELD_NUMBER, DIFF_SIZE),
	[EROFS_COMPRESSED_COMPACT] = INODE(u, "compressed blocks", FIELD_NUMBER, DIFF_SIZE),
	[EROFS_CHUNKED] = INODE(u, "form of its chunks", FIELD_HEX, DIFF_FORMAT),
};

static const struct field compact_fields[] = {
	{ "reserved", offsetof(struct erofs_inode_compact, reserved), 4, FIELD_HEX, DIFF_FORMAT },
	{ "reserved", offsetof(struct erofs_inode_compact, reserved2), 4, FIELD_HEX, DIFF_FORMAT },
};
static const struct field_table compact_table = { compact_fields, ARRAY_SIZE(compact_fields), 0 };

static const struct field extended_fields[] = {
	INODE(mtime_nsec, "mtime, nanoseconds", FIELD_NUMBER, DIFF_OTHER_TIME),
	INODE(reserved, "reserved", FIELD_HEX, DIFF_FORMAT),
	INODE(reserved2, "reserved", FIELD_BYTES, DIFF_FORMAT),
};
static const struct field_table extended_table = { extended_fields, ARRAY_SIZE(extended_fields),
						   0 };

/* What only inodes of the same form or layout can be compared by. */
static int compare_same_form(struct compare *c, const struct filesystems *f,
			     const uint8_t *const pair[2], bool same_time, struct err *e)
{
	uint16_t format = get_le16(pair[0]);
	const struct field_table content = { &content_fields[format >> 1 & 7], 1, 0 };
	int r = 0;

	if (format == get_le16(pair[1]))
		r = compare_fields(c, &content, pair, !f->tree_differs, e);
	if (r < 0 || (format & 1) != (get_le16(pair[1]) & 1))
		return r;
	return compare_fields(c, format & 1 ? &extended_table : &compact_table, pair, same_time, e);
}

static int compare_inode(struct compare *c, const struct filesystems *f, const struct listed *a,
			 const struct listed *b, struct err *e)
{
	_Alignas(8) uint8_t raw[2][sizeof(struct erofs_inode_extended)] = { { 0 } };
	const uint8_t *const pair[] = { raw[0], raw[1] };
	size_t len;

	int r = f->r[0]->ops->raw(f->r[0], a->st.ino, raw[0], sizeof(raw[0]), &len, e);
	if (r == 0)
		r = f->r[1]->ops->raw(f->r[1], b->st.ino, raw[1], sizeof(raw[1]), &len, e);
	if (r == 0)
		r = compare_fields(c, &inode_table, pair, !f->tree_differs, e);
	if (r == 0)
		r = compare_same_form(c, f, pair, a->st.mtime == b->st.mtime, e);
	return r < 0 ? r : compare_places(c, f, a, b, e);
}

const struct fs_comparer fs_comparer_erofs = {
	.type = "erofs",
	.unix_ = true,
	.super_name = "superblock",
	.super_at = EROFS_SUPER_OFFSET,
	.super = { super_fields, ARRAY_SIZE(super_fields), sizeof(struct erofs_super) },
	.checked_bytes = EROFS_BLOCK_BYTES - EROFS_SUPER_OFFSET,
	.inode = compare_inode,
};
