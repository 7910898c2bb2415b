/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ext4: the superblock and the inodes. Spec: Documentation/filesystems/ext4/ of Linux */
#include <ext2fs/ext2fs.h>

#include "builder/audit/compare_fs.h"

#define INODE_BYTES 160 /* what fields there are; attributes come after */

#define SUPER(member, name, form, kind)                                            \
	{                                                                          \
		name, offsetof(struct ext2_super_block, member),                   \
			sizeof(((struct ext2_super_block *)0)->member), form, kind \
	}
#define INODE(member, name, form, kind)                                            \
	{                                                                          \
		name, offsetof(struct ext2_inode_large, member),                   \
			sizeof(((struct ext2_inode_large *)0)->member), form, kind \
	}

static const struct field super_fields[] = {
	SUPER(s_inodes_count, "inodes", FIELD_NUMBER, DIFF_SIZE),
	SUPER(s_blocks_count, "blocks", FIELD_NUMBER, DIFF_SIZE),
	SUPER(s_r_blocks_count, "reserved blocks", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_free_blocks_count, "free blocks", FIELD_NUMBER, DIFF_SIZE),
	SUPER(s_free_inodes_count, "free inodes", FIELD_NUMBER, DIFF_SIZE),
	SUPER(s_first_data_block, "first data block", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_log_block_size, "block size (log2 KiB)", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_log_cluster_size, "cluster size (log2 KiB)", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_blocks_per_group, "blocks per group", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_clusters_per_group, "clusters per group", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_inodes_per_group, "inodes per group", FIELD_NUMBER, DIFF_SIZE),
	SUPER(s_mtime, "time of the last mount", FIELD_TIME, DIFF_MOUNTED),
	SUPER(s_wtime, "time of the last write", FIELD_TIME, DIFF_IMAGE_TIME),
	SUPER(s_mnt_count, "number of mounts", FIELD_NUMBER, DIFF_MOUNTED),
	SUPER(s_max_mnt_count, "mounts until a check", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_magic, "magic number", FIELD_HEX, DIFF_DAMAGE),
	SUPER(s_state, "state", FIELD_HEX, DIFF_MOUNTED),
	SUPER(s_errors, "on errors", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_lastcheck, "time of the last check", FIELD_TIME, DIFF_IMAGE_TIME),
	SUPER(s_checkinterval, "seconds until a check", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_creator_os, "creator's system", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_first_ino, "first inode", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_inode_size, "inode size", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_feature_compat, "compatible features", FIELD_HEX, DIFF_FORMAT),
	SUPER(s_feature_incompat, "incompatible features", FIELD_HEX, DIFF_FORMAT),
	SUPER(s_feature_ro_compat, "read-only features", FIELD_HEX, DIFF_FORMAT),
	SUPER(s_uuid, "UUID", FIELD_UUID, DIFF_DERIVED),
	SUPER(s_volume_name, "label", FIELD_TEXT, DIFF_LABEL),
	SUPER(s_last_mounted, "last mounted on", FIELD_TEXT, DIFF_MOUNTED),
	SUPER(s_reserved_gdt_blocks, "reserved descriptor blocks", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_journal_uuid, "journal's UUID", FIELD_UUID, DIFF_DERIVED),
	SUPER(s_hash_seed, "hash seed", FIELD_UUID, DIFF_DERIVED),
	SUPER(s_def_hash_version, "hash version", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_default_mount_opts, "mount options", FIELD_HEX, DIFF_FORMAT),
	SUPER(s_mkfs_time, "time of creation", FIELD_TIME, DIFF_IMAGE_TIME),
	SUPER(s_min_extra_isize, "least extra inode size", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_want_extra_isize, "wanted extra inode size", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_flags, "flags", FIELD_HEX, DIFF_FORMAT),
	SUPER(s_kbytes_written, "KiB written", FIELD_NUMBER, DIFF_MOUNTED),
	SUPER(s_checksum_type, "type of checksums", FIELD_NUMBER, DIFF_FORMAT),
	SUPER(s_overhead_clusters, "overhead", FIELD_NUMBER, DIFF_SIZE),
	SUPER(s_checksum_seed, "seed of checksums", FIELD_HEX, DIFF_DERIVED),
	SUPER(s_wtime_hi, "time of the last write, upper bits", FIELD_NUMBER, DIFF_IMAGE_TIME),
	SUPER(s_mkfs_time_hi, "time of creation, upper bits", FIELD_NUMBER, DIFF_IMAGE_TIME),
	SUPER(s_lastcheck_hi, "time of the last check, upper bits", FIELD_NUMBER, DIFF_IMAGE_TIME),
	SUPER(s_checksum, "checksum", FIELD_HEX, DIFF_CHECKSUM),
};

