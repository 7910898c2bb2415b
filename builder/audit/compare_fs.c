/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filesystems: their superblocks, the trees in them, and how these are stored. */
#include "builder/audit/compare_fs.h"
#include "stage1/fs/erofs_format.h"

#define SUPER_BYTES_MAX 4096

/* Of a type whose storage nothing is known of here: its tree is compared. */
static const struct fs_comparer other_type = { .unix_ = true };

/* By magic numbers and names: whether it can be read is another question. */
static const struct fs_comparer *find_comparer(const struct source *s)
{
	uint8_t start[2048];
	struct err e;

	if (s->size_bytes < 4 * KiB || source_pread(s, 0, start, sizeof(start), &e) < 0)
		return NULL;
	if (get_le16(start + 1024 + 56) == 0xef53)
		return &fs_comparer_ext4;
	if (get_le32(start + EROFS_SUPER_OFFSET) == EROFS_MAGIC)
		return &fs_comparer_erofs;
	if (get_le16(start + 510) == 0xaa55 && memcmp(start + 82, "FAT32", 5) == 0)
		return &fs_comparer_fat32;
	if (get_le16(start + 510) == 0xaa55 && memcmp(start + 54, "FAT16", 5) == 0)
		return &fs_comparer_fat16;
	const char *name = fs_reader_probe(s);
	return name && !str_eq(name, "vfat") ? &other_type : NULL;
}

bool compare_is_filesystem(const struct source *s)
{
	return find_comparer(s) != NULL;
}

size_t compare_told(const struct compare *c)
{
	return diff_report_total(c->report) - c->report->counts[DIFF_CHECKSUM] - c->n_unreadable;
}

static int compare_super(struct compare *c, const struct filesystems *f,
			 const struct fs_comparer *fc, struct err *e)
{
	uint8_t a[SUPER_BYTES_MAX], b[SUPER_BYTES_MAX];
	size_t bytes = MAX(fc->super.bytes, fc->checked_bytes);

	int r = source_pread(f->src[0], fc->super_at, a, bytes, e);
	if (r == 0)
		r = source_pread(f->src[1], fc->super_at, b, bytes, e);
	if (r < 0)
		return r;
	bool rest_differs =
		memcmp(a + fc->super.bytes, b + fc->super.bytes, bytes - fc->super.bytes);
	size_t mark = compare_enter(c, "%s", fc->super_name);
	r = compare_fields(c, &fc->super, (const uint8_t *[]){ a, b },
			   !f->tree_differs && !rest_differs, e);
	compare_leave(c, mark);
	return r;
}

/* One side; what cannot be read is a difference, and then there is no reader. */
static int open_side(struct compare *c, struct filesystems *f, int which, struct err *e)
{
	int r = fs_reader_open(f->src[which], &f->r[which], e);

	if (r == 0)
		r = listing_walk(&f->l[which], f->r[which], e);
	if (r == 0)
		return 0;
	r = compare_damaged(c, which, r, e);
	fs_reader_free(TAKE_PTR(f->r[which]));
	return r;
}

/* Twice over the paths: whether places follow from anything is known after the first time. */
static int compare_inodes(struct compare *c, const struct filesystems *f,
			  const struct fs_comparer *fc, struct err *e)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && i < f->l[0].n && k < f->l[1].n) {
		const struct listed *a = &f->l[0].v[i], *b = &f->l[1].v[k];
		int order = listing_cmp_paths(a->path, b->path);
		i += order <= 0;
		k += order >= 0;
		if (order || (a->st.mode & S_IFMT) != (b->st.mode & S_IFMT))
			continue;
		size_t mark = compare_enter(c, "/%s", a->path);
		r = fc->inode(c, f, a, b, e);
		compare_leave(c, mark);
	}
	return r;
}

static int compare_readable(struct compare *c, struct filesystems *f, const struct fs_comparer *fc,
			    struct err *e)
{
	const struct trees t = { .l = { &f->l[0], &f->l[1] },
				 .is_usr = fc->unix_,
				 .unix_ = fc->unix_,
				 .is_esp = !fc->unix_ };
	size_t before = diff_report_total(c->report);

	int r = compare_trees(c, &t, e);
	f->tree_differs = diff_report_total(c->report) > before;
	return r < 0 || !fc->inode ? r : compare_inodes(c, f, fc, e);
}

static int compare_both(struct compare *c, struct filesystems *f, const struct fs_comparer *fc,
			struct err *e)
{
	int r = open_side(c, f, 0, e);
	if (r == 0)
		r = open_side(c, f, 1, e);
	if (r == 0 && f->r[0] && f->r[1])
		r = compare_readable(c, f, fc, e);
	if (r == 0 && fc->super.bytes)
		r = compare_super(c, f, fc, e);
	if (r == 0)
		r = compare_blocks(c, f, fc, e);
	if (r == 0 && f->r[0] && f->r[1] && f->r[0]->size_bytes && f->r[1]->size_bytes)
		r = compare_slack(c, f->src[0], f->r[0]->size_bytes, f->src[1], f->r[1]->size_bytes,
				  e);
	return r;
}

static const char *type_of(const struct source *s)
{
	const struct fs_comparer *fc = find_comparer(s);

	return fc->type ? fc->type : fs_reader_probe(s);
}

int compare_filesystem(struct compare *c, const struct source *a, const struct source *b,
		       struct err *e)
{
	struct filesystems f = { .src = { a, b }, .told = compare_told(c) };
	const struct fs_comparer *fc = find_comparer(a);

	if (!str_eq(type_of(a), type_of(b)))
		return compare_add(
			c, &(struct finding){ DIFF_FORMAT, "filesystem", type_of(a), type_of(b) },
			e);
	int r = compare_both(c, &f, fc, e);
	for (int w = 0; w < 2; w++) {
		listing_done(&f.l[w]);
		fs_reader_free(f.r[w]);
	}
	return r;
}
