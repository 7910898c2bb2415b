/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables, altered so that no checksum tells. */
#include <zlib.h>

#include "qemu-tests/tamper/parts.h"

static uint32_t crc(const void *data, size_t len)
{
	return (uint32_t)crc32(0, data, (uInt)len);
}

/* Fields of a GUID are little-endian: its own inverse. */
static void put_guid(const uint8_t uuid[16], uint8_t *guid)
{
	gpt_guid(uuid, guid);
}

static int set_uuid(struct tamper *t, struct gpt *g, uint32_t number, const uint8_t uuid[16],
		    struct err *e)
{
	uint8_t *entry = g->entries + (size_t)(number - 1) * g->entry_bytes;
	size_t len = (size_t)g->n_entries * g->entry_bytes;

	if (get_le32(g->header + GPT_HEADER_SIZE) != GPT_HEADER_BYTES || number > g->n_entries)
		return err_set(e, -ENOTSUP, "partition table: a header longer than of UEFI 2.10");
	put_guid(uuid, entry + GPT_ENTRY_UUID);
	put_le32(g->header + GPT_ENTRIES_CRC, crc(g->entries, len));
	put_le32(g->header + GPT_HEADER_CRC, 0);
	put_le32(g->header + GPT_HEADER_CRC, crc(g->header, GPT_HEADER_BYTES));
	int r = sink_pwrite(&t->disk.sink, g->entries_at, g->entries, len, e);
	return r < 0 ? r : sink_pwrite(&t->disk.sink, g->header_at, g->header, GPT_HEADER_BYTES, e);
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
