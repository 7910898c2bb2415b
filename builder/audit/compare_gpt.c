/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables: their headers, entries and copies, and the MBR before them. */
#include "builder/audit/compare.h"

#define MBR_BYTES 512

static const struct field header_fields[] = {
	{ "revision", GPT_REVISION, 4, FIELD_HEX, DIFF_FORMAT },
	{ "header size", GPT_HEADER_SIZE, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "header checksum", GPT_HEADER_CRC, 4, FIELD_HEX, DIFF_CHECKSUM },
	{ "own place", GPT_MY_LBA, 8, FIELD_NUMBER, DIFF_PARTITION },
	{ "other copy's place", GPT_OTHER_LBA, 8, FIELD_NUMBER, DIFF_PARTITION },
	{ "first usable sector", GPT_FIRST_USABLE, 8, FIELD_NUMBER, DIFF_PARTITION },
	{ "last usable sector", GPT_LAST_USABLE, 8, FIELD_NUMBER, DIFF_PARTITION },
	{ "disk UUID", GPT_DISK_GUID, 16, FIELD_GUID, DIFF_DERIVED },
	{ "place of the entries", GPT_ENTRIES_LBA, 8, FIELD_NUMBER, DIFF_PARTITION },
	{ "number of entries", GPT_N_ENTRIES, 4, FIELD_NUMBER, DIFF_PARTITION },
	{ "size of an entry", GPT_ENTRY_BYTES, 4, FIELD_NUMBER, DIFF_PARTITION },
	{ "checksum of the entries", GPT_ENTRIES_CRC, 4, FIELD_HEX, DIFF_CHECKSUM },
};

static const struct field_table header_table = { header_fields, ARRAY_SIZE(header_fields),
						 GPT_HEADER_BYTES };

/* The UUIDs of usr and usr-verity are halves of root hashes; others are derived from these. */
static int compare_uuid(struct compare *c, const struct gpt_entry e[2], struct err *err)
{
	char a[UUID_TEXT_BYTES], b[UUID_TEXT_BYTES];
	bool roots =
		compare_is_derived(c, 0, e[0].uuid, 16) && compare_is_derived(c, 1, e[1].uuid, 16);

	if (memcmp(e[0].uuid, e[1].uuid, 16) == 0)
		return 0;
	uuid_format(e[0].uuid, a);
	uuid_format(e[1].uuid, b);
	return compare_add(
		c, &(struct finding){ roots ? DIFF_ROOT_HASH : DIFF_DERIVED, "UUID", a, b }, err);
}

static int compare_type(struct compare *c, const struct gpt_entry e[2], struct err *err)
{
	char a[UUID_TEXT_BYTES], b[UUID_TEXT_BYTES];

	if (memcmp(e[0].type, e[1].type, 16) == 0)
		return 0;
	uuid_format(e[0].type, a);
	uuid_format(e[1].type, b);
	return compare_add(c, &(struct finding){ DIFF_PARTITION, "type", a, b }, err);
}

static int compare_entry(struct compare *c, const struct gpt_entry e[2], struct err *err)
{
	const uint64_t first[] = { e[0].first_lba, e[1].first_lba },
		       sectors[] = { e[0].last_lba - e[0].first_lba + 1,
				     e[1].last_lba - e[1].first_lba + 1 };
	char a[32], b[32];

	int r = compare_type(c, e, err);
	if (r == 0)
		r = compare_uuid(c, e, err);
	if (r == 0 && !str_eq(e[0].label, e[1].label))
		r = compare_add(c, &(struct finding){ DIFF_LABEL, "label", e[0].label, e[1].label },
				err);
	snprintf(a, sizeof(a), "%#llx", (unsigned long long)e[0].attributes);
	snprintf(b, sizeof(b), "%#llx", (unsigned long long)e[1].attributes);
	if (r == 0 && !str_eq(a, b))
		r = compare_add(c, &(struct finding){ DIFF_PARTITION, "attributes", a, b }, err);
	if (r == 0)
		r = compare_add_numbers(c, DIFF_PARTITION, "first sector", first, err);
	if (r == 0)
		r = compare_add_numbers(c, DIFF_PARTITION, "sectors", sectors, err);
	return r;
}

/* Bytes of an entry that none of its values is made of, or of one that is not in use. */
static int compare_entry_bytes(struct compare *c, const struct gpt *g[2], uint32_t i,
			       struct err *err)
{
	struct source raw[2];

	for (int w = 0; w < 2; w++)
		source_init_bytes(&raw[w], g[w]->entries + (size_t)i * g[w]->entry_bytes,
				  g[w]->entry_bytes);
	return compare_bytes(c, &raw[0], &raw[1], DIFF_FORMAT, err);
}

