/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ESP below its files: entries of directories, tables, the boot sector. */
#include "qemu-tests/tamper/families.h"
#include "stage1/fs/fat.h"

struct fat {
	const struct image_partition *part;
	uint8_t boot[512];
	uint64_t fat_at, table_bytes, root_at, data_at;
	uint32_t cluster_bytes, entry_bytes, n_clusters;
};

static int fat_open(const struct tamper *t, struct fat *f, struct err *e)
{
	const uint8_t *b = f->boot;
	int r = tamper_partition(t, "esp", &f->part, e);

	if (r == 0)
		r = source_pread(&f->part->src, 0, f->boot, sizeof(f->boot), e);
	if (r < 0)
		return r;
	uint64_t sector = get_le16(b + 11);
	f->entry_bytes = get_le16(b + 22) ? 2 : 4;
	f->table_bytes = (get_le16(b + 22) ? get_le16(b + 22) : get_le32(b + 36)) * sector;
	f->fat_at = get_le16(b + 14) * sector;
	f->root_at = f->fat_at + 2 * f->table_bytes;
	f->data_at = f->root_at + get_le16(b + 17) * (uint64_t)FAT_ENTRY_BYTES;
	f->cluster_bytes = (uint32_t)(b[13] * sector);
	f->n_clusters = (uint32_t)((f->part->src.size_bytes - f->data_at) / f->cluster_bytes);
	return 0;
}

static int put(struct tamper *t, const struct fat *f, uint64_t at, const void *data, size_t len,
	       const char *what, struct err *e)
{
	int r = tamper_write(t, f->part, at, data, len, e);

	return r < 0 ? r : tamper_note(t, e, "esp, byte %llu: %s", (unsigned long long)at, what);
}

/* ---- entries ------------------------------------------------------------------------------ */

#define ENTRIES_MAX 4096

/* In the root and in the first clusters, where our writer puts all directories. */
static int pick_entry(struct tamper *t, const struct fat *f, uint64_t *ret_at,
		      uint8_t entry[FAT_ENTRY_BYTES], struct err *e)
{
	uint64_t at[ENTRIES_MAX], end = f->data_at + 8 * (uint64_t)f->cluster_bytes;
	size_t n = 0;

	for (uint64_t x = f->root_at; x < end && n < ENTRIES_MAX; x += FAT_ENTRY_BYTES) {
		int r = source_pread(&f->part->src, x, entry, FAT_ENTRY_BYTES, e);
		if (r < 0)
			return r;
		/* What is content of a file has seldom such an attribute, and zeros where they must be. */
		if (entry[0] > ' ' && entry[11] && !(entry[11] & 0xc0) && !entry[12])
			at[n++] = x;
	}
	if (!n)
		return err_set(e, -ENOENT, "the ESP's directories have no entries");
	*ret_at = at[tamper_random(t, n)];
	return source_pread(&f->part->src, *ret_at, entry, FAT_ENTRY_BYTES, e);
}

static int alter_entry(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		size_t at, len;
	} fields[] = {
		{ "a name", 0, 11 },
		{ "attributes", 11, 1 },
		{ "reserved bits", 12, 1 },
		{ "hundredths, or a long name's checksum", 13, 1 },
		{ "time made", 14, 2 },
		{ "date made", 16, 2 },
		{ "date read", 18, 2 },
		{ "first cluster, upper half", 20, 2 },
		{ "time written", 22, 2 },
		{ "date written", 24, 2 },
		{ "first cluster", 26, 2 },
		{ "size", 28, 4 },
		{ "its first character", 0, 1 },
	};
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(fields));
	uint8_t entry[FAT_ENTRY_BYTES];
	struct fat f;
	uint64_t at;
	int r = fat_open(t, &f, e);

	if (r == 0)
		r = pick_entry(t, &f, &at, entry, e);
	if (r < 0)
		return r;
	uint8_t *byte = entry + fields[i].at + tamper_random(t, fields[i].len);
	switch (tamper_random(t, 4)) {
	case 0:
		entry[0] = 0xe5; /* not there any more */
		break;
	case 1:
		*byte ^= 0x20; /* another case, in names */
		break;
	case 2:
		*byte = (uint8_t)(*byte + 1);
		break;
	default:
		*byte ^= (uint8_t)(1 << tamper_random(t, 8));
	}
	return put(t, &f, at, entry, sizeof(entry), fields[i].what, e);
}

