/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk as a whole: its size, what lies in which partition, and where nothing should be. */
#include "qemu-tests/tamper/families.h"

#define PIECE_BYTES (256 * KiB)

static int alter_size(struct tamper *t, struct err *e)
{
	static const uint64_t steps[] = { 1, 511, 512, 4096, MiB, 5 * MiB + 3 };
	uint64_t old = t->disk.src.size_bytes, step = tamper_pick(t, steps), new = old;
	uint8_t byte = 1;
	int r = 0;

	switch (tamper_random(t, 4)) {
	case 0:
		new = old - MIN(step, old);
		break;
	case 1:
		new = tamper_random(t, old);
		break;
	default:
		new = old + step;
	}
	overlay_resize(&t->disk, new);
	if (new > old && tamper_random(t, 2))
		r = sink_pwrite(&t->disk.sink, new - 1, &byte, 1, e);
	return r < 0 ? r
		     : tamper_note(t, e, "the disk has %llu bytes, of %llu",
				   (unsigned long long)new, (unsigned long long)old);
}

/* What both have room for. */
static int copy_part(struct tamper *t, const struct image_partition *from,
		     const struct image_partition *to, uint64_t shift, struct err *e)
{
	uint64_t len = MIN(from->src.size_bytes, to->src.size_bytes - shift);
	_cleanup_free_ uint8_t *piece = malloc(PIECE_BYTES);
	int r = piece ? 0 : err_oom(e);

	for (uint64_t at = 0; r == 0 && at < len; at += PIECE_BYTES) {
		size_t n = (size_t)MIN(PIECE_BYTES, len - at);
		r = source_pread(t->p.disk, from->start_bytes + at, piece, n, e);
		if (r == 0)
			r = tamper_write(t, to, at + shift, piece, n, e);
	}
	return r;
}

static const struct image_partition *any(struct tamper *t)
{
	return &t->image->partitions[tamper_random(t, t->image->n_partitions)];
}

static int exchange(struct tamper *t, struct err *e)
{
	const struct image_partition *a = any(t), *b = any(t);
	int r = copy_part(t, a, b, 0, e);

	if (r == 0)
		r = copy_part(t, b, a, 0, e);
	return r < 0 ? r : tamper_note(t, e, "%s and %s changed places", a->name, b->name);
}

static int overwrite(struct tamper *t, struct err *e)
{
	const struct image_partition *a = any(t), *b = any(t);
	int r = copy_part(t, a, b, 0, e);

	return r < 0 ? r : tamper_note(t, e, "%s holds a copy of %s", b->name, a->name);
}

static int shift(struct tamper *t, struct err *e)
{
	static const uint64_t steps[] = { 1, 512, 4096 };
	const struct image_partition *p = any(t);
	uint64_t step = tamper_pick(t, steps);
	int r = copy_part(t, p, p, step, e);

	return r < 0 ? r
		     : tamper_note(t, e, "%s: %llu bytes further", p->name,
				   (unsigned long long)step);
}

static int set_label(struct tamper *t, const struct image_partition *from,
		     const struct image_partition *to, bool uuid, struct err *e)
{
	int r = 0;

	for (enum gpt_copy copy = GPT_PRIMARY; r == 0 && copy <= GPT_BACKUP; copy++) {
		struct gpt g;
		r = gpt_read(&t->disk.src, copy, &g, e);
		if (r == 0) {
			uint8_t *a = g.entries + (size_t)(from->entry.number - 1) * g.entry_bytes;
			uint8_t *b = g.entries + (size_t)(to->entry.number - 1) * g.entry_bytes;
			memcpy(b + GPT_ENTRY_LABEL, a + GPT_ENTRY_LABEL, 72);
			if (uuid)
				memcpy(b + GPT_ENTRY_UUID, a + GPT_ENTRY_UUID, 16);
			r = tamper_gpt_store(t, &g, true, e);
		}
		gpt_done(&g);
	}
	return r;
}

/* Slot B says of itself what A says, and holds the same: but for a bit, or to the last one. */
static int alter_twin(struct tamper *t, struct err *e)
{
	static const char *const names[][2] = { { "usr-a", "usr-b" },
						{ "usr-verity-a", "usr-verity-b" },
						{ "usr-verity-sig-a", "usr-verity-sig-b" } };
	bool uuid = tamper_random(t, 2);
	uint64_t broken = tamper_random(t, ARRAY_SIZE(names) + 1);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		const struct image_partition *a, *b;
		r = tamper_partition(t, names[i][0], &a, e);
		if (r == 0)
			r = tamper_partition(t, names[i][1], &b, e);
		if (r == 0)
			r = copy_part(t, a, b, 0, e);
		if (r == 0)
			r = set_label(t, a, b, uuid, e);
		if (r == 0 && i == broken)
			r = tamper_flip(t, b, 0, 512, e);
	}
	return r < 0 ? r
		     : tamper_note(t, e, "slot b: a copy of slot a with its labels%s",
				   uuid ? " and UUIDs" : "");
}