static int compare_number(struct compare *c, const struct gpt *g[2], uint32_t i, struct err *err)
{
	size_t before = diff_report_total(c->report),
	       mark = compare_enter(c, "partition %u", i + 1);
	struct gpt_entry e[2];
	bool a = gpt_entry(g[0], i, &e[0]), b = gpt_entry(g[1], i, &e[1]);
	int r = 0;

	if (a && b)
		r = compare_entry(c, e, err);
	else if (a || b)
		r = compare_add(c,
				&(struct finding){ DIFF_PARTITION, "entry", a ? e[0].label : NULL,
						   b ? e[1].label : NULL },
				err);
	if (r == 0 && i < g[0]->n_entries && i < g[1]->n_entries &&
	    diff_report_total(c->report) == before)
		r = compare_entry_bytes(c, g, i, err);
	compare_leave(c, mark);
	return r;
}

static int compare_table(struct compare *c, const struct gpt *g[2], struct err *err)
{
	const uint64_t sectors[] = { g[0]->sector_bytes, g[1]->sector_bytes };
	int r = compare_add_numbers(c, DIFF_PARTITION, "sector size", sectors, err);

	if (r == 0)
		r = compare_fields(c, &header_table,
				   (const uint8_t *[]){ g[0]->header, g[1]->header }, false, err);
	for (uint32_t i = 0; r == 0 && i < MAX(g[0]->n_entries, g[1]->n_entries); i++)
		r = compare_number(c, g, i, err);
	return r;
}

/* What is wrong with a copy of the table in itself, or "". */
static const char *defect(const struct gpt *g)
{
	return !g->sector_bytes	    ? "cannot be read"
	       : !g->header_crc_ok  ? "wrong checksum of the header"
	       : !g->entries_crc_ok ? "wrong checksum of the entries"
				    : "right";
}

static int compare_defects(struct compare *c, const struct gpt *g[2], struct err *err)
{
	const char *a = defect(g[0]), *b = defect(g[1]);

	return str_eq(a, b)
		       ? 0
		       : compare_add(c, &(struct finding){ DIFF_DAMAGE, "soundness", a, b }, err);
}

static bool same_content(const struct gpt *a, const struct gpt *b)
{
	return a->entries && b->entries && a->n_entries == b->n_entries &&
	       a->entry_bytes == b->entry_bytes &&
	       memcmp(a->entries, b->entries, (size_t)a->n_entries * a->entry_bytes) == 0;
}

/* The backup is the primary's copy, or something is wrong with one of them. */
static int compare_backup(struct compare *c, const struct image *const d[2], struct err *err)
{
	const struct gpt *g[] = { &d[0]->backup, &d[1]->backup };
	bool copy[] = { same_content(g[0], &d[0]->primary), same_content(g[1], &d[1]->primary) };

	int r = compare_defects(c, g, err);
	if (r == 0 && copy[0] != copy[1])
		r = compare_add(
			c,
			&(struct finding){ DIFF_DAMAGE, "entries",
					   copy[0] ? "as the primary's" : "not as the primary's",
					   copy[1] ? "as the primary's" : "not as the primary's" },
			err);
	if (r < 0 || (copy[0] && copy[1] && !same_content(&d[0]->primary, &d[1]->primary)))
		return r;
	return g[0]->sector_bytes && g[1]->sector_bytes ? compare_table(c, g, err) : 0;
}

static int compare_copies(struct compare *c, const struct image *const d[2], struct err *err)
{
	const struct gpt *g[] = { &d[0]->primary, &d[1]->primary };
	size_t mark = compare_enter(c, "partition table");

	int r = compare_defects(c, g, err);
	if (r == 0 && g[0]->sector_bytes && g[1]->sector_bytes)
		r = compare_table(c, g, err);
	compare_leave(c, mark);
	mark = compare_enter(c, "backup partition table");
	if (r == 0)
		r = compare_backup(c, d, err);
	compare_leave(c, mark);
	return r;
}

static int compare_mbr(struct compare *c, const struct image *const d[2], struct err *err)
{
	static const struct field fields[] = {
		{ "boot code", 0, 440, FIELD_BYTES, DIFF_FORMAT },
		{ "disk signature", 440, 4, FIELD_HEX, DIFF_FORMAT },
		{ "first entry", 446, 16, FIELD_BYTES, DIFF_PARTITION },
	};
	static const struct field_table table = { fields, ARRAY_SIZE(fields), MBR_BYTES };
	uint8_t a[MBR_BYTES], b[MBR_BYTES];

	int r = source_pread(d[0]->disk, 0, a, sizeof(a), err);
	if (r == 0)
		r = source_pread(d[1]->disk, 0, b, sizeof(b), err);
	if (r < 0)
		return r;
	size_t mark = compare_enter(c, "protective MBR");
	r = compare_fields(c, &table, (const uint8_t *[]){ a, b }, true, err);
	compare_leave(c, mark);
	return r;
}

int compare_partition_tables(struct compare *c, const struct image *const d[2], struct err *e)
{
	int r = compare_copies(c, d, e);

	return r < 0 ? r : compare_mbr(c, d, e);
}
