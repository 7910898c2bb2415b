/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FAT: the boot sector and the entries of directories. */
#include "builder/audit/compare_fs.h"

#define BOOT_BYTES  512
#define ENTRY_BYTES 32

/* clang-format off */
/* What FAT16 and FAT32 share; from 36 on they do not. */
#define SHARED_FIELDS \
	{ "jump", 0, 3, FIELD_BYTES, DIFF_FORMAT }, \
	{ "maker", 3, 8, FIELD_TEXT, DIFF_FORMAT }, \
	{ "sector size", 11, 2, FIELD_NUMBER, DIFF_FORMAT }, \
	{ "sectors per cluster", 13, 1, FIELD_NUMBER, DIFF_FORMAT }, \
	{ "reserved sectors", 14, 2, FIELD_NUMBER, DIFF_FORMAT }, \
	{ "number of tables", 16, 1, FIELD_NUMBER, DIFF_FORMAT }, \
	{ "entries of the root directory", 17, 2, FIELD_NUMBER, DIFF_FORMAT }, \
	{ "sectors, if few", 19, 2, FIELD_NUMBER, DIFF_SIZE }, \
	{ "media", 21, 1, FIELD_HEX, DIFF_FORMAT }, \
	{ "sectors of a FAT16 table", 22, 2, FIELD_NUMBER, DIFF_SIZE }, \
	{ "heads and sectors per track", 24, 4, FIELD_HEX, DIFF_FORMAT }, \
	{ "hidden sectors", 28, 4, FIELD_NUMBER, DIFF_FORMAT }, \
	{ "sectors", 32, 4, FIELD_NUMBER, DIFF_SIZE }
/* clang-format on */

static const struct field fat16_fields[] = {
	SHARED_FIELDS,
	{ "drive", 36, 3, FIELD_HEX, DIFF_FORMAT },
	{ "volume id", 39, 4, FIELD_HEX, DIFF_DERIVED },
	{ "label", 43, 11, FIELD_TEXT, DIFF_LABEL },
	{ "type", 54, 8, FIELD_TEXT, DIFF_FORMAT },
};

static const struct field fat32_fields[] = {
	SHARED_FIELDS,
	{ "sectors of a table", 36, 4, FIELD_NUMBER, DIFF_SIZE },
	{ "flags", 40, 4, FIELD_HEX, DIFF_FORMAT },
	{ "cluster of the root directory", 44, 4, FIELD_NUMBER, DIFF_SIZE },
	{ "information sector", 48, 2, FIELD_NUMBER, DIFF_FORMAT },
	{ "copy of the boot sector", 50, 2, FIELD_NUMBER, DIFF_FORMAT },
	{ "drive", 64, 3, FIELD_HEX, DIFF_FORMAT },
	{ "volume id", 67, 4, FIELD_HEX, DIFF_DERIVED },
	{ "label", 71, 11, FIELD_TEXT, DIFF_LABEL },
	{ "type", 82, 8, FIELD_TEXT, DIFF_FORMAT },
};

static const struct field entry_fields[] = {
	{ "short name", 0, 11, FIELD_TEXT, DIFF_FORMAT },
	{ "attributes", 11, 1, FIELD_HEX, DIFF_FORMAT },
	{ "case", 12, 1, FIELD_HEX, DIFF_FORMAT },
};
static const struct field_table entry_table = { entry_fields, ARRAY_SIZE(entry_fields), 0 };

static const struct field time_fields[] = {
	{ "time of creation", 13, 5, FIELD_BYTES, DIFF_OTHER_TIME },
	{ "date of access", 18, 2, FIELD_BYTES, DIFF_OTHER_TIME },
};
static const struct field_table time_table = { time_fields, ARRAY_SIZE(time_fields), 0 };

static const struct field place_fields[] = {
	{ "first cluster, upper half", 20, 2, FIELD_NUMBER, DIFF_SIZE },
	{ "first cluster", 26, 2, FIELD_NUMBER, DIFF_SIZE },
};
static const struct field_table place_table = { place_fields, ARRAY_SIZE(place_fields), 0 };

static int compare_entry(struct compare *c, const struct filesystems *f, const struct listed *a,
			 const struct listed *b, struct err *e)
{
	uint8_t raw[2][ENTRY_BYTES] = { { 0 } };
	const uint8_t *const pair[] = { raw[0], raw[1] };
	size_t len;

	int r = f->r[0]->ops->raw(f->r[0], a->st.ino, raw[0], ENTRY_BYTES, &len, e);
	if (r == 0)
		r = f->r[1]->ops->raw(f->r[1], b->st.ino, raw[1], ENTRY_BYTES, &len, e);
	if (r == 0)
		r = compare_fields(c, &entry_table, pair, true, e);
	if (r == 0)
		r = compare_fields(c, &time_table, pair, a->st.mtime == b->st.mtime, e);
	return r < 0 ? r : compare_fields(c, &place_table, pair, !f->tree_differs, e);
}

const struct fs_comparer fs_comparer_fat16 = {
	.type = "FAT16",
	.super_name = "boot sector",
	.super = { fat16_fields, ARRAY_SIZE(fat16_fields), BOOT_BYTES },
	.inode = compare_entry,
};

const struct fs_comparer fs_comparer_fat32 = {
	.type = "FAT32",
	.super_name = "boot sector",
	.super = { fat32_fields, ARRAY_SIZE(fat32_fields), BOOT_BYTES },
	.inode = compare_entry,
};
