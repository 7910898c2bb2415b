/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form of an ESP: its files, in a tree, go through the writer that builds use, into a sink that
 * compares instead of writing. What the writer leaves out must be zero. So there is no room for anything
 * else: not behind a file's end, in a directory, in a table, or in clusters that are free.
 */
#include "base/mismatch.h"
#include "builder/audit/verify_esp.h"
#include "builder/stages/esp.h"

#define FILE_BYTES_MAX (1 * GiB)

struct range {
	uint64_t at, len;
};

struct comparing_sink {
	struct sink base;
	const struct source *src;
	uint64_t differs_at; /* MISMATCH_NONE: nowhere */
	struct range *v;     /* what was written */
	size_t n, cap;
};

static int remember(struct comparing_sink *s, struct range x, struct err *e)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct range *v = reallocarray(s->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = x;
	return 0;
}

/* The writer runs in one thread: it has no pool. */
static int compare_pwrite(struct sink *base, uint64_t off, const void *data, size_t len,
			  struct err *e)
{
	struct comparing_sink *s = (struct comparing_sink *)base;
	struct source written, there;
	uint64_t at;

	source_init_bytes(&written, data, len);
	int r = source_init_window(&there, s->src, off, len, e);
	if (r == 0)
		r = source_mismatch(&there, &written, 0, NULL, &at, e);
	if (r < 0)
		return r;
	if (at != MISMATCH_NONE)
		s->differs_at = MIN(s->differs_at, off + at);
	return remember(s, (struct range){ off, len }, e);
}

static const struct sink_ops comparing_ops = { .pwrite = compare_pwrite };

static int by_place(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return a->at < b->at ? -1 : a->at > b->at;
}

/* What lies between the ranges that were written. */
static int check_rest(struct comparing_sink *s, struct pool *pool, struct err *e)
{
	uint64_t end = 0, at;
	int r = remember(s, (struct range){ s->src->size_bytes, 0 }, e);

	if (r < 0)
		return r;
	qsort(s->v, s->n, sizeof(*s->v), by_place);
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		struct source gap;
		uint64_t from = end;
		end = MAX(end, s->v[i].at + s->v[i].len);
		if (s->v[i].at <= from)
			continue;
		r = source_init_window(&gap, s->src, from, s->v[i].at - from, e);
		if (r == 0)
			r = source_nonzero(&gap, 0, pool, &at, e);
		if (r == 0 && at != MISMATCH_NONE)
			s->differs_at = MIN(s->differs_at, from + at);
	}
	return r;
}

struct copy {
	struct fs_reader *reader;
	struct tree *tree;
	const int64_t *time; /* of all files, if /usr could be read */
};

/* FAT keeps the odd second of a file's time apart from the even ones. */
static int time_of(const struct copy *c, const struct fs_stat *st, int64_t *ret, struct err *e)
{
	uint8_t entry[32];
	size_t len;

	int r = c->reader->ops->raw(c->reader, st->ino, entry, sizeof(entry), &len, e);
	if (r == 0)
		*ret = c->time ? *c->time : st->mtime + (len == sizeof(entry) && entry[13] == 100);
	return r;
}

static int copy_one(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct copy *c = ctx;
	struct tree_meta m = { .mode = 0644 };
	_cleanup_buf_ struct buf content = BUF_INIT;

	if (!*path)
		return 0;
	int r = time_of(c, st, &m.mtime, e);
	if (r < 0)
		return r;
	/* As built, directories are those that files are in. */
	if (S_ISDIR(st->mode) && c->time)
		return 0;
	if (S_ISDIR(st->mode))
		return tree_add_dir(c->tree, path, &m, NULL, e);
	r = verify_read_file(c->reader, st, FILE_BYTES_MAX, &content, e);
	if (r < 0)
		return r;
	size_t len = content.len;
	return tree_add_file(c->tree, path, &m, blob_new_take(TAKE_PTR(content.data), len), NULL,
			     e);
}

static struct fs_params params_of(const struct verify *v, const struct source *esp)
{
	struct fs_params p = { .label = ESP_LABEL,
			       .size_bytes = esp->size_bytes,
			       .sector_bytes = v->sector_bytes };

	layout_volume_id(v->slots[0].root_hash, p.uuid);
	return p;
}

static int compare_again(const struct verify *v, struct comparing_sink *s, struct fs_reader *reader,
			 struct err *e)
{
	_cleanup_(tree_free) struct tree *tree = tree_new();
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	const struct verify_slot *a = &v->slots[0];
	struct copy c = { .reader = reader, .tree = tree, .time = a->os_release ? &a->time : NULL };
	const struct fs_params p = params_of(v, s->src);

	if (!tree)
		return err_oom(e);
	int r = fs_reader_walk(reader, copy_one, &c, e);
	if (r == 0)
		r = fs_writer_vfat.plan(tree, &p, &plan, e);
	if (r == 0)
		r = fs_writer_vfat.write(plan, &s->base, e);
	return r < 0 ? r : check_rest(s, v->p->pool, e);
}

int verify_esp_form(struct verify *v, const struct source *esp, struct fs_reader *reader,
		    struct err *e)
{
	struct comparing_sink s = { .base = { .ops = &comparing_ops,
					      .limit_bytes = esp->size_bytes },
				    .src = esp,
				    .differs_at = MISMATCH_NONE };
	char what[128] = "";

	verify_at(v, "esp");
	if (v->has_root)
		return verify_state(v, VERIFY_ESP_STATE, e,
				    "what lies around its files is as the node has written it");
	int r = compare_again(v, &s, reader, e);
	free(s.v);
	if (r < 0)
		return verify_failed(v, VERIFY_ESP_FORM, r, e);
	if (s.differs_at == MISMATCH_NONE)
		return verify_ok(v, VERIFY_ESP_FORM, e, "all of %llu bytes",
				 (unsigned long long)esp->size_bytes);
	reader->ops->describe(reader, s.differs_at, what, sizeof(what));
	return verify_fail(v, VERIFY_ESP_FORM, e, "byte %llu differs%s%s",
			   (unsigned long long)s.differs_at, *what ? ": " : "", what);
}
