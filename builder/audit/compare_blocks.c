/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies where in a filesystem, and what that says of bytes that differ. */
#include "builder/audit/compare_fs.h"

#define STEP_BYTES  512
#define REGIONS_MAX 64	    /* of one filesystem that are told */
#define STEPS_MAX   1000000 /* more than that is not looked at to find them */

/* A stretch of the image, and whose it is. */
struct owned {
	uint64_t offset, len;
	uint64_t content; /* bytes of it that are content; the rest is behind a file's end */
	const struct listed *x;
	const char *own; /* NULL: content; else what else of it */
	bool compressed;
};

struct map {
	struct fs_reader *r;
	struct owned *v; /* sorted by offset */
	size_t n, cap;
	const struct listed *x; /* while it is filled: whose extents these are */
};

/* A byte's place, in one of the two. */
struct place {
	char text[128]; /* "" if it is nobody's */
	const struct listed *x;
	uint64_t end; /* the place's end */
	bool compressed;
};

static int add_extent(void *ctx, const struct fs_extent *x, struct err *e)
{
	struct map *m = ctx;

	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 256;
		struct owned *v = reallocarray(m->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		m->v = v;
		m->cap = cap;
	}
	m->v[m->n++] = (struct owned){
		.offset = x->offset,
		.len = x->len,
		.content = x->own || x->compressed ? x->len : MIN(x->len, x->content_len),
		.x = m->x,
		.own = x->own,
		.compressed = x->compressed,
	};
	return 0;
}

static int cmp_owned(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return (x->x > y->x) - (x->x < y->x);
}

/* Files may have names, contents and parts of blocks in common: a byte is the first one's that has it. */
static void cut_overlaps(struct map *m)
{
	uint64_t end = 0;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct owned o = m->v[i];
		uint64_t cut = o.offset < end ? end - o.offset : 0;
		if (cut >= o.len)
			continue;
		o.offset += cut;
		o.len -= cut;
		o.content -= MIN(cut, o.content);
		m->v[n++] = o;
		end = o.offset + o.len;
	}
	m->n = n;
}

static int fill_map(struct map *m, struct fs_reader *r, const struct listing *l, struct err *e)
{
	m->r = r;
	for (size_t i = 0; r && i < l->n; i++) {
		m->x = &l->v[i];
		int rc = r->ops->extents(r, m->x->st.ino, add_extent, m, e);
		if (rc == -ENOMEM || rc == -EIO)
			return rc;
	}
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), cmp_owned);
	cut_overlaps(m);
	return 0;
}

/* Whose @off is; *ret_end: if nobody's, where the next one begins. */
static const struct owned *find_owned(const struct map *m, uint64_t off, uint64_t *ret_end)
{
	size_t from = 0, to = m->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (m->v[mid].offset <= off)
			from = mid + 1;
		else
			to = mid;
	}
	*ret_end = from < m->n ? m->v[from].offset : UINT64_MAX;
	if (from == 0)
		return NULL;
	const struct owned *o = &m->v[from - 1];
	return off - o->offset < o->len ? o : NULL;
}

static void find_place(const struct map *m, uint64_t off, struct place *ret)
{
	uint64_t end;
	const struct owned *o = find_owned(m, off, &end);

	*ret = (struct place){ .end = MIN(end, (off / STEP_BYTES + 1) * STEP_BYTES) };
	if (!o) {
		m->r->ops->describe(m->r, off, ret->text, sizeof(ret->text));
		return;
	}
	ret->x = o->x;
	if (off - o->offset < o->content) {
		ret->end = o->offset + o->content;
		ret->compressed = o->compressed;
		snprintf(ret->text, sizeof(ret->text), "its %s",
			 o->own			  ? o->own
			 : S_ISDIR(o->x->st.mode) ? "entries as they are stored"
			 : o->compressed	  ? "content as it is compressed"
						  : "content");
	} else {
		ret->end = o->offset + o->len;
	}
}

static bool is_super(const struct fs_comparer *fc, uint64_t off)
{
	return off >= fc->super_at && off - fc->super_at < fc->super.bytes;
}

static const struct listed *find_ino(const struct listing *l, uint64_t ino)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].st.ino == ino)
			return &l->v[i];
	return NULL;
}

/* "inode 12" of a reader is that of a path. */
static const struct listed *place_listed(const struct place *p, const struct listing *l)
{
	if (p->x || !str_has_prefix(p->text, "inode "))
		return p->x;
	return find_ino(l, strtoull(p->text + 6, NULL, 10));
}

