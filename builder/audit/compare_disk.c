/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk: what is in its partitions, and what is in none. */
#include "builder/audit/compare.h"

#define MBR_BYTES 512

struct disks {
	const struct image *i[2];
};

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
	bool empty = !image_slot_used(a) && !image_slot_used(b);
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
		r = compare_partition_tables(c, d->i, err);
	return r < 0 ? r : compare_gaps(c, d, err);
}

/* Disks in containers are compared as machines see them. */
static int compare_formats(struct compare *c, const struct image *a, const struct image *b,
			   struct err *e)
{
	const struct finding f = { DIFF_FORMAT, "container", image_format(a), image_format(b) };

	return str_eq(f.a, f.b) ? 0 : compare_add(c, &f, e);
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
	r = compare_formats(c, ia, ib, e);
	return r < 0 ? r : compare_images(c, &(struct disks){ { ia, ib } }, e);
}
