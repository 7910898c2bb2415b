/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/compare.h"

#include <inttypes.h>
#include <stdarg.h>

#define DEPTH_MAX   8
#define TEXT_LOOK   4096
#define LINE_CHARS  120
#define LINE_BEFORE 40
#define BYTES_SHOWN 8
#define LOAD_MAX    (64 * MiB)

static const struct {
	bool (*probe)(const struct source *s);
	compare_fn *compare;
} formats[] = {
	{ image_probe, compare_disk },
	{ compare_is_verity, compare_verity },
	{ compare_is_verity_sig, compare_verity_sig },
	{ compare_is_pe, compare_pe },
	{ compare_is_cpio, compare_cpio },
	{ compare_is_zstd, compare_zstd },
	{ compare_is_filesystem, compare_filesystem },
};

size_t compare_enter(struct compare *c, const char *fmt, ...)
{
	size_t mark = c->where.len;
	va_list ap;

	_cleanup_free_ char *name = NULL;
	va_start(ap, fmt);
	if (vasprintf(&name, fmt, ap) < 0)
		c->where.failed = true;
	va_end(ap);
	buf_append_str(&c->where, mark ? ": " : "");
	buf_append_str(&c->where, name ? name : "");
	return mark;
}

void compare_leave(struct compare *c, size_t mark)
{
	c->where.len = mark;
	if (c->where.data)
		c->where.data[mark] = '\0';
}

int compare_add(struct compare *c, const struct finding *f, struct err *e)
{
	const struct diff_item item = {
		.kind = f->kind,
		.where = (char *)(uintptr_t)buf_str(&c->where),
		.field = (char *)(uintptr_t)f->field,
		.a = (char *)(uintptr_t)f->a,
		.b = (char *)(uintptr_t)f->b,
	};

	return buf_failed(&c->where) ? err_oom(e) : diff_report_add(c->report, &item, e);
}

int compare_add_numbers(struct compare *c, enum diff_kind kind, const char *field,
			const uint64_t values[2], struct err *e)
{
	char a[32], b[32];

	if (values[0] == values[1])
		return 0;
	snprintf(a, sizeof(a), "%" PRIu64, values[0]);
	snprintf(b, sizeof(b), "%" PRIu64, values[1]);
	return compare_add(c, &(struct finding){ kind, field, a, b }, e);
}

int compare_damaged(struct compare *c, int which, int code, struct err *e)
{
	struct finding f = { DIFF_DAMAGE, "cannot be read", "it can be read", "it can be read" };
	struct err said = *e;

	if (code != -EBADMSG && code != -EINVAL)
		return code;
	if (which == 0)
		f.a = said.msg;
	else
		f.b = said.msg;
	c->n_unreadable++;
	return compare_add(c, &f, e);
}

bool compare_is_derived(const struct compare *c, int which, const uint8_t *uuid, size_t len)
{
	for (size_t i = 0; i < c->n_roots[which]; i++)
		if (layout_is_derived(c->roots[which][i], uuid, len))
			return true;
	return false;
}

bool compare_is_root(const struct compare *c, int which, const uint8_t *hash, size_t len)
{
	for (size_t i = 0; i < c->n_roots[which]; i++)
		for (size_t at = 0; at + len <= VERITY_ROOT_HASH_BYTES; at += len)
			if (memcmp(c->roots[which][i] + at, hash, len) == 0)
				return true;
	return false;
}

static int cmp_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool compare_usr_changed(const struct compare *c, const char *path_and_field)
{
	const struct strv *l = &c->usr_changed;

	return l->n && bsearch(&path_and_field, l->v, l->n, sizeof(*l->v), cmp_strings);
}

/* No control characters near the place, as far as it is to be shown. */
static bool looks_like_text(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' && p[i] != '\n' && p[i] != '\t' && p[i] != '\r')
			return false;
	return true;
}

static bool is_text(const struct source *s, uint64_t at)
{
	uint64_t from = at > LINE_CHARS ? at - LINE_CHARS : 0;

	return s->bytes && looks_like_text(s->bytes, (size_t)MIN(s->size_bytes, TEXT_LOOK)) &&
	       looks_like_text(s->bytes + from, (size_t)MIN(s->size_bytes - from, 2 * LINE_CHARS));
}

/* The line around a place, or if it is long the part of it; NULL: no memory. */
static char *line_at(const struct source *s, uint64_t at)
{
	const char *p = (const char *)s->bytes;
	uint64_t start = MIN(at, s->size_bytes), end = start;

	while (start > 0 && p[start - 1] != '\n' && at - start < LINE_BEFORE)
		start--;
	while (end < s->size_bytes && p[end] != '\n' && end - start < LINE_CHARS)
		end++;
	if (start == s->size_bytes)
		return strdup("(the end)");
	return strndup(p + start, (size_t)(end - start));
}

static int add_line(struct compare *c, const struct source *a, const struct source *b, uint64_t at,
		    enum diff_kind kind, struct err *e)
{
	_cleanup_free_ char *line_a = line_at(a, at), *line_b = line_at(b, at);
	uint64_t line = 1;
	char field[48];

	if (!line_a || !line_b)
		return err_oom(e);
	for (uint64_t i = 0; i < at; i++)
		line += a->bytes[i] == '\n';
	snprintf(field, sizeof(field), "content, line %" PRIu64, line);
	return compare_add(c, &(struct finding){ kind, field, line_a, line_b }, e);
}

