/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables, altered so that no checksum tells. */
#include <zlib.h>

#include "qemu-tests/tamper/families.h"

static uint32_t crc(const void *data, size_t len)
{
	return (uint32_t)crc32(0, data, (uInt)len);
}

/* Fields of a GUID are little-endian: its own inverse. */
static void put_guid(const uint8_t uuid[16], uint8_t *guid)
{
	gpt_guid(uuid, guid);
}

static int make_checksums(struct tamper *t, struct gpt *g, struct err *e)
{
	uint8_t sector[4096];
	size_t len = (size_t)g->n_entries * g->entry_bytes;
	uint32_t header = MIN(get_le32(g->header + GPT_HEADER_SIZE), g->sector_bytes);
	int r = source_pread(&t->disk.src, g->header_at, sector, g->sector_bytes, e);

	if (r < 0)
		return r;
	put_le32(g->header + GPT_ENTRIES_CRC, crc(g->entries, len));
	put_le32(g->header + GPT_HEADER_CRC, 0);
	memcpy(sector, g->header, GPT_HEADER_BYTES);
	put_le32(g->header + GPT_HEADER_CRC, crc(sector, header));
	return 0;
}

int tamper_gpt_store(struct tamper *t, struct gpt *g, bool checksums, struct err *e)
{
	size_t len = (size_t)g->n_entries * g->entry_bytes;
	int r = checksums ? make_checksums(t, g, e) : 0;

	if (r == 0)
		r = sink_pwrite(&t->disk.sink, g->entries_at, g->entries, len, e);
	return r < 0 ? r : sink_pwrite(&t->disk.sink, g->header_at, g->header, GPT_HEADER_BYTES, e);
}

static int set_uuid(struct tamper *t, struct gpt *g, uint32_t number, const uint8_t uuid[16],
		    struct err *e)
{
	if (number > g->n_entries)
		return err_set(e, -ENOTSUP, "partition table: there is no entry %u", number);
	put_guid(uuid, g->entries + (size_t)(number - 1) * g->entry_bytes + GPT_ENTRY_UUID);
	return tamper_gpt_store(t, g, true, e);
}

int tamper_gpt_set_uuid(struct tamper *t, const struct image_partition *p, const uint8_t uuid[16],
			struct err *e)
{
	int r = 0;

	for (enum gpt_copy copy = GPT_PRIMARY; r == 0 && copy <= GPT_BACKUP; copy++) {
		struct gpt g;
		r = gpt_read(&t->disk.src, copy, &g, e);
		if (r == 0)
			r = set_uuid(t, &g, p->entry.number, uuid, e);
		gpt_done(&g);
	}
	return r;
}
