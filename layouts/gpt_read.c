/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layouts/gpt_read.h"

#include <zlib.h>

#define LABEL_UNITS 36

static const uint8_t signature[8] = "EFI PART";

static uint32_t crc(const void *data, size_t len)
{
	return (uint32_t)crc32(0, data, (uInt)len);
}

static uint64_t header_place(const struct source *disk, enum gpt_copy copy, uint32_t sector_bytes)
{
	if (copy == GPT_PRIMARY)
		return sector_bytes;
	return disk->size_bytes / sector_bytes * sector_bytes - sector_bytes;
}

/* Sectors are as large as makes a header appear. */
static int find_header(const struct source *disk, enum gpt_copy copy, struct gpt *g, struct err *e)
{
	static const uint32_t sizes[] = { 512, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		g->sector_bytes = sizes[i];
		if (disk->size_bytes < 3 * (uint64_t)sizes[i])
			continue;
		g->header_at = header_place(disk, copy, sizes[i]);
		int r = source_pread(disk, g->header_at, g->header, sizeof(g->header), e);
		if (r < 0)
			return r;
		if (memcmp(g->header, signature, sizeof(signature)) == 0)
			return 0;
	}
	return err_set(e, -EBADMSG, "no partition table (GPT)");
}

/* The checksum is over as much as the header says of itself, with zeros in its own place. */
static int check_header_crc(const struct source *disk, struct gpt *g, struct err *e)
{
	uint32_t len = get_le32(g->header + GPT_HEADER_SIZE);
	uint8_t sector[4096];

	if (len < GPT_HEADER_BYTES || len > g->sector_bytes)
		return 0;
	int r = source_pread(disk, g->header_at, sector, len, e);
	if (r < 0)
		return r;
	put_le32(sector + GPT_HEADER_CRC, 0);
	g->header_crc_ok = crc(sector, len) == get_le32(g->header + GPT_HEADER_CRC);
	return 0;
}

static int read_entries(const struct source *disk, struct gpt *g, struct err *e)
{
	uint64_t at;

	g->n_entries = get_le32(g->header + GPT_N_ENTRIES);
	g->entry_bytes = get_le32(g->header + GPT_ENTRY_BYTES);
	if (g->n_entries > GPT_ENTRIES_MAX || g->entry_bytes < GPT_ENTRY_MIN_BYTES ||
	    g->entry_bytes > 4096 || !is_power_of_2(g->entry_bytes))
		return err_set(e, -EBADMSG, "partition table: %u entries of %u bytes", g->n_entries,
			       g->entry_bytes);
	size_t len = (size_t)g->n_entries * g->entry_bytes;
	if (mul_overflows(get_le64(g->header + GPT_ENTRIES_LBA), (uint64_t)g->sector_bytes, &at) ||
	    at > disk->size_bytes || len > disk->size_bytes - at)
		return err_set(e, -EBADMSG, "partition table: its entries lie outside of the disk");
	g->entries_at = at;
	g->entries = malloc(len + 1);
	if (!g->entries)
		return err_oom(e);
	int r = source_pread(disk, at, g->entries, len, e);
	if (r == 0)
		g->entries_crc_ok = crc(g->entries, len) == get_le32(g->header + GPT_ENTRIES_CRC);
	return r;
}

int gpt_read(const struct source *disk, enum gpt_copy copy, struct gpt *ret, struct err *e)
{
	*ret = (struct gpt){ 0 };
	int r = find_header(disk, copy, ret, e);
	if (r == 0)
		r = check_header_crc(disk, ret, e);
	return r < 0 ? r : read_entries(disk, ret, e);
}

void gpt_done(struct gpt *g)
{
	free(g->entries);
	*g = (struct gpt){ 0 };
}

void gpt_guid(const uint8_t *guid, uint8_t uuid[16])
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

	for (size_t i = 0; i < sizeof(order); i++)
		uuid[i] = guid[order[i]];
}

/* Labels are of the basic plane in practice; a surrogate is what no label of ours has. */
static void decode_label(const uint8_t *units, char *out)
{
	for (size_t i = 0; i < LABEL_UNITS; i++) {
		uint16_t u = get_le16(units + 2 * i);
		if (!u)
			break;
		if (u >= 0xd800 && u < 0xe000)
			u = 0xfffd;
		if (u < 0x80) {
			*out++ = (char)u;
		} else if (u < 0x800) {
			*out++ = (char)(0xc0 | u >> 6);
			*out++ = (char)(0x80 | (u & 0x3f));
		} else {
			*out++ = (char)(0xe0 | u >> 12);
			*out++ = (char)(0x80 | (u >> 6 & 0x3f));
			*out++ = (char)(0x80 | (u & 0x3f));
		}
	}
	*out = '\0';
}

bool gpt_entry(const struct gpt *g, uint32_t i, struct gpt_entry *ret)
{
	static const uint8_t unused[16] = { 0 };
	const uint8_t *p = i < g->n_entries ? g->entries + (size_t)i * g->entry_bytes : unused;

	if (memcmp(p, unused, sizeof(unused)) == 0)
		return false;
	*ret = (struct gpt_entry){ .number = i + 1,
				   .first_lba = get_le64(p + GPT_ENTRY_FIRST),
				   .last_lba = get_le64(p + GPT_ENTRY_LAST),
				   .attributes = get_le64(p + GPT_ENTRY_ATTRIBUTES) };
	gpt_guid(p + GPT_ENTRY_TYPE, ret->type);
	gpt_guid(p + GPT_ENTRY_UUID, ret->uuid);
	decode_label(p + GPT_ENTRY_LABEL, ret->label);
	return true;
}
