/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ledger_diff.h"

#include <errno.h>

#define CONTEXT 3
#define MAX_CELLS \
	(UINT32_C(1) << 24) /* 32 MiB; texts that need more are shown as changed throughout */
#define MAX_LINES 60000

/* Two texts as hashes of lines; what both begin and end with is cut off. */
struct sides {
	const uint32_t *known, *new;
	size_t n_known, n_new, head, tail;
	uint16_t *
		table; /* longest common subsequence of what follows line i of one and j of the other */
};

static uint16_t *cell(const struct sides *s, size_t i, size_t j)
{
	return &s->table[i * (s->n_new + 1) + j];
}

static void trim(struct sides *s)
{
	while (s->n_known && s->n_new && *s->known == *s->new) {
		s->known++, s->new ++, s->head++;
		s->n_known--, s->n_new--;
	}
	while (s->n_known && s->n_new && s->known[s->n_known - 1] == s->new[s->n_new - 1]) {
		s->tail++;
		s->n_known--, s->n_new--;
	}
}

static int fill_table(struct sides *s)
{
	if (s->n_known > MAX_LINES || s->n_new > MAX_LINES ||
	    (s->n_known + 1) * (s->n_new + 1) > MAX_CELLS)
		return 0;
	s->table = calloc((s->n_known + 1) * (s->n_new + 1), sizeof(*s->table));
	if (!s->table)
		return -ENOMEM;
	for (size_t i = s->n_known; i-- > 0;)
		for (size_t j = s->n_new; j-- > 0;)
			*cell(s, i, j) = s->known[i] == s->new[j]
						 ? *cell(s, i + 1, j + 1) + 1
						 : MAX(*cell(s, i + 1, j), *cell(s, i, j + 1));
	return 0;
}

static int compare(const struct ledger_lines *known, const uint32_t *new, size_t n_new,
		   struct sides *s)
{
	*s = (struct sides){
		.known = known->hashes, .n_known = known->n, .new = new, .n_new = n_new
	};
	trim(s);
	return fill_table(s);
}

static size_t n_changed(const struct sides *s)
{
	return s->n_known + s->n_new - (s->table ? 2 * (size_t)*cell(s, 0, 0) : 0);
}

/* The lines of a rest. */
struct text {
	struct span *lines;
	uint32_t *hashes;
	size_t n;
};

static void text_done(struct text *t)
{
	free(t->lines);
	free(t->hashes);
}

static int text_init(struct text *t, const struct buf *rest)
{
	struct span all = { buf_str(rest), rest->len }, line;
	size_t cap = 1;

	for (size_t i = 0; i < rest->len; i++)
		cap += rest->data[i] == '\n';
	*t = (struct text){ calloc(cap, sizeof(*t->lines)), calloc(cap, sizeof(*t->hashes)), 0 };
	if (!t->lines || !t->hashes)
		return -ENOMEM;
	while (span_line(&all, &line)) {
		t->hashes[t->n] = ledger_line_hash(line);
		t->lines[t->n++] = line;
	}
	return 0;
}

/* What becomes of a line: in both, only in the known one, only in the new one. */
struct step {
	char sign;
	size_t known, new; /* indices; of the side that has it not, of what follows */
};

static size_t walk(const struct sides *s, struct step *v)
{
	size_t i = 0, j = 0, n = 0;

	for (size_t k = 0; k < s->head; k++)
		v[n++] = (struct step){ ' ', k, k };
	while (i < s->n_known || j < s->n_new) {
		bool same = s->table && i < s->n_known && j < s->n_new && s->known[i] == s->new[j];
		bool gone = i < s->n_known && (j == s->n_new || !s->table ||
					       *cell(s, i + 1, j) >= *cell(s, i, j + 1));
		v[n++] = (struct step){ same ? ' ' : gone ? '-' : '+', s->head + i, s->head + j };
		i += same || gone;
		j += same || !gone;
	}
	for (size_t k = 0; k < s->tail; k++)
		v[n++] = (struct step){ ' ', s->head + i + k, s->head + j + k };
	return n;
}

/* Is a changed line no more than CONTEXT steps away? */
static bool is_near(const struct step *v, size_t n, size_t at)
{
	size_t last = MIN(at + CONTEXT + 1, n);

	for (size_t i = at > CONTEXT ? at - CONTEXT : 0; i < last; i++)
		if (v[i].sign != ' ')
			return true;
	return false;
}

static void print(const struct step *v, size_t n, const struct text *t, struct buf *out)
{
	bool shown = false;

	for (size_t i = 0; i < n; i++) {
		bool show = is_near(v, n, i);
		if (show && !shown)
			buf_printf(out, "@@ line %zu, of the known script %zu @@\n", v[i].new + 1,
				   v[i].known + 1);
		shown = show;
		if (!show)
			continue;
		if (v[i].sign == '-') {
			buf_printf(out, "-line %zu of the known script\n", v[i].known + 1);
			continue;
		}
		struct span line = t->lines[v[i].new];
		buf_append(out, &v[i].sign, 1);
		buf_append(out, line.p, line.len);
		buf_append_str(out, "\n");
	}
}

static int print_diff(const struct ledger_lines *known, const struct text *t, struct buf *out)
{
	struct sides s;

	int r = compare(known, t->hashes, t->n, &s);
	_cleanup_free_ struct step *steps = calloc(known->n + t->n + 1, sizeof(*steps));
	if (r == 0 && steps)
		print(steps, walk(&s, steps), t, out);
	free(s.table);
	return r < 0 || !steps || buf_failed(out) ? -ENOMEM : 0;
}

static int find_nearest(const struct ledger *l, const struct ledger_finding *f,
			const struct text *t, const struct ledger_lines **ret)
{
	const struct ledger_lines *best = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < l->n_lines; i++) {
		struct sides s;
		if (!str_eq(l->lines[i].package, f->name) || !str_eq(l->lines[i].script, f->script))
			continue;
		int r = compare(&l->lines[i], t->hashes, t->n, &s);
		if (r < 0)
			return r;
		if (n_changed(&s) < least) {
			least = n_changed(&s);
			best = &l->lines[i];
		}
		free(s.table);
	}
	*ret = best;
	return 0;
}

int ledger_diff(const struct ledger *l, const struct ledger_finding *f, struct buf *out,
		const struct ledger_lines **ret_known)
{
	struct text t;

	int r = text_init(&t, &f->rest);
	if (r == 0)
		r = find_nearest(l, f, &t, ret_known);
	if (r == 0 && *ret_known)
		r = print_diff(*ret_known, &t, out);
	text_done(&t);
	return r;
}
