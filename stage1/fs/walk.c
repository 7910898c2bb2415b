/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking any filesystem. A directory that is met twice ends the walk, so that it is bounded by the
 * number of entries in the image; there is no recursion.
 */
#include "base/buf.h"
#include "stage1/fs/fs.h"

struct name {
	char *name;
	uint64_t ino;
};

/* One directory on the way down, and which of its names is next. */
struct level {
	struct name *v;
	size_t n, cap, next;
	size_t path_len; /* of the directory itself */
};

/* Numbers of the directories seen: a hash set. */
struct seen {
	uint64_t *v; /* number + 1; 0: free */
	size_t n, n_slots;
};

struct walk {
	struct fs_reader *r;
	struct level *levels;
	size_t depth, cap;
	struct seen seen;
	struct buf path;
};

static uint64_t *seen_slot(const struct seen *s, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (s->n_slots - 1);

	while (s->v[i] && s->v[i] != key)
		i = (i + 1) & (s->n_slots - 1);
	return &s->v[i];
}

static int seen_grow(struct seen *s, struct err *e)
{
	struct seen bigger = { .n = s->n, .n_slots = s->n_slots ? 2 * s->n_slots : 64 };

	bigger.v = calloc(bigger.n_slots, sizeof(*bigger.v));
	if (!bigger.v)
		return err_oom(e);
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->v[i])
			*seen_slot(&bigger, s->v[i]) = s->v[i];
	}
	free(s->v);
	*s = bigger;
	return 0;
}

static int seen_add(struct seen *s, uint64_t ino, struct err *e)
{
	int r = 2 * s->n >= s->n_slots ? seen_grow(s, e) : 0;

	if (r < 0)
		return r;
	uint64_t *slot = seen_slot(s, ino + 1);
	if (*slot)
		return err_set(e, -EINVAL, "the directory with number %llu is there twice",
			       (unsigned long long)ino);
	*slot = ino + 1;
	s->n++;
	return 0;
}

static int add_name(void *ctx, const char *name, size_t len, uint64_t ino, struct err *e)
{
	struct level *l = ctx;

	if (!len || len > 1024 || memchr(name, '/', len) || memchr(name, 0, len) ||
	    (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0))
		return err_set(e, -EINVAL, "a directory entry without a proper name");
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct name *v = reallocarray(l->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = (struct name){ strndup(name, len), ino };
	return l->v[l->n++].name ? 0 : err_oom(e);
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static void level_done(struct level *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

static int push_dir(struct walk *w, uint64_t ino, struct err *e)
{
	if (w->depth == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;
		struct level *v = reallocarray(w->levels, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		w->levels = v;
		w->cap = cap;
	}
	int r = seen_add(&w->seen, ino, e);
	if (r < 0)
		return r;
	struct level *l = &w->levels[w->depth++];
	*l = (struct level){ .path_len = w->path.len };
	r = w->r->ops->readdir(w->r, ino, add_name, l, e);
	if (r < 0)
		return r;
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), cmp_names);
	for (size_t i = 1; i < l->n; i++) {
		if (cmp_names(&l->v[i - 1], &l->v[i]) == 0)
			return err_set(e, -EINVAL, "the name %s is there twice", l->v[i].name);
	}
	return 0;
}

/* The next name of the innermost directory, or back to the one above. */
static int step(struct walk *w,
		int (*fn)(void *ctx, const char *path, const struct fs_stat *st, struct err *e),
		void *ctx, struct err *e)
{
	struct level *l = &w->levels[w->depth - 1];
	struct fs_stat st;

	w->path.len = l->path_len;
	if (l->next == l->n) {
		level_done(l);
		w->depth--;
		return 0;
	}
	const struct name *n = &l->v[l->next++];
	buf_append_str(&w->path, w->path.len ? "/" : "");
	buf_append_str(&w->path, n->name);
	if (buf_failed(&w->path))
		return err_oom(e);
	int r = w->r->ops->stat(w->r, n->ino, &st, e);
	if (r == 0)
		r = fn(ctx, buf_str(&w->path), &st, e);
	return r == 0 && S_ISDIR(st.mode) ? push_dir(w, n->ino, e) : r;
}

int fs_reader_walk(struct fs_reader *r,
		   int (*fn)(void *ctx, const char *path, const struct fs_stat *st, struct err *e),
		   void *ctx, struct err *e)
{
	struct fs_stat st;

	int n = r->ops->stat(r, r->root_ino, &st, e);
	if (n == 0 && !S_ISDIR(st.mode))
		n = err_set(e, -EINVAL, "the root is no directory");
	return n < 0 ? n : fs_reader_walk_at(r, r->root_ino, fn, ctx, e);
}

int fs_reader_walk_at(struct fs_reader *r, uint64_t ino,
		      int (*fn)(void *ctx, const char *path, const struct fs_stat *st,
				struct err *e),
		      void *ctx, struct err *e)
{
	struct walk w = { .r = r, .path = BUF_INIT };
	struct fs_stat st;

	int n = r->ops->stat(r, ino, &st, e);
	if (n == 0)
		n = fn(ctx, "", &st, e);
	if (n == 0 && S_ISDIR(st.mode))
		n = push_dir(&w, ino, e);
	while (n == 0 && w.depth)
		n = step(&w, fn, ctx, e);
	while (w.depth)
		level_done(&w.levels[--w.depth]);
	free(w.levels);
	free(w.seen.v);
	buf_done(&w.path);
	return n;
}