/* ---- tables ------------------------------------------------------------------------------- */

/* In one table or in both. */
static int put_number(struct tamper *t, const struct fat *f, uint32_t cluster, uint32_t value,
		      const char *what, struct err *e)
{
	uint64_t at = f->fat_at + (uint64_t)cluster * f->entry_bytes, which = tamper_random(t, 3);
	uint8_t number[4];
	int r = 0;

	put_le32(number, value);
	if (which != 1)
		r = put(t, f, at, number, f->entry_bytes, what, e);
	if (r == 0 && which != 0)
		r = put(t, f, at + f->table_bytes, number, f->entry_bytes, what, e);
	return r;
}

static int alter_table(struct tamper *t, struct err *e)
{
	struct fat f;
	int r = fat_open(t, &f, e);

	if (r < 0)
		return r;
	/* The first ones belong to something. */
	uint32_t n = f.n_clusters, near = (uint32_t)tamper_random(t, MIN(n, 200));
	uint32_t any = 2 + (tamper_random(t, 2) ? near : (uint32_t)tamper_random(t, n));
	uint32_t end = f.entry_bytes == 2 ? 0xffff : 0x0fffffff;
	switch (tamper_random(t, 7)) {
	case 0:
		return put_number(t, &f, any, end - 8, "a cluster marked as bad", e);
	case 1:
		return put_number(t, &f, any, end, "a chain ended", e);
	case 2:
		return put_number(t, &f, any, any, "a loop", e);
	case 3:
		return put_number(t, &f, any, 0, "a cluster set free", e);
	case 4:
		return put_number(t, &f, any, 2 + near, "a chain into another", e);
	case 5:
		return put_number(t, &f, (uint32_t)tamper_random(t, 2),
				  end ^ (UINT32_C(0x4000) << tamper_random(t, 2)),
				  "flags of the volume", e);
	default:
		return put_number(t, &f, any, (uint32_t)tamper_random(t, end), "any number", e);
	}
}

/* ---- boot sector -------------------------------------------------------------------------- */

static int alter_boot(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		size_t at, len;
	} fields[] = {
		{ "jump", 0, 3 },
		{ "name of the writer", 3, 8 },
		{ "bytes of a sector", 11, 2 },
		{ "sectors of a cluster", 13, 1 },
		{ "reserved sectors", 14, 2 },
		{ "number of tables", 16, 1 },
		{ "root entries", 17, 2 },
		{ "sectors (16 bits)", 19, 2 },
		{ "media", 21, 1 },
		{ "sectors of a table", 22, 2 },
		{ "geometry", 24, 4 },
		{ "hidden sectors", 28, 4 },
		{ "sectors (32 bits)", 32, 4 },
		{ "drive, flags, or sectors of a table", 36, 4 },
		{ "serial, or flags", 39, 4 },
		{ "label, or root cluster", 43, 11 },
		{ "type, or reserved bytes", 54, 12 },
		{ "serial of FAT32", 67, 4 },
		{ "label and type of FAT32", 71, 19 },
		{ "boot code", 90, 420 },
		{ "signature", 510, 2 },
	};
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(fields));
	struct fat f;
	int r = fat_open(t, &f, e);

	if (r < 0)
		return r;
	size_t at = fields[i].at + (size_t)tamper_random(t, fields[i].len);
	uint8_t byte = f.boot[at] ^ (uint8_t)(1 << tamper_random(t, 8));
	/* FAT32 keeps the sector twice: the copy alone, or both alike. */
	bool copy = f.entry_bytes == 4 && tamper_random(t, 2);
	if (copy)
		r = put(t, &f, 6 * (uint64_t)get_le16(f.boot + 11) + at, &byte, 1, fields[i].what,
			e);
	return r == 0 && (!copy || tamper_random(t, 2))
		       ? put(t, &f, at, &byte, 1, fields[i].what, e)
		       : r;
}

const struct tamper_kind tamper_m_fat_entry = { "fat-entry", "entries of the ESP's directories",
						alter_entry };
const struct tamper_kind tamper_m_fat_table = { "fat-table", "the ESP's allocation tables",
						alter_table };
const struct tamper_kind tamper_m_fat_boot = { "fat-boot", "the ESP's boot sector", alter_boot };
