/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk: what is in its partitions, the partition table, and what is in neither. */
#include "builder/audit/compare.h"

#define MBR_BYTES   512
#define EMPTY_LABEL "_empty" /* of a slot that holds nothing */

struct disks {
	const struct image *i[2];
};

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

/* The UUIDs of usr and usr-verity are halves of root hashes; others are derived from the inputs. */
static int compare_uuid(struct compare *c, const struct gpt_entry e[2], struct err *err)
{
	char a[UUID_TEXT_BYTES], b[UUID_TEXT_BYTES];
	bool roots = compare_is_root(c, 0, e[0].uuid, 16) && compare_is_root(c, 1, e[1].uuid, 16);

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
static int compare_backup(struct compare *c, const struct disks *d, struct err *err)
{
	const struct gpt *g[] = { &d->i[0]->backup, &d->i[1]->backup };
	bool copy[] = { same_content(g[0], &d->i[0]->primary),
			same_content(g[1], &d->i[1]->primary) };

	int r = compare_defects(c, g, err);
	if (r == 0 && copy[0] != copy[1])
		r = compare_add(
			c,
			&(struct finding){ DIFF_DAMAGE, "entries",
					   copy[0] ? "as the primary's" : "not as the primary's",
					   copy[1] ? "as the primary's" : "not as the primary's" },
			err);
	if (r < 0 || (copy[0] && copy[1] && !same_content(&d->i[0]->primary, &d->i[1]->primary)))
		return r;
	return g[0]->sector_bytes && g[1]->sector_bytes ? compare_table(c, g, err) : 0;
}

static int compare_tables(struct compare *c, const struct disks *d, struct err *err)
{
	const struct gpt *g[] = { &d->i[0]->primary, &d->i[1]->primary };
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

static int compare_mbr(struct compare *c, const struct disks *d, struct err *err)
{
	static const struct field fields[] = {
		{ "boot code", 0, 440, FIELD_BYTES, DIFF_FORMAT },
		{ "disk signature", 440, 4, FIELD_HEX, DIFF_FORMAT },
		{ "first entry", 446, 16, FIELD_BYTES, DIFF_PARTITION },
	};
	static const struct field_table table = { fields, ARRAY_SIZE(fields), MBR_BYTES };
	uint8_t a[MBR_BYTES], b[MBR_BYTES];

	int r = source_pread(d->i[0]->disk, 0, a, sizeof(a), err);
	if (r == 0)
		r = source_pread(d->i[1]->disk, 0, b, sizeof(b), err);
	if (r < 0)
		return r;
	size_t mark = compare_enter(c, "protective MBR");
	r = compare_fields(c, &table, (const uint8_t *[]){ a, b }, true, err);
	compare_leave(c, mark);
	return r;
}

struct region {
	uint64_t end;
	bool owned;
};

/* A stretch that something owns: does it hold the byte, or is it what comes next? */
static void look_at(struct region *r, uint64_t off, uint64_t start, uint64_t len)
{
	if (off >= start && off - start < len) {
		r->owned = true;
		r->end = start + len;
	} else if (!r->owned && start > off) {
		r->end = MIN(r->end, start);
	}
}

/* Does this byte of a disk belong to a table or a partition, and for how long is that so? */
static struct region region_of(const struct image *image, uint64_t off)
{
	const struct gpt *g[] = { &image->primary, &image->backup };
	struct region r = { .end = image->disk->size_bytes };

	look_at(&r, off, 0, MBR_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(g); i++) {
		if (!g[i]->sector_bytes)
			continue;
		look_at(&r, off, g[i]->header_at, GPT_HEADER_BYTES);
		look_at(&r, off, g[i]->entries_at, (uint64_t)g[i]->n_entries * g[i]->entry_bytes);
	}
	for (size_t i = 0; i < image->n_partitions; i++)
		look_at(&r, off, image->partitions[i].start_bytes,
			image->partitions[i].src.size_bytes);
	return r;
}

static int add_gap(struct compare *c, const struct disks *d, uint64_t at, struct err *err)
{
	char where[64], text[2][8];

	for (int w = 0; w < 2; w++) {
		uint8_t byte;
		int r = source_pread(d->i[w]->disk, at, &byte, 1, err);
		if (r < 0)
			return r;
		snprintf(text[w], sizeof(text[w]), "0x%02x", byte);
	}
	snprintf(where, sizeof(where), "byte %llu of the disk", (unsigned long long)at);
	size_t mark = compare_enter(c, "outside of all partitions");
	int r = compare_add(c, &(struct finding){ DIFF_SLACK, where, text[0], text[1] }, err);
	compare_leave(c, mark);
	return r;
}

/* The first byte that differs of each gap: what belongs to something was compared as that. */
static int compare_gaps(struct compare *c, const struct disks *d, struct err *err)
{
	const struct source *a = d->i[0]->disk, *b = d->i[1]->disk;
	uint64_t at = 0, end = MIN(a->size_bytes, b->size_bytes);
	const uint64_t sizes[] = { a->size_bytes, b->size_bytes };

	int r = compare_add_numbers(c, DIFF_PARTITION, "disk size in bytes", sizes, err);
	while (r == 0) {
		r = source_mismatch(a, b, at, c->pool, &at, err);
		if (r < 0 || at >= end)
			return r;
		struct region ra = region_of(d->i[0], at), rb = region_of(d->i[1], at);
		if (!ra.owned && !rb.owned)
			r = add_gap(c, d, at, err);
		at = MIN(ra.end, rb.end);
	}
	return r;
}

static int compare_partition(struct compare *c, const struct image_partition *a,
			     const struct image_partition *b, struct err *err)
{
	bool empty = str_eq(a->entry.label, EMPTY_LABEL) && str_eq(b->entry.label, EMPTY_LABEL);
	size_t mark = compare_enter(c, "%s", a->name);
	int r = empty ? compare_bytes(c, &a->src, &b->src, DIFF_SLACK, err)
		      : compare_content(c, &a->src, &b->src, err);

	compare_leave(c, mark);
	return r;
}

/* Other data and the same hash tree: that tree is not of both. */
static int compare_verity_partition(struct compare *c, const struct image_partition *a,
				    const struct image_partition *b, struct err *err)
{
	uint64_t at;
	int r = source_mismatch(&a->src, &b->src, 0, c->pool, &at, err);

	if (r < 0 || at != MISMATCH_NONE || c->data_equal || !compare_is_verity(&a->src))
		return r < 0 ? r : compare_partition(c, a, b, err);
	size_t mark = compare_enter(c, "%s", a->name);
	r = compare_add(c,
			&(struct finding){ DIFF_DAMAGE, "hash tree, though the data differ",
					   "the same", "the same" },
			err);
	compare_leave(c, mark);
	return r;
}

/* Is the data that this hash tree is of the same in both? */
static int set_data_equal(struct compare *c, const struct disks *d, int slot, struct err *err)
{
	char name[32];
	uint64_t at = 0;

	snprintf(name, sizeof(name), "%s-%c", layout_type_name(LAYOUT_USR), 'a' + slot);
	const struct image_partition *a = image_find(d->i[0], name), *b = image_find(d->i[1], name);
	c->data_equal = false;
	int r = a && b ? source_mismatch(&a->src, &b->src, 0, c->pool, &at, err) : 0;
	c->data_equal = a && b && at == MISMATCH_NONE;
	return r;
}

/* The other's partition of that name, or else of that number, if it is not the partner of another. */
static const struct image_partition *partner(const struct disks *d, const struct image_partition *a)
{
	const struct image_partition *b = image_find(d->i[1], a->name);

	for (size_t i = 0; !b && i < d->i[1]->n_partitions; i++) {
		const struct image_partition *p = &d->i[1]->partitions[i];
		if (p->entry.number == a->entry.number && !image_find(d->i[0], p->name))
			b = p;
	}
	return b;
}

static int compare_partitions(struct compare *c, const struct disks *d, bool known,
			      enum layout_type type, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->i[0]->n_partitions; i++) {
		const struct image_partition *a = &d->i[0]->partitions[i], *b = partner(d, a);
		if (!b || a->known != known || (known && a->type != type))
			continue;
		if (known && type == LAYOUT_USR_VERITY) {
			r = set_data_equal(c, d, a->slot, err);
			if (r == 0)
				r = compare_verity_partition(c, a, b, err);
		} else {
			r = compare_partition(c, a, b, err);
		}
	}
	return r;
}

static void find_roots(struct compare *c, const struct disks *d)
{
	for (int w = 0; w < 2; w++)
		for (size_t i = 0; i < d->i[w]->n_partitions; i++) {
			const struct image_partition *p = &d->i[w]->partitions[i];
			if (p->known && p->type == LAYOUT_USR_VERITY)
				compare_learn_root(c, w, &p->src);
		}
}

/* /usr first: what is taken from it, or follows from it, is told by what differs in it. */
static int compare_images(struct compare *c, const struct disks *d, struct err *err)
{
	static const enum layout_type order[] = { LAYOUT_USR, LAYOUT_USR_VERITY,
						  LAYOUT_USR_VERITY_SIG, LAYOUT_ESP, LAYOUT_ROOT };
	int r = 0;

	find_roots(c, d);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(order); i++)
		r = compare_partitions(c, d, true, order[i], err);
	if (r == 0)
		r = compare_partitions(c, d, false, LAYOUT_ESP, err);
	if (r == 0)
		r = compare_tables(c, d, err);
	if (r == 0)
		r = compare_mbr(c, d, err);
	return r < 0 ? r : compare_gaps(c, d, err);
}

int compare_disk(struct compare *c, const struct source *a, const struct source *b, struct err *e)
{
	_cleanup_(image_free) struct image *ia = NULL, *ib = NULL;

	int r = image_open(a, &ia, e);
	if (r < 0)
		return compare_damaged(c, 0, r, e);
	r = image_open(b, &ib, e);
	if (r < 0)
		return compare_damaged(c, 1, r, e);
	return compare_images(c, &(struct disks){ { ia, ib } }, e);
}
