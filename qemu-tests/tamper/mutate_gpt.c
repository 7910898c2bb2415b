/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables and the MBR before them: fields, in one copy or in both, with checksums or without. */
#include "qemu-tests/tamper/families.h"

/* Drawn once, as both copies are to be altered alike. */
struct choice {
	uint32_t entry, other, unused; /* numbers less one */
	uint64_t number;
	uint8_t bytes[16];
	int64_t shift;
};

struct edit {
	const char *what;
	void (*make)(struct gpt *g, const struct choice *c);
};

static uint8_t *entry(struct gpt *g, uint32_t i)
{
	return g->entries + (size_t)i * g->entry_bytes;
}

static void swap_bytes(uint8_t *a, uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t x = a[i];
		a[i] = b[i];
		b[i] = x;
	}
}

static void add_le64(uint8_t *at, int64_t shift)
{
	put_le64(at, get_le64(at) + (uint64_t)shift);
}

static void set_type(struct gpt *g, const struct choice *c)
{
	/* A Linux file system, XBOOTLDR, the ESP, x86-64's root, arm64's /usr: as they lie in a table. */
	static const uint8_t types[][16] = {
		{ 0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8,
		  0x47, 0x7d, 0xe4 },
		{ 0xff, 0xc2, 0x13, 0xbc, 0xe6, 0x59, 0x62, 0x42, 0xa3, 0x52, 0xb2, 0x75, 0xfd,
		  0x6f, 0x71, 0x72 },
		{ 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9,
		  0x3e, 0xc9, 0x3b },
		{ 0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d, 0x96, 0xe7, 0xfb, 0xca, 0xf9,
		  0x84, 0xb7, 0x09 },
		{ 0x50, 0x10, 0xe0, 0xb0, 0x5f, 0xee, 0x90, 0x43, 0x94, 0x9a, 0x91, 0x01, 0xb1,
		  0x71, 0x04, 0xe9 },
	};

	memcpy(entry(g, c->entry), types[c->number % ARRAY_SIZE(types)], 16);
}

static void swap_types(struct gpt *g, const struct choice *c)
{
	swap_bytes(entry(g, c->entry), entry(g, c->other), 16);
}

static void flip_type(struct gpt *g, const struct choice *c)
{
	entry(g, c->entry)[c->number % 16] ^= (uint8_t)(1 << c->number / 16 % 8);
}

static void set_uuid(struct gpt *g, const struct choice *c)
{
	memcpy(entry(g, c->entry) + GPT_ENTRY_UUID, c->bytes, 16);
}

static void flip_uuid(struct gpt *g, const struct choice *c)
{
	entry(g, c->entry)[GPT_ENTRY_UUID + c->number % 16] ^= (uint8_t)(1 << c->number / 16 % 8);
}

static void swap_uuids(struct gpt *g, const struct choice *c)
{
	swap_bytes(entry(g, c->entry) + GPT_ENTRY_UUID, entry(g, c->other) + GPT_ENTRY_UUID, 16);
}

static void shift_first(struct gpt *g, const struct choice *c)
{
	add_le64(entry(g, c->entry) + GPT_ENTRY_FIRST, c->shift);
}

static void shift_last(struct gpt *g, const struct choice *c)
{
	add_le64(entry(g, c->entry) + GPT_ENTRY_LAST, c->shift);
}

static void shift_both(struct gpt *g, const struct choice *c)
{
	shift_first(g, c);
	shift_last(g, c);
}

static void overlap(struct gpt *g, const struct choice *c)
{
	memcpy(entry(g, c->entry) + GPT_ENTRY_FIRST, entry(g, c->other) + GPT_ENTRY_FIRST, 16);
}

static void flip_attribute(struct gpt *g, const struct choice *c)
{
	entry(g, c->entry)[GPT_ENTRY_ATTRIBUTES + c->number % 8] ^=
		(uint8_t)(1 << c->number / 8 % 8);
}

static void set_label_byte(struct gpt *g, const struct choice *c)
{
	entry(g, c->entry)[GPT_ENTRY_LABEL + c->number % 72] ^= c->bytes[0];
}

static void put_label(struct gpt *g, uint32_t i, const char *text)
{
	uint8_t *at = entry(g, i) + GPT_ENTRY_LABEL;

	memset(at, 0, 72);
	for (; *text; text++, at += 2)
		*at = (uint8_t)*text;
}

static void hide(struct gpt *g, const struct choice *c)
{
	put_label(g, c->entry, "_empty");
}

static void set_version(struct gpt *g, const struct choice *c)
{
	static const char *const labels[] = { "node_2", "node_0", "node_1_verity", "", "usr" };

	put_label(g, c->entry, labels[c->number % ARRAY_SIZE(labels)]);
}

