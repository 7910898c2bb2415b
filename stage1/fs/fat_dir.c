/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of directories: a short name each, after its long name where it needs one. */
#include <time.h>

#include "stage1/fs/fat.h"

/* FAT counts from 1980 to 2107, in steps of two seconds; other times become the nearest. */
static void put_time(uint8_t *e, int64_t t)
{
	const int64_t first = 315532800, last = 4354819198;
	time_t clamped = (time_t)MIN(MAX(t, first), last);
	struct tm tm;

	gmtime_r(&clamped, &tm);
	unsigned int date =
		(unsigned int)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
	unsigned int time = (unsigned int)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
	e[13] = (uint8_t)(tm.tm_sec % 2 * 100); /* creation, in hundredths */
	put_le16(e + 14, (uint16_t)time);
	put_le16(e + 16, (uint16_t)date);
	put_le16(e + 18, (uint16_t)date); /* access */
	put_le16(e + 22, (uint16_t)time);
	put_le16(e + 24, (uint16_t)date);
}

static void put_entry(struct buf *b, const uint8_t *name, uint8_t attr, const struct fat_item *it,
		      uint32_t cluster)
{
	uint8_t e[FAT_ENTRY_BYTES] = { 0 };

	memcpy(e, name, FAT_SHORT_BYTES);
	e[11] = attr;
	put_le16(e + 20, (uint16_t)(cluster >> 16));
	put_le16(e + 26, (uint16_t)cluster);
	put_time(e, it->node->inode->mtime);
	if (attr == FAT_ATTR_FILE)
		put_le32(e + 28, (uint32_t)it->bytes);
	buf_append(b, e, sizeof(e));
}

/* The pieces of a long name, last first; what follows its end is 0 and then 0xffff. */
static void put_long(struct buf *b, const uint16_t *units, size_t n, uint8_t checksum)
{
	static const uint8_t at[FAT_LONG_UNITS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	size_t pieces = div_round_up(n, FAT_LONG_UNITS);

	for (size_t piece = pieces; piece > 0; piece--) {
		uint8_t e[FAT_ENTRY_BYTES] = { 0 };
		e[0] = (uint8_t)(piece | (piece == pieces ? 0x40 : 0));
		e[11] = FAT_ATTR_LONG;
		e[13] = checksum;
		for (size_t k = 0; k < FAT_LONG_UNITS; k++) {
			size_t i = (piece - 1) * FAT_LONG_UNITS + k;
			put_le16(e + at[k], i < n ? units[i] : i == n ? 0 : 0xffff);
		}
		buf_append(b, e, sizeof(e));
	}
}

static int put_child(struct fat_names *names, const struct fat_item *it, struct buf *b,
		     struct err *e)
{
	uint16_t units[FAT_NAME_UNITS_MAX];
	uint8_t name[FAT_SHORT_BYTES];
	size_t n;

	int r = fat_name_utf16(it->node->name, units, &n, e);
	if (r < 0)
		return r;
	if (!fat_name_is_short(it->node->name, name)) {
		fat_names_alias(names, it->node->name, name);
		put_long(b, units, n, fat_name_checksum(name));
	}
	put_entry(b, name, tree_is_dir(it->node) ? FAT_ATTR_DIR : FAT_ATTR_FILE, it,
		  it->first_cluster);
	return 0;
}

static int cmp_fold(const void *pa, const void *pb)
{
	const struct tree_node *const *a = pa, *const *b = pb;
	const char *x = (*a)->name, *y = (*b)->name;

	for (;; x++, y++) {
		int cx = *x >= 'A' && *x <= 'Z' ? *x + 32 : *x,
		    cy = *y >= 'A' && *y <= 'Z' ? *y + 32 : *y;
		if (cx != cy || !cx)
			return cx - cy;
	}
}

static int check_case(const struct tree_node *dir, struct err *e)
{
	_cleanup_free_ struct tree_node **v = calloc(dir->n_children + 1, sizeof(*v));

	if (!v)
		return err_oom(e);
	if (dir->n_children)
		memcpy(v, dir->children, dir->n_children * sizeof(*v));
	qsort(v, dir->n_children, sizeof(*v), cmp_fold);
	for (size_t i = 1; i < dir->n_children; i++) {
		if (cmp_fold(&v[i - 1], &v[i]) == 0)
			return err_set(e, -EINVAL, "to FAT, %s and %s are the same name",
				       v[i - 1]->name, v[i]->name);
	}
	return 0;
}

static void put_dots(const struct fat_items *items, size_t i, struct buf *b)
{
	size_t parent = items->v[i].parent;

	put_entry(b, (const uint8_t *)".          ", FAT_ATTR_DIR, &items->v[i],
		  items->v[i].first_cluster);
	put_entry(b, (const uint8_t *)"..         ", FAT_ATTR_DIR, &items->v[parent],
		  parent ? items->v[parent].first_cluster : 0);
}

int fat_dir_build(const struct fat_items *items, size_t i, struct buf *b, struct err *e)
{
	const struct tree_node *dir = items->v[i].node;
	_cleanup_fat_names_ struct fat_names names = { 0 };
	uint8_t name[FAT_SHORT_BYTES];
	size_t start = b->len;

	int r = check_case(dir, e);
	if (r == 0)
		r = fat_names_init(&names, dir->n_children, e);
	if (r < 0)
		return r;
	for (size_t k = 0; k < dir->n_children; k++) {
		if (fat_name_is_short(dir->children[k]->name, name))
			(void)fat_names_reserve(&names, name);
	}
	if (i > 0)
		put_dots(items, i, b);
	else if (items->label[0])
		put_entry(b, items->label, FAT_ATTR_LABEL, &items->v[0], 0);
	for (size_t k = 0; k < dir->n_children; k++) {
		r = put_child(&names, &items->v[items->v[i].first_child + k], b, e);
		if (r < 0)
			return err_wrap(e, r, "%s", dir->children[k]->name);
	}
	if (b->len - start > FAT_DIR_BYTES_MAX)
		return err_set(e, -EINVAL, "too many names in one directory for FAT");
	return buf_failed(b) ? err_oom(e) : 0;
}