static const struct field time_fields[] = {
	INODE(i_atime, "atime", FIELD_TIME, DIFF_OTHER_TIME),
	INODE(i_ctime, "ctime", FIELD_TIME, DIFF_OTHER_TIME),
	INODE(i_crtime, "time of creation", FIELD_TIME, DIFF_OTHER_TIME),
	INODE(i_mtime_extra, "mtime, nanoseconds", FIELD_HEX, DIFF_OTHER_TIME),
	INODE(i_atime_extra, "atime, nanoseconds", FIELD_HEX, DIFF_OTHER_TIME),
	INODE(i_ctime_extra, "ctime, nanoseconds", FIELD_HEX, DIFF_OTHER_TIME),
	INODE(i_crtime_extra, "time of creation, nanoseconds", FIELD_HEX, DIFF_OTHER_TIME),
};
static const struct field_table time_table = { time_fields, ARRAY_SIZE(time_fields), 0 };

static const struct field place_fields[] = {
	INODE(i_blocks, "sectors used", FIELD_NUMBER, DIFF_SIZE),
	INODE(i_file_acl, "block of attributes", FIELD_NUMBER, DIFF_SIZE),
};
static const struct field_table place_table = { place_fields, ARRAY_SIZE(place_fields), 0 };

static const struct field other_fields[] = {
	INODE(i_dtime, "time of deletion", FIELD_TIME, DIFF_FORMAT),
	INODE(i_flags, "flags", FIELD_HEX, DIFF_FORMAT),
	INODE(osd1, "version", FIELD_NUMBER, DIFF_FORMAT),
	INODE(i_generation, "generation", FIELD_NUMBER, DIFF_FORMAT),
	INODE(i_faddr, "fragment", FIELD_NUMBER, DIFF_FORMAT),
	INODE(i_extra_isize, "extra size", FIELD_NUMBER, DIFF_FORMAT),
	INODE(i_version_hi, "version, upper bits", FIELD_NUMBER, DIFF_FORMAT),
	INODE(i_projid, "project", FIELD_NUMBER, DIFF_FORMAT),
};
static const struct field_table other_table = { other_fields, ARRAY_SIZE(other_fields), 0 };

static int compare_inode(struct compare *c, const struct filesystems *f, const struct listed *a,
			 const struct listed *b, struct err *e)
{
	_Alignas(8) uint8_t raw[2][INODE_BYTES] = { { 0 } };
	const uint8_t *const pair[] = { raw[0], raw[1] };
	size_t len;

	int r = f->r[0]->ops->raw(f->r[0], a->st.ino, raw[0], INODE_BYTES, &len, e);
	if (r == 0)
		r = f->r[1]->ops->raw(f->r[1], b->st.ino, raw[1], INODE_BYTES, &len, e);
	if (r == 0)
		r = compare_fields(c, &time_table, pair, a->st.mtime == b->st.mtime, e);
	if (r == 0)
		r = compare_fields(c, &other_table, pair, true, e);
	if (r == 0)
		r = compare_fields(c, &place_table, pair, !f->tree_differs, e);
	return r < 0 ? r : compare_places(c, f, a, b, e);
}

const struct fs_comparer fs_comparer_ext4 = {
	.type = "ext4",
	.unix_ = true,
	.super_name = "superblock",
	.super_at = SUPERBLOCK_OFFSET,
	.super = { super_fields, ARRAY_SIZE(super_fields), SUPERBLOCK_SIZE },
	.inode = compare_inode,
};