static int bytes_at(const struct source *s, uint64_t at, char *out, size_t size, struct err *e)
{
	uint8_t data[BYTES_SHOWN];
	char hex[2 * BYTES_SHOWN + 1];
	size_t n = (size_t)MIN(sizeof(data), s->size_bytes - MIN(at, s->size_bytes));

	int r = source_pread(s, MIN(at, s->size_bytes), data, n, e);
	if (r < 0)
		return r;
	hex_encode(data, n, hex);
	snprintf(out, size, "%s of %" PRIu64 " bytes", n ? hex : "the end", s->size_bytes);
	return 0;
}

static int add_offset(struct compare *c, const struct source *a, const struct source *b,
		      uint64_t at, enum diff_kind kind, struct err *e)
{
	char field[48], text_a[64], text_b[64];

	snprintf(field, sizeof(field), "content, offset %" PRIu64, at);
	int r = bytes_at(a, at, text_a, sizeof(text_a), e);
	if (r == 0)
		r = bytes_at(b, at, text_b, sizeof(text_b), e);
	if (r == 0)
		r = compare_add(c, &(struct finding){ kind, field, text_a, text_b }, e);
	return r;
}

int compare_bytes(struct compare *c, const struct source *a, const struct source *b,
		  enum diff_kind kind, struct err *e)
{
	uint64_t at;
	int r = source_mismatch(a, b, 0, c->pool, &at, e);

	if (r < 0 || at == MISMATCH_NONE)
		return r;
	return is_text(a, at) && is_text(b, at) ? add_line(c, a, b, at, kind, e)
						: add_offset(c, a, b, at, kind, e);
}

static bool is_zero(const struct source *s, uint64_t from)
{
	uint8_t block[4096];
	struct err e;

	for (uint64_t at = from; at < s->size_bytes; at += sizeof(block)) {
		size_t n = (size_t)MIN(sizeof(block), s->size_bytes - at);
		if (source_pread(s, at, block, n, &e) < 0 || !mem_is_zero(block, n))
			return false;
	}
	return true;
}

int compare_slack(struct compare *c, const struct source *a, uint64_t end_a, const struct source *b,
		  uint64_t end_b, struct err *e)
{
	struct source rest_a, rest_b;
	uint64_t at;

	int r = source_init_window(&rest_a, a, end_a, a->size_bytes - MIN(end_a, a->size_bytes), e);
	if (r == 0)
		r = source_init_window(&rest_b, b, end_b, b->size_bytes - MIN(end_b, b->size_bytes),
				       e);
	if (r == 0)
		r = source_mismatch(&rest_a, &rest_b, 0, c->pool, &at, e);
	if (r < 0 || at == MISMATCH_NONE)
		return r;
	/* Zeros of different lengths are the rest of what differs in length before them. */
	if (at == MIN(rest_a.size_bytes, rest_b.size_bytes) && is_zero(&rest_a, at) &&
	    is_zero(&rest_b, at))
		return 0;
	size_t mark = compare_enter(c, "after the end of its content");
	r = add_offset(c, &rest_a, &rest_b, at, DIFF_SLACK, e);
	compare_leave(c, mark);
	return r;
}

static compare_fn *find_format(const struct source *a, const struct source *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].probe(a) && formats[i].probe(b))
			return formats[i].compare;
	return NULL;
}

/* Parsers want contents in one piece, which those of a disk in a container are not. */
static int load(const struct source **s, struct source *copy, struct buf *data, struct err *e)
{
	if ((*s)->bytes || (*s)->size_bytes > LOAD_MAX)
		return 0;
	size_t len = (size_t)(*s)->size_bytes;
	uint8_t *to = buf_grow(data, len);
	if (!to)
		return err_oom(e);
	int r = source_pread(*s, 0, to, len, e);
	source_init_bytes(copy, to, len);
	*s = copy;
	return r;
}

/* Nothing is left unsaid: when a comparer has nothing to say, or only that one cannot be read, then the
 * first byte is. */
static int compare_parsed(struct compare *c, const struct source *a, const struct source *b,
			  struct err *e)
{
	size_t before = diff_report_total(c->report), unreadable = c->n_unreadable;
	compare_fn *compare = c->depth < DEPTH_MAX ? find_format(a, b) : NULL;
	int r = 0;

	if (compare) {
		c->depth++;
		r = compare(c, a, b, e);
		c->depth--;
	}
	size_t found = diff_report_total(c->report) - before;
	if (r < 0 || found > c->n_unreadable - unreadable)
		return r;
	return compare_bytes(c, a, b, found ? DIFF_DAMAGE : DIFF_CONTENT, e);
}

int compare_content(struct compare *c, const struct source *a, const struct source *b,
		    struct err *e)
{
	_cleanup_buf_ struct buf data_a = BUF_INIT, data_b = BUF_INIT;
	struct source copy_a, copy_b;
	uint64_t at;
	int r = source_mismatch(a, b, 0, c->pool, &at, e);

	if (r < 0 || at == MISMATCH_NONE)
		return r;
	r = load(&a, &copy_a, &data_a, e);
	if (r == 0)
		r = load(&b, &copy_b, &data_b, e);
	return r < 0 ? r : compare_parsed(c, a, b, e);
}