static void swap_labels(struct gpt *g, const struct choice *c)
{
	swap_bytes(entry(g, c->entry) + GPT_ENTRY_LABEL, entry(g, c->other) + GPT_ENTRY_LABEL, 72);
}

static void swap_entries(struct gpt *g, const struct choice *c)
{
	swap_bytes(entry(g, c->entry), entry(g, c->other), g->entry_bytes);
}

static void move_entry(struct gpt *g, const struct choice *c)
{
	swap_bytes(entry(g, c->entry), entry(g, c->unused), g->entry_bytes);
}

static void remove_entry(struct gpt *g, const struct choice *c)
{
	memset(entry(g, c->entry), 0, g->entry_bytes);
}

static void copy_entry(struct gpt *g, const struct choice *c)
{
	memcpy(entry(g, c->unused), entry(g, c->entry), g->entry_bytes);
}

/* Of no size that any table says, and of a size that is none. */
static void add_entry(struct gpt *g, const struct choice *c)
{
	uint8_t *at = entry(g, c->unused);

	memcpy(at, c->bytes, 16);
	put_le64(at + GPT_ENTRY_UUID, c->number);
	put_le64(at + GPT_ENTRY_FIRST, get_le64(g->header + GPT_LAST_USABLE) - c->number % 9);
	put_le64(at + GPT_ENTRY_LAST, get_le64(g->header + GPT_LAST_USABLE) - c->number / 9 % 9);
}

static void fill_unused(struct gpt *g, const struct choice *c)
{
	/* Without a type, it is no entry. */
	entry(g, c->unused)[16 + c->number % (g->entry_bytes - 16)] = c->bytes[1] | 1;
}

static const struct edit entry_edits[] = {
	{ "another type", set_type },
	{ "types changed places", swap_types },
	{ "a bit of the type", flip_type },
	{ "another UUID", set_uuid },
	{ "a bit of the UUID", flip_uuid },
	{ "UUIDs changed places", swap_uuids },
	{ "another first LBA", shift_first },
	{ "another last LBA", shift_last },
	{ "moved", shift_both },
	{ "over another partition", overlap },
	{ "an attribute", flip_attribute },
	{ "a byte of the label", set_label_byte },
	{ "labelled as empty", hide },
	{ "another label", set_version },
	{ "labels changed places", swap_labels },
	{ "entries changed places", swap_entries },
	{ "an entry in another place", move_entry },
	{ "an entry removed", remove_entry },
	{ "an entry twice", copy_entry },
	{ "one more entry", add_entry },
	{ "a byte in an entry that is not in use", fill_unused },
};

/* ---- the header --------------------------------------------------------------------------- */

static void set_disk_guid(struct gpt *g, const struct choice *c)
{
	memcpy(g->header + GPT_DISK_GUID, c->bytes, 16);
}

static void flip_disk_guid(struct gpt *g, const struct choice *c)
{
	g->header[GPT_DISK_GUID + c->number % 16] ^= (uint8_t)(1 << c->number / 16 % 8);
}

static void set_revision(struct gpt *g, const struct choice *c)
{
	put_le32(g->header + GPT_REVISION, 0x10000 + 1 + (uint32_t)c->number % 0x10000);
}

static void set_header_size(struct gpt *g, const struct choice *c)
{
	put_le32(g->header + GPT_HEADER_SIZE, 91 + (uint32_t)c->number % 422);
}

static void set_reserved(struct gpt *g, const struct choice *c)
{
	memcpy(g->header + 20, c->bytes, 4);
}

static void shift_own_lba(struct gpt *g, const struct choice *c)
{
	add_le64(g->header + GPT_MY_LBA, c->shift);
}

static void shift_other_lba(struct gpt *g, const struct choice *c)
{
	add_le64(g->header + GPT_OTHER_LBA, c->shift);
}

static void shift_first_usable(struct gpt *g, const struct choice *c)
{
	add_le64(g->header + GPT_FIRST_USABLE, c->shift);
}

static void shift_last_usable(struct gpt *g, const struct choice *c)
{
	add_le64(g->header + GPT_LAST_USABLE, c->shift);
}

static void move_entries(struct gpt *g, const struct choice *c)
{
	uint64_t lba = get_le64(g->header + GPT_ENTRIES_LBA) + (g->header_at <= 4096 ? 40 : -40U);

	put_le64(g->header + GPT_ENTRIES_LBA, lba + c->number % 3);
	g->entries_at = (lba + c->number % 3) * g->sector_bytes;
}

static void fewer_entries(struct gpt *g, const struct choice *c)
{
	g->n_entries -= 1 + (uint32_t)c->number % (g->n_entries - 1);
	put_le32(g->header + GPT_N_ENTRIES, g->n_entries);
}

