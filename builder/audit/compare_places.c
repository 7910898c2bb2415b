/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in its filesystem a file lies. */
#include <inttypes.h>

#include "builder/audit/compare_fs.h"

/* Where a content is stored, in its order. */
struct stretches {
	struct fs_extent *v;
	size_t n, cap;
};

static int add_stretch(void *ctx, const struct fs_extent *x, struct err *e)
{
	struct stretches *s = ctx;

	if (x->own)
		return 0;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct fs_extent *v = reallocarray(s->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *x;
	return 0;
}

/* Of a damaged one what there is: that it is damaged was found where it was read. */
static int find_stretches(struct fs_reader *r, uint64_t ino, struct stretches *ret, struct err *e)
{
	int n = r->ops->extents(r, ino, add_stretch, ret, e);

	return n == -ENOMEM || n == -EIO ? n : 0;
}

static bool same_place(const struct fs_extent *a, const struct fs_extent *b)
{
	return a->logical == b->logical && a->content_len == b->content_len &&
	       a->offset == b->offset && a->len == b->len;
}

static const char *describe(const struct stretches *s, size_t i, char *out, size_t size)
{
	if (i >= s->n)
		return NULL;
	const struct fs_extent *x = &s->v[i];
	snprintf(out, size,
		 "%" PRIu64 " bytes from offset %" PRIu64 " on in %" PRIu64 " at byte %" PRIu64,
		 x->content_len, x->logical, x->len, x->offset);
	return out;
}

static int compare_stretches(struct compare *c, enum diff_kind kind, const struct stretches s[2],
			     struct err *e)
{
	char a[128], b[128];
	size_t i = 0;

	while (i < s[0].n && i < s[1].n && same_place(&s[0].v[i], &s[1].v[i]))
		i++;
	if (i == s[0].n && i == s[1].n)
		return 0;
	return compare_add(c,
			   &(struct finding){ kind, "place", describe(&s[0], i, a, sizeof(a)),
					      describe(&s[1], i, b, sizeof(b)) },
			   e);
}

int compare_places(struct compare *c, const struct filesystems *f, const struct listed *a,
		   const struct listed *b, struct err *e)
{
	enum diff_kind kind = f->tree_differs ? DIFF_SIZE : DIFF_PLACEMENT;
	const uint64_t inos[] = { a->st.ino, b->st.ino };
	struct stretches s[2] = { { 0 } };

	int r = compare_add_numbers(c, kind, "inode number", inos, e);
	if (r == 0)
		r = find_stretches(f->r[0], a->st.ino, &s[0], e);
	if (r == 0)
		r = find_stretches(f->r[1], b->st.ino, &s[1], e);
	if (r == 0)
		r = compare_stretches(c, kind, s, e);
	free(s[0].v);
	free(s[1].v);
	return r;
}