static int alter_slots(struct tamper *t, struct err *e)
{
	static int (*const ways[])(struct tamper *, struct err *) = { exchange, overwrite, shift,
								      alter_twin };

	return tamper_pick(t, ways)(t, e);
}

/* What somebody would keep, or smuggle, where nobody looks. */
static int alter_fill(struct tamper *t, struct err *e)
{
	static const char *const contents[] = {
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
		"EFI PART",
		"verity\0\0\1",
		"\xeb\x3c\x90mkfs.fat",
		"MZ",
		"\177ELF\2\1\1",
		"070701",
		" "
	};
	struct tamper_region v[TAMPER_REGIONS_MAX], quiet[TAMPER_REGIONS_MAX];
	size_t n, n_quiet = 0;
	int r = tamper_regions(t, v, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (strstr(v[i].name, "behind") || strstr(v[i].name, "gap") ||
		    strstr(v[i].name, "tail") || strstr(v[i].name, "free") ||
		    strstr(v[i].name, "empty") || strstr(v[i].name, "padding"))
			quiet[n_quiet++] = v[i];
	if (r < 0 || !n_quiet)
		return r < 0 ? r : err_set(e, -ENOENT, "there is no room in this image");
	const struct tamper_region *x = &quiet[tamper_random(t, n_quiet)];
	const char *text = tamper_pick(t, contents);
	size_t len = (size_t)MIN(strlen(text), x->len);
	/* At the ends, and in between. */
	uint64_t places[] = { 0, x->len - len, tamper_random(t, x->len - len + 1) };
	uint64_t at = tamper_pick(t, places);
	r = sink_pwrite(&t->disk.sink, x->at + at, text, len, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s, byte %llu: \"%.8s\"", x->name, (unsigned long long)at,
				   text);
}

/* ---- a larger disk ------------------------------------------------------------------------ */

/* What a partitioning tool would do where an image was put onto a larger disk. */
static void grow_table(struct gpt *g, uint64_t disk_bytes)
{
	uint64_t sectors = disk_bytes / g->sector_bytes;
	uint64_t entries = div_round_up((uint64_t)g->n_entries * g->entry_bytes, g->sector_bytes);
	bool backup = g->header_at > g->entries_at;

	put_le64(g->header + GPT_LAST_USABLE, sectors - 1 - entries - 1);
	put_le64(g->header + (backup ? GPT_MY_LBA : GPT_OTHER_LBA), sectors - 1);
	if (!backup)
		return;
	put_le64(g->header + GPT_ENTRIES_LBA, sectors - 1 - entries);
	g->header_at = (sectors - 1) * g->sector_bytes;
	g->entries_at = (sectors - 1 - entries) * g->sector_bytes;
}

/* A root partition is where a node keeps its /etc: whoever brings one has its settings. */
static void add_root(struct tamper *t, struct gpt *g, uint64_t from_bytes)
{
	static const uint8_t type[16] = { 0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d,
					  0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7, 0x09 };
	uint8_t *at = g->entries + t->image->n_partitions * g->entry_bytes;

	memcpy(at + GPT_ENTRY_TYPE, type, sizeof(type));
	memset(at + GPT_ENTRY_UUID, 0x5a, 16);
	put_le64(at + GPT_ENTRY_FIRST, from_bytes / g->sector_bytes);
	put_le64(at + GPT_ENTRY_LAST, get_le64(g->header + GPT_LAST_USABLE));
	memcpy(at + GPT_ENTRY_LABEL, "r\0o\0o\0t", 8);
}

static int alter_grown(struct tamper *t, struct err *e)
{
	uint64_t old = t->disk.src.size_bytes, new = old + 2 * MiB + tamper_random(t, 8) * MiB;
	bool root = tamper_random(t, 2);
	static const uint8_t zeros[512];
	struct gpt g[2] = { { 0 } };
	int r = gpt_read(&t->disk.src, GPT_PRIMARY, &g[0], e);

	if (r == 0)
		r = gpt_read(&t->disk.src, GPT_BACKUP, &g[1], e);
	if (r == 0)
		r = sink_pwrite(&t->disk.sink, g[1].header_at, zeros, sizeof(zeros), e);
	if (r == 0 && t->image->n_partitions < g[0].n_entries) {
		overlay_resize(&t->disk, new);
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(g); i++) {
			grow_table(&g[i], new);
			if (root)
				add_root(t, &g[i], old);
			r = tamper_gpt_store(t, &g[i], true, e);
		}
	}
	gpt_done(&g[0]);
	gpt_done(&g[1]);
	return r < 0 ? r
		     : tamper_note(t, e, "a larger disk, its tables where they belong%s",
				   root ? ", with a root partition" : "");
}

const struct tamper_kind tamper_m_size = { "size", "the disk cut, or grown", alter_size };
const struct tamper_kind tamper_m_slots = { "slots", "contents of partitions in others",
					    alter_slots };
const struct tamper_kind tamper_m_fill = { "fill", "content where there should be none",
					   alter_fill };
const struct tamper_kind tamper_m_grown = { "grown",
					    "an image on a larger disk, with a root or not",
					    alter_grown };
