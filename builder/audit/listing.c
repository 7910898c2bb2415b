/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/listing.h"

int listing_add(struct listing *l, const struct listed *entry, struct err *e)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 256;
		struct listed *v = reallocarray(l->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = *entry;
	l->v[l->n].path = strdup(entry->path);
	return l->v[l->n].path ? (l->n++, 0) : err_oom(e);
}

/* A slash comes before everything else: what is in a directory follows it at once. */
int listing_cmp_paths(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	int x = *a == '/' ? 1
		: *a	  ? 1 + (uint8_t)*a
			  : 0,
	    y = *b == '/' ? 1
		: *b	  ? 1 + (uint8_t)*b
			  : 0;
	return x - y;
}

static int cmp_listed(const void *a, const void *b)
{
	const struct listed *const *x = a, *const *y = b;
	int c = listing_cmp_paths((*x)->path, (*y)->path);

	return c ? c : (*x > *y) - (*x < *y);
}

int listing_sort(struct listing *l, struct err *e)
{
	_cleanup_free_ const struct listed **order = calloc(l->n + 1, sizeof(*order));
	struct listed *sorted = calloc(l->n + 1, sizeof(*sorted));

	if (!order || !sorted) {
		free(sorted);
		return err_oom(e);
	}
	for (size_t i = 0; i < l->n; i++)
		order[i] = &l->v[i];
	qsort(order, l->n, sizeof(*order), cmp_listed);
	for (size_t i = 0; i < l->n; i++)
		sorted[i] = *order[i];
	free(l->v);
	l->v = sorted;
	l->cap = l->n + 1;
	return 0;
}

static int add_walked(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	return listing_add(ctx, &(struct listed){ .path = (char *)(uintptr_t)path, .st = *st }, e);
}

int listing_walk(struct listing *l, struct fs_reader *reader, struct err *e)
{
	l->reader = reader;
	return fs_reader_walk(reader, add_walked, l, e);
}

int listing_walk_at(struct listing *l, struct fs_reader *reader, uint64_t ino, struct err *e)
{
	l->reader = reader;
	return fs_reader_walk_at(reader, ino, add_walked, l, e);
}

static int add_named(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e)
{
	struct listing *l = ctx;
	_cleanup_free_ char *path = strndup(name, len);
	struct fs_stat st;

	if (!path)
		return err_oom(e);
	int r = l->reader->ops->stat(l->reader, ino, &st, e);
	return r < 0 ? r : listing_add(l, &(struct listed){ .path = path, .st = st }, e);
}

int listing_read(struct listing *l, struct fs_reader *reader, uint64_t ino, struct err *e)
{
	struct fs_stat st;

	l->reader = reader;
	int r = reader->ops->stat(reader, ino, &st, e);
	if (r == 0 && !S_ISDIR(st.mode))
		return listing_add(l, &(struct listed){ .path = (char *)(uintptr_t) "", .st = st },
				   e);
	if (r == 0)
		r = reader->ops->readdir(reader, ino, add_named, l, e);
	return r < 0 ? r : listing_sort(l, e);
}

static int add_xattr(void *ctx, const char *name, const void *value, size_t len, struct err *e)
{
	_cleanup_free_ char *hex = malloc(2 * len + 1);

	if (!hex)
		return err_oom(e);
	hex_encode(value, len, hex);
	return strv_addf(ctx, "%s=0x%s", name, hex) < 0 ? err_oom(e) : 0;
}

int listing_xattrs(const struct listing *l, const struct listed *x, struct strv *ret, struct err *e)
{
	int r = l->reader ? l->reader->ops->xattrs(l->reader, x->st.ino, add_xattr, ret, e) : 0;

	strv_sort(ret);
	return r;
}

void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
	*l = (struct listing){ 0 };
}
