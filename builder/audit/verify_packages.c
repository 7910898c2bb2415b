/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packages that an image says it is made of, which its root hash vouches for. */
#include <stdarg.h>

#include "base/deb822.h"
#include "builder/audit/verify_internal.h"
#include "builder/repo/solve.h"

#define LIST	       "lib/dpkg/status.d"
#define BYTES_MAX      (1 * MiB)
#define MISMATCHES_MAX 3 /* that are named */

void package_list_done(struct package_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].version);
		free(l->v[i].arch);
	}
	free(l->v);
	*l = (struct package_list){ 0 };
}

size_t package_list_find(const struct package_list *l, const char *name)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		if (strcmp(l->v[at].name, name) < 0)
			low = at + 1;
		else
			high = at;
	}
	return low;
}

static int take(struct span stanza, const char *field, char **ret, struct err *e)
{
	struct span value;

	if (!deb822_get(stanza, field, &value))
		return err_set(e, -EBADMSG, "no field %s", field);
	*ret = span_dup(value);
	return *ret ? 0 : err_oom(e);
}

static int add(struct package_list *l, const struct buf *text, struct err *e)
{
	struct span rest = { buf_str(text), text->len }, stanza, more;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 256;
		struct listed_package *v = reallocarray(l->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		l->v = v;
		l->cap = cap;
	}
	if (!deb822_stanza(&rest, &stanza))
		return err_set(e, -EBADMSG, "it is empty");
	if (deb822_stanza(&rest, &more))
		return err_set(e, -EBADMSG, "it is of more than one package");
	struct listed_package *k = &l->v[l->n++];
	*k = (struct listed_package){ 0 };
	int r = take(stanza, "Package", &k->name, e);
	if (r == 0)
		r = take(stanza, "Version", &k->version, e);
	return r < 0 ? r : take(stanza, "Architecture", &k->arch, e);
}

static int by_name(const void *pa, const void *pb)
{
	const struct listed_package *a = pa, *b = pb;
	int c = strcmp(a->name, b->name);

	return c ? c : strcmp(a->arch, b->arch);
}

struct reading {
	struct fs_reader *reader;
	struct package_list *list;
};

static int read_entry(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct reading *rd = ctx;

	if (!S_ISREG(st->mode) || str_has_suffix(path, ".md5sums"))
		return 0;
	int r = verify_read_file(rd->reader, st, BYTES_MAX, &text, e);
	if (r == 0)
		r = add(rd->list, &text, e);
	return r < 0 ? err_wrap(e, r, "/usr/" LIST "/%s", path) : 0;
}

/* Not there: an image without packages. */
static int read_list(struct fs_reader *reader, struct package_list *ret, struct err *e)
{
	struct reading rd = { reader, ret };
	uint64_t ino;

	int r = fs_reader_lookup(reader, LIST, &ino, e);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = fs_reader_walk_at(reader, ino, read_entry, &rd, e);
	if (r == 0 && ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return r;
}

/* What is wrong, a few of them in words. */
struct complaints {
	struct buf text;
	size_t n;
};

static void complain(struct complaints *c, const char *fmt, ...) printf_format(2, 3);
static void complain(struct complaints *c, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (c->n++ >= MISMATCHES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_printf(&c->text, "%s%s", c->text.len ? "; " : "", line);
}

/* Ends the check. */
static int conclude(struct verify *v, enum verify_id id, struct complaints *c, const char *good,
		    struct err *e)
{
	int r;

	if (buf_failed(&c->text))
		r = err_oom(e);
	else if (c->n)
		r = verify_fail(v, id, e, "%s%s", buf_str(&c->text),
				c->n > MISMATCHES_MAX ? "; and more" : "");
	else
		r = verify_ok(v, id, e, "%s", good);
	buf_done(&c->text);
	return r;
}

/* Both lists are sorted alike: those of one that the other has not, and versions that differ. */
static int check_lock(struct verify *v, const struct package_list *l, struct err *e)
{
	const struct lock *lock = v->p->lock;
	struct complaints c = { .text = BUF_INIT };
	char good[64];
	size_t i = 0, k = 0;

	while (i < l->n || k < lock->n_packages) {
		const struct listed_package *has = i < l->n ? &l->v[i] : NULL;
		const struct lock_package *want = k < lock->n_packages ? &lock->packages[k] : NULL;
		const struct listed_package key =
			want ? (struct listed_package){ want->name, want->version, want->arch }
			     : (struct listed_package){ 0 };
		int order = !has ? 1 : !want ? -1 : by_name(has, &key);
		if (order < 0)
			complain(&c, "%s %s is not in the lock", has->name, has->version);
		else if (order > 0 && want->image)
			complain(&c, "%s %s is missing", want->name, want->version);
		else if (order == 0 && !str_eq(has->version, want->version))
			complain(&c, "%s is of version %s, in the lock %s", has->name, has->version,
				 want->version);
		i += order <= 0;
		k += order >= 0;
	}
	snprintf(good, sizeof(good), "%zu packages, all of them as in the lock", l->n);
	return conclude(v, VERIFY_USR_LOCK, &c, good, e);
}

static bool has(const struct package_list *l, const char *name)
{
	size_t i = package_list_find(l, name);

	return i < l->n && str_eq(l->v[i].name, name);
}

/* Of a package of two architectures, both. */
static int check_minimum(const struct policy_minimum *m, const struct package_list *l,
			 struct complaints *c, struct err *e)
{
	for (size_t i = package_list_find(l, m->package); i < l->n; i++) {
		const struct listed_package *k = &l->v[i];
		int order = 0;
		if (!str_eq(k->name, m->package))
			break;
		int r = solve_compare_versions(k->version, m->version, &order, e);
		if (r < 0)
			return r;
		if (order < 0)
			complain(c, "%s %s is older than %s", k->name, k->version, m->version);
	}
	return 0;
}

static int check_policy(struct verify *v, const struct package_list *l, struct err *e)
{
	const struct policy *p = v->p->policy;
	struct complaints c = { .text = BUF_INIT };
	char good[64];

	/* An image that does not tell may have anything. */
	if (!l->n && (p->forbidden_packages.n || p->n_minimums))
		complain(&c, "/usr/" LIST " names none: nothing is known of those in the policy");
	for (size_t i = 0; i < p->required_packages.n; i++)
		if (!has(l, p->required_packages.v[i]))
			complain(&c, "%s is required, and missing", p->required_packages.v[i]);
	for (size_t i = 0; i < p->forbidden_packages.n; i++)
		if (has(l, p->forbidden_packages.v[i]))
			complain(&c, "%s is forbidden", p->forbidden_packages.v[i]);
	int r = 0;
	for (size_t i = 0; r == 0 && i < p->n_minimums; i++)
		r = check_minimum(&p->minimums[i], l, &c, e);
	if (r < 0) {
		buf_done(&c.text);
		return r;
	}
	snprintf(good, sizeof(good), "%zu packages", l->n);
	return conclude(v, VERIFY_USR_PACKAGES, &c, good, e);
}

int verify_packages(struct verify *v, struct verify_slot *s, struct err *e)
{
	int r = read_list(s->usr, &s->packages, e);

	if (r < 0) {
		package_list_done(&s->packages);
		return verify_failed(v, VERIFY_USR_PACKAGES, r, e);
	}
	r = check_policy(v, &s->packages, e);
	return r == 0 && v->p->lock ? check_lock(v, &s->packages, e) : r;
}
