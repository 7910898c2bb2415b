/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ids.h"

#include <inttypes.h>

static struct id *find(struct ids *s, enum id_kind kind, const char *name)
{
	return (struct id *)ids_find(s, kind, name);
}

/* Whose a number is, other than @name's; the one that the image has comes first. */
static const struct id *holder(const struct ids *s, enum id_kind kind, uint32_t number,
			       const char *name)
{
	const struct id *found = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct id *d = &s->v[i];
		if (d->kind != kind || d->number != number || str_eq(d->name, name))
			continue;
		if (!found || d->used)
			found = d;
	}
	return found;
}

static int add(struct ids *s, const struct id_wish *w, uint32_t number, struct err *e)
{
	return ids_append(s, w->kind, w->name, number, true) < 0 ? err_oom(e) : 0;
}

static int err_changed(const struct id_wish *w, uint32_t was, struct err *e)
{
	const char *kind = ids_kind_name(w->kind);

	return err_set(
		e, -EEXIST,
		"%s: %s %s shall have id %" PRIu32 ", and has %" PRIu32
		" by the lock: files on nodes would change hands; keep the id by a line "
		"\"%c %s %" PRIu32
		"\" in a sysusers.d file of the overlay that sorts before, or, if no node has "
		"such files, take the \"%s %s\" line out of the lock and run slipway lock",
		w->where, kind, w->name, w->number, was, *kind, w->name, was, kind, w->name);
}

static int err_taken(const struct id_wish *w, const struct id *by, struct err *e)
{
	const char *kind = ids_kind_name(w->kind);

	return err_set(
		e, -EEXIST,
		"%s: %s %s shall have id %" PRIu32
		", which the lock keeps for %s %s; fix another one by a line \"%c %s NUMBER\" in a "
		"sysusers.d file of the overlay that sorts before, or, if no node has files of %s, "
		"take its line out of the lock and run slipway lock",
		w->where, kind, w->name, w->number, kind, by->name, *kind, w->name, by->name);
}

/* *ret_done false: another name has the number in this very image, any other will do. */
static int grant_fixed(struct ids *s, const struct id_wish *w, bool *ret_done, struct err *e)
{
	const struct id *other = holder(s, w->kind, w->number, w->name);
	struct id *own = find(s, w->kind, w->name);

	*ret_done = w->how == ID_GIVEN || !other || !other->used;
	if (!*ret_done)
		return 0;
	if (own && own->number != w->number)
		return err_changed(w, own->number, e);
	if (!own && other && !other->used)
		return err_taken(w, other, e);
	if (!own)
		return add(s, w, w->number, e);
	own->used = true;
	return 0;
}

static bool is_free(const struct ids *s, uint32_t number, const char *name)
{
	return !holder(s, ID_USER, number, name) && !holder(s, ID_GROUP, number, name);
}

static int grant_any(struct ids *s, const struct id_wish *w, struct err *e)
{
	const struct id *like = find(s, w->kind == ID_USER ? ID_GROUP : ID_USER, w->name);
	struct id *own = find(s, w->kind, w->name);

	if (own) {
		own->used = true;
		return 0;
	}
	if (like && is_free(s, like->number, w->name))
		return add(s, w, like->number, e);
	for (uint32_t number = IDS_MAX; number >= IDS_MIN; number--)
		if (is_free(s, number, w->name))
			return add(s, w, number, e);
	return err_set(
		e, -EINVAL,
		"%s: no id from %d to %d is free for %s %s: take lines of those that are gone, "
		"and of which no node has files, out of the lock, and run slipway lock",
		w->where, IDS_MIN, IDS_MAX, ids_kind_name(w->kind), w->name);
}

static int by_name(const void *pa, const void *pb)
{
	const struct id_wish *a = *(const struct id_wish *const *)pa;
	const struct id_wish *b = *(const struct id_wish *const *)pb;
	int c = strcmp(a->name, b->name);

	return c ? c : (int)a->kind - (int)b->kind;
}

static int by_order(const void *a, const void *b)
{
	return ids_order(a, b);
}

/* Fixed numbers first, so that none is allotted to somebody else before; those that are left to @rest. */
static int grant_all_fixed(struct ids *s, const struct id_wishes *w, const struct id_wish **rest,
			   size_t *n_rest, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		bool done = false;
		if (!ids_name_ok(w->v[i].name, strlen(w->v[i].name)))
			return err_set(e, -EINVAL, "%s: \"%s\" is no name of a %s", w->v[i].where,
				       w->v[i].name, ids_kind_name(w->v[i].kind));
		int r = w->v[i].how == ID_ANY ? 0 : grant_fixed(s, &w->v[i], &done, e);
		if (r < 0)
			return r;
		if (!done)
			rest[(*n_rest)++] = &w->v[i];
	}
	return 0;
}

int ids_allot(const struct id_wishes *w, const struct ids *previous, struct ids *ret, struct err *e)
{
	_cleanup_free_ const struct id_wish **rest = calloc(w->n + 1, sizeof(*rest));
	_cleanup_ids_ struct ids s = IDS_INIT;
	size_t n_rest = 0;

	if (!rest || ids_copy(previous, &s) < 0)
		return err_oom(e);
	for (size_t i = 0; i < s.n; i++)
		s.v[i].used = false;
	int r = grant_all_fixed(&s, w, rest, &n_rest, e);
	qsort(rest, n_rest, sizeof(*rest), by_name);
	for (size_t i = 0; r == 0 && i < n_rest; i++)
		r = grant_any(&s, rest[i], e);
	if (r < 0)
		return r;
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_order);
	*ret = s;
	s = (struct ids)IDS_INIT;
	return 0;
}

static const char *who_asks(const struct id_wishes *w, const struct id *d)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].kind == d->kind && str_eq(w->v[i].name, d->name))
			return w->v[i].where;
	return "";
}

int ids_check(const struct id_wishes *w, const struct ids *locked, struct err *e)
{
	static const char cure[] = "run slipway lock (with --keep-packages, no package changes)";
	_cleanup_ids_ struct ids now = IDS_INIT;

	int r = ids_allot(w, locked, &now, e);
	for (size_t i = 0; r == 0 && i < now.n; i++) {
		const struct id *d = &now.v[i], *was = ids_find(locked, d->kind, d->name);
		const char *kind = ids_kind_name(d->kind);
		if (d->used && (!was || !was->used))
			r = err_set(e, -ESTALE, "%s: the lock does not have %s %s: %s",
				    who_asks(w, d), kind, d->name, cure);
		else if (was->used && !d->used)
			r = err_set(e, -ESTALE,
				    "the lock has %s %s, which the image has no more: %s", kind,
				    d->name, cure);
	}
	return r;
}