struct survey {
	const struct filesystems *f;
	struct map m[2];
	bool tell_all; /* not only what belongs to nothing */
};

static int add_region(struct compare *c, const struct listed *x, const struct finding *f,
		      struct err *e)
{
	size_t mark = x ? compare_enter(c, "/%s", x->path) : c->where.len;
	int r = compare_add(c, f, e);

	compare_leave(c, mark);
	return r;
}

/* A byte that differs, of a place that is known in one of them at least. */
static int report_region(struct compare *c, const struct survey *s, uint64_t at,
			 const struct place p[2], struct err *e)
{
	const struct filesystems *f = s->f;
	int which = s->m[0].r && (p[0].text[0] || !s->m[1].r || !p[1].text[0]) ? 0 : 1;
	bool nobodys = !p[0].text[0] && !p[1].text[0];
	char text[2][40];

	for (int w = 0; w < 2; w++) {
		uint8_t byte;
		int r = source_pread(f->src[w], at, &byte, 1, e);
		if (r < 0)
			return r;
		snprintf(text[w], sizeof(text[w]), "0x%02x at byte %llu", byte,
			 (unsigned long long)at);
	}
	const struct finding finding = {
		.kind = nobodys		       ? DIFF_SLACK
			: !f->r[0] || !f->r[1] ? DIFF_DAMAGE
			: p[which].compressed  ? DIFF_COMPRESSION
					       : DIFF_FORMAT,
		.field = !nobodys     ? p[which].text
			 : p[which].x ? "after the end of its content"
				      : "free space",
		.a = text[0],
		.b = text[1],
	};
	return add_region(c, place_listed(&p[which], &f->l[which]), &finding, e);
}

/* A byte that differs; *ret_next is where to go on. */
static int compare_region(struct compare *c, const struct survey *s, uint64_t at,
			  uint64_t *ret_next, struct err *e)
{
	struct place p[2] = { { .end = UINT64_MAX }, { .end = UINT64_MAX } };

	for (int w = 0; w < 2; w++)
		if (s->m[w].r)
			find_place(&s->m[w], at, &p[w]);
	*ret_next = MIN(p[0].end, p[1].end);
	if (!s->tell_all && (p[0].text[0] || p[1].text[0]))
		return 0;
	return report_region(c, s, at, p, e);
}

static int walk_differences(struct compare *c, const struct survey *s, const struct fs_comparer *fc,
			    struct err *e)
{
	const struct filesystems *f = s->f;
	uint64_t end = UINT64_MAX, at = 0;
	size_t told = diff_report_total(c->report);

	for (int w = 0; w < 2; w++)
		end = MIN(end, f->r[w] ? f->r[w]->size_bytes : f->src[w]->size_bytes);
	for (size_t steps = 0; steps < STEPS_MAX; steps++) {
		int r = source_mismatch(f->src[0], f->src[1], at, c->pool, &at, e);
		if (r < 0 || at >= end || diff_report_total(c->report) - told >= REGIONS_MAX)
			return r;
		if (is_super(fc, at)) {
			at = fc->super_at + fc->super.bytes;
			continue;
		}
		r = compare_region(c, s, at, &at, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Is there a reader, and does it know where things lie? */
static bool can_tell(const struct filesystems *f)
{
	for (int w = 0; w < 2; w++)
		if (f->r[w] && (!f->r[w]->ops->extents || !f->r[w]->ops->describe))
			return false;
	return f->r[0] || f->r[1];
}

/*
 * Where the trees or the superblock differ, what lies in the filesystem's own structures and where it
 * lies follows. Where nothing was found that says where, all is told.
 */
int compare_blocks(struct compare *c, const struct filesystems *f, const struct fs_comparer *fc,
		   struct err *e)
{
	struct survey s = { .f = f,
			    .tell_all = compare_told(c) == f->told || !f->r[0] || !f->r[1] };

	if (!can_tell(f))
		return 0; /* the first byte tells */
	int r = fill_map(&s.m[0], f->r[0], &f->l[0], e);
	if (r == 0)
		r = fill_map(&s.m[1], f->r[1], &f->l[1], e);
	if (r == 0)
		r = walk_differences(c, &s, fc, e);
	free(s.m[0].v);
	free(s.m[1].v);
	return r;
}
