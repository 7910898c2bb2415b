/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EROFS: the superblock. Spec: Documentation/filesystems/erofs.rst of Linux */
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

const struct fs_comparer fs_comparer_erofs = {
	.type = "erofs",
	.unix_ = true,
	.super_name = "superblock",
	.super_at = EROFS_SUPER_OFFSET,
	.super = { super_fields, ARRAY_SIZE(super_fields), sizeof(struct erofs_super) },
};
