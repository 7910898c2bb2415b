/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compressed, and the archives in it. */
#include "builder/audit/compare_tree.h"
#include "stage1/initrd/cpio_read.h"
#include "stage1/initrd/decompress.h"

bool compare_is_zstd(const struct source *s)
{
	return s->bytes && zstd_probe(s->bytes, s->size_bytes);
}

bool compare_is_cpio(const struct source *s)
{
	return s->bytes && cpio_probe(s->bytes, s->size_bytes);
}

static int compare_unpacked(struct compare *c, const struct buf *a, const struct buf *b,
			    bool *ret_equal, struct err *e)
{
	struct source sa, sb;
	uint64_t at;

	source_init_bytes(&sa, a->data, a->len);
	source_init_bytes(&sb, b->data, b->len);
	int r = source_mismatch(&sa, &sb, 0, c->pool, &at, e);
	if (r < 0)
		return r;
	*ret_equal = at == MISMATCH_NONE;
	return *ret_equal ? 0 : compare_content(c, &sa, &sb, e);
}

/* What is compressed within again gets what is left of the memory. */
int compare_zstd(struct compare *c, const struct source *a, const struct source *b, struct err *e)
{
	_cleanup_buf_ struct buf ba = BUF_INIT, bb = BUF_INIT;
	size_t max = c->unpack_max_bytes;
	bool equal = false;

	int r = zstd_decompress(a->bytes, a->size_bytes, max, &ba, e);
	if (r < 0)
		return compare_damaged(c, 0, r, e);
	r = zstd_decompress(b->bytes, b->size_bytes, max, &bb, e);
	if (r < 0)
		return compare_damaged(c, 1, r, e);
	c->unpack_max_bytes -= MIN(max, MAX(ba.len, bb.len));
	r = compare_unpacked(c, &ba, &bb, &equal, e);
	c->unpack_max_bytes = max;
	return r == 0 && equal ? compare_bytes(c, a, b, DIFF_COMPRESSION, e) : r;
}

/* An archive, and what is known of its entries besides what a tree has. */
struct archive {
	struct listing list;
	struct cpio_entry *v; /* list.v[i].st.ino is the index */
	size_t n, cap;
	size_t end; /* of the archive; another may follow */
};

static int add_entry(struct archive *ar, const struct cpio_entry *x, struct err *e)
{
	const char *path = x->name + strspn(x->name, "/");

	if (ar->n == ar->cap) {
		size_t cap = ar->cap ? 2 * ar->cap : 256;
		struct cpio_entry *v = reallocarray(ar->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		ar->v = v;
		ar->cap = cap;
	}
	ar->v[ar->n] = *x;
	const struct listed l = { .path = (char *)(uintptr_t)(str_eq(path, ".") ? "" : path),
				  .data = x->data,
				  .st = { .ino = ar->n++,
					  .mode = x->mode,
					  .uid = x->uid,
					  .gid = x->gid,
					  .nlink = x->nlink,
					  .size_bytes = x->len,
					  .mtime = x->mtime,
					  .rdev_major = x->rdev_major,
					  .rdev_minor = x->rdev_minor } };
	return listing_add(&ar->list, &l, e);
}

static int read_archive(struct archive *ar, const struct source *s, struct err *e)
{
	struct cpio_entry x;
	int r;

	while ((r = cpio_read(s->bytes, s->size_bytes, &ar->end, &x, e)) > 0) {
		r = add_entry(ar, &x, e);
		if (r < 0)
			break;
	}
	return r < 0 ? r : listing_sort(&ar->list, e);
}

static void archive_done(struct archive *ar)
{
	listing_done(&ar->list);
	free(ar->v);
}

struct archives {
	const struct archive *ar[2];
	size_t before; /* differences before the trees were compared */
	bool reported; /* only the first entry in another place is worth a line */
};

/* Numbers that a tree does not have. Where they follow from entries that are missing, they only follow. */
static int compare_numbers(struct compare *c, const struct listed *a, const struct listed *b,
			   struct archives *x, struct err *e)
{
	const struct cpio_entry *ea = &x->ar[0]->v[a->st.ino], *eb = &x->ar[1]->v[b->st.ino];
	const struct {
		const char *name;
		uint64_t v[2];
	} numbers[] = { { "inode number", { ea->ino, eb->ino } },
			{ "device number",
			  { (uint64_t)ea->dev_major << 32 | ea->dev_minor,
			    (uint64_t)eb->dev_major << 32 | eb->dev_minor } },
			{ "checksum", { ea->check, eb->check } },
			{ "place in the archive", { ea->at, eb->at } } };
	enum diff_kind kind = diff_report_total(c->report) > x->before ? DIFF_SIZE : DIFF_PLACEMENT;
	int r = 0;

	for (size_t i = 0; r == 0 && !x->reported && i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i].v[0] == numbers[i].v[1])
			continue;
		x->reported = true;
		r = compare_add_numbers(c, kind, numbers[i].name, numbers[i].v, e);
	}
	return r;
}

static int compare_archives(struct compare *c, const struct archive *a, const struct archive *b,
			    struct err *e)
{
	struct archives x = { .ar = { a, b }, .before = diff_report_total(c->report) };
	const struct trees t = { .l = { &a->list, &b->list }, .from_usr = true, .unix_ = true };

	int r = compare_trees(c, &t, e);
	for (size_t i = 0; r == 0 && i < MIN(a->list.n, b->list.n) && !x.reported; i++) {
		if (!str_eq(a->list.v[i].path, b->list.v[i].path))
			break;
		size_t mark = compare_enter(c, "/%s", a->list.v[i].path);
		r = compare_numbers(c, &a->list.v[i], &b->list.v[i], &x, e);
		compare_leave(c, mark);
	}
	return r;
}

static int compare_rest(struct compare *c, const struct source *a, size_t end_a,
			const struct source *b, size_t end_b, struct err *e)
{
	struct source ra, rb;

	int r = source_init_window(&ra, a, end_a, a->size_bytes - end_a, e);
	if (r == 0)
		r = source_init_window(&rb, b, end_b, b->size_bytes - end_b, e);
	if (r < 0)
		return r;
	size_t mark = compare_enter(c, "after the first archive");
	r = compare_content(c, &ra, &rb, e);
	compare_leave(c, mark);
	return r;
}

int compare_cpio(struct compare *c, const struct source *a, const struct source *b, struct err *e)
{
	struct archive aa = { 0 }, ab = { 0 };

	int r = read_archive(&aa, a, e);
	if (r < 0) {
		r = compare_damaged(c, 0, r, e);
	} else if ((r = read_archive(&ab, b, e)) < 0) {
		r = compare_damaged(c, 1, r, e);
	} else {
		r = compare_archives(c, &aa, &ab, e);
		if (r == 0)
			r = compare_rest(c, a, aa.end, b, ab.end, e);
	}
	archive_done(&aa);
	archive_done(&ab);
	return r;
}
