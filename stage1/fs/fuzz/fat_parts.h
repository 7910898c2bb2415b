/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The starts of a FAT's parts, one after the other: what targets take, and test_image_seeds makes. */
#include "base/fuzz/parts.h"

enum { FAT_PART_BOOT, FAT_PART_TABLE, FAT_PART_DATA, FAT_N_PARTS };

#define FAT_BOOT_BYTES	4096
#define FAT_TABLE_BYTES 2048
#define FAT_DISK_MAX	(256 * MiB)

/** fat_parts() - by the boot sector that @data begins with; Return: bytes of the image */
static inline uint64_t fat_parts(const uint8_t *data, size_t size, struct part v[FAT_N_PARTS])
{
	uint64_t sector = get_le16(data + 11), reserved = get_le16(data + 14);
	uint64_t table = get_le16(data + 22) ? get_le16(data + 22) : get_le32(data + 36);
	uint64_t total = get_le16(data + 19) ? get_le16(data + 19) : get_le32(data + 32);
	size_t at = 0;

	v[FAT_PART_BOOT] = (struct part){ 0, FAT_BOOT_BYTES, 0 };
	v[FAT_PART_TABLE] = (struct part){ reserved * sector, FAT_TABLE_BYTES, 0 };
	v[FAT_PART_DATA] = (struct part){ (reserved + data[16] * table) * sector, size, 0 };
	for (size_t i = 0; i < FAT_N_PARTS; i++) {
		v[i].input_at = at;
		v[i].len = MIN(v[i].len, size - at);
		at += (size_t)v[i].len;
	}
	return MIN(total * sector, FAT_DISK_MAX);
}

/** fat_source() - the image; @input: borrowed, of at least a sector */
static inline void fat_source(struct parts_source *p, const uint8_t *input, size_t size)
{
	struct part v[FAT_N_PARTS];

	parts_init(p, input, fat_parts(input, size, v));
	memcpy(p->v, v, sizeof(v));
}