static void set_entry_size(struct gpt *g, const struct choice *c)
{
	put_le32(g->header + GPT_ENTRY_BYTES, c->number % 2 ? 256 : (uint32_t)c->number % 4096);
}

static void flip_signature(struct gpt *g, const struct choice *c)
{
	g->header[c->number % 8] ^= (uint8_t)(1 << c->number / 8 % 8);
}

static const struct edit header_edits[] = {
	{ "another disk GUID", set_disk_guid },
	{ "a bit of the disk GUID", flip_disk_guid },
	{ "another revision", set_revision },
	{ "another size of the header", set_header_size },
	{ "reserved bytes", set_reserved },
	{ "another place of its own", shift_own_lba },
	{ "another place of the other header", shift_other_lba },
	{ "another first usable LBA", shift_first_usable },
	{ "another last usable LBA", shift_last_usable },
	{ "entries in another place", move_entries },
	{ "fewer entries", fewer_entries },
	{ "another size of entries", set_entry_size },
	{ "its magic", flip_signature },
};

/* ---- making an edit ----------------------------------------------------------------------- */

static void draw(struct tamper *t, struct choice *c)
{
	static const int64_t shifts[] = { 1, -1, 8, -8, 2048, -2048, 1 << 20, INT64_MIN };
	const struct image *image = t->image;

	c->entry = image->partitions[tamper_random(t, image->n_partitions)].entry.number - 1;
	c->other = image->partitions[tamper_random(t, image->n_partitions)].entry.number - 1;
	c->unused = (uint32_t)(image->n_partitions +
			       tamper_random(t, image->gpt->n_entries - image->n_partitions));
	c->number = tamper_random(t, UINT64_C(1) << 40);
	c->shift = tamper_pick(t, shifts);
	tamper_random_bytes(t, c->bytes, sizeof(c->bytes));
	c->bytes[0] |= 1;
}

static int edit_copy(struct tamper *t, enum gpt_copy copy, const struct edit *edit,
		     const struct choice *c, bool checksums, struct err *e)
{
	struct gpt g;
	int r = gpt_read(&t->disk.src, copy, &g, e);

	if (r == 0) {
		edit->make(&g, c);
		r = tamper_gpt_store(t, &g, checksums, e);
	}
	gpt_done(&g);
	return r;
}

static int edit_tables(struct tamper *t, const struct edit *edit, struct err *e)
{
	static const struct {
		const char *what;
		bool copies[2], checksums;
	} ways[] = {
		{ "both tables", { true, true }, true },
		{ "both tables", { true, true }, true },
		{ "the first table", { true, false }, true },
		{ "the backup", { false, true }, true },
		{ "both tables, with the old checksums", { true, true }, false },
	};
	size_t way = (size_t)tamper_random(t, ARRAY_SIZE(ways));
	struct choice c;
	int r = 0;

	draw(t, &c);
	for (enum gpt_copy copy = GPT_PRIMARY; r == 0 && copy <= GPT_BACKUP; copy++)
		if (ways[way].copies[copy])
			r = edit_copy(t, copy, edit, &c, ways[way].checksums, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s: %s (partition %u, %u, %llu)", ways[way].what,
				   edit->what, c.entry + 1, c.other + 1,
				   (unsigned long long)c.number);
}

static int alter_entry(struct tamper *t, struct err *e)
{
	return edit_tables(t, &tamper_pick(t, entry_edits), e);
}

static int alter_header(struct tamper *t, struct err *e)
{
	return edit_tables(t, &tamper_pick(t, header_edits), e);
}

/* Old firmware starts what is in there, old tools believe its records. */
static int alter_mbr(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		uint64_t at, len;
	} fields[] = {
		{ "boot code", 0, 440 },
		{ "disk signature", 440, 6 },
		{ "status of the record", 446, 1 },
		{ "first CHS", 447, 3 },
		{ "type of the record", 450, 1 },
		{ "last CHS", 451, 3 },
		{ "first LBA", 454, 4 },
		{ "number of sectors", 458, 4 },
		{ "second record", 462, 16 },
		{ "third and fourth record", 478, 32 },
		{ "signature", 510, 2 },
	};
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(fields));
	uint8_t bytes[440];

	tamper_random_bytes(t, bytes, (size_t)fields[i].len);
	int r = sink_pwrite(&t->disk.sink, fields[i].at, bytes, (size_t)fields[i].len, e);
	return r < 0 ? r : tamper_note(t, e, "MBR: %s", fields[i].what);
}

const struct tamper_kind tamper_m_entry = { "gpt-entry", "entries of the partition table",
					    alter_entry };
const struct tamper_kind tamper_m_header = { "gpt-header", "fields of the partition table's header",
					     alter_header };
const struct tamper_kind tamper_m_mbr = { "mbr", "fields of the protective MBR", alter_mbr };
