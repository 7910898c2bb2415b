/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/tree/exclude.h"

#include "base/buf.h"
#include "base/strv.h"
#include "stage1/tree/tree_internal.h"

struct pattern {
	struct strv names; /* its components */
	size_t count;
};

struct tree_exclude {
	struct pattern *v;
	size_t n;
};

static bool is_deep(const char *name)
{
	return str_eq(name, "**");
}

/* "*" and "?" within one name. A "?" takes one character of UTF-8. */
static bool name_matches(const char *pattern, const char *s, size_t len)
{
	const char *end = s + len, *star = NULL, *mark = NULL;

	while (s < end || *pattern) {
		if (*pattern == '*') {
			star = ++pattern;
			mark = s;
		} else if (s < end && *pattern == '?') {
			pattern++;
			for (s++; s < end && ((unsigned char)*s & 0xc0) == 0x80; s++)
				;
		} else if (s < end && *pattern == *s) {
			pattern++;
			s++;
		} else if (star && mark < end) {
			pattern = star;
			s = ++mark;
		} else {
			return false;
		}
	}
	return true;
}

static bool pattern_matches(const struct pattern *p, const char *path)
{
	const char *at = path, *mark = NULL;
	size_t i = 0, star = 0, len;

	for (;;) {
		/* Matched here: what is left of the path lies below. */
		if (i == p->names.n)
			return true;
		const char *rest = at, *name = tree_next_name(&rest, &len);
		if (is_deep(p->names.v[i])) {
			if (i + 1 == p->names.n)
				return len > 0;
			star = ++i;
			mark = at;
		} else if (len && name_matches(p->names.v[i], name, len)) {
			i++;
			at = rest;
		} else if (mark) {
			/* The "**" takes one component more. */
			tree_next_name(&mark, &len);
			if (len == 0)
				return false;
			at = mark;
			i = star;
		} else {
			return false;
		}
	}
}

static int check_name(const char *pattern, const char *name, bool *ret_any, struct err *e)
{
	if (str_eq(name, ".") || str_eq(name, ".."))
		return err_set(e, -EINVAL, "%s: \"%s\" cannot be in a pattern", pattern, name);
	if (strstr(name, "**") && !is_deep(name))
		return err_set(e, -EINVAL, "%s: \"**\" stands for whole components only", pattern);
	*ret_any = *ret_any || !is_deep(name);
	return 0;
}

static int parse(struct pattern *p, const char *pattern, struct err *e)
{
	bool any = false;

	if (pattern[0] != '/')
		return err_set(e, -EINVAL, "\"%s\" is not an absolute path", pattern);
	if (strstr(pattern, "//"))
		return err_set(e, -EINVAL, "%s has an empty component", pattern);
	if (strv_split(&p->names, pattern, "/") < 0)
		return err_oom(e);
	for (size_t i = 0; i < p->names.n; i++) {
		int r = check_name(pattern, p->names.v[i], &any, e);
		if (r < 0)
			return r;
	}
	return any ? 0 : err_set(e, -EINVAL, "%s would leave out everything", pattern);
}

int tree_exclude_new(const char *const *patterns, size_t n, struct tree_exclude **ret,
		     struct err *e)
{
	_cleanup_(tree_exclude_free) struct tree_exclude *x = calloc(1, sizeof(*x));

	if (!x)
		return err_oom(e);
	x->v = calloc(n ? n : 1, sizeof(*x->v));
	if (!x->v)
		return err_oom(e);
	x->n = n;
	for (size_t i = 0; i < n; i++) {
		int r = parse(&x->v[i], patterns[i], e);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(x);
	return 0;
}

void tree_exclude_free(struct tree_exclude *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n; i++)
		strv_done(&x->v[i].names);
	free(x->v);
	free(x);
}

static struct pattern *find(const struct tree_exclude *x, const char *path)
{
	for (size_t i = 0; i < x->n; i++)
		if (pattern_matches(&x->v[i], path))
			return &x->v[i];
	return NULL;
}

bool tree_exclude_match(const struct tree_exclude *x, const char *path)
{
	return find(x, path) != NULL;
}

bool tree_exclude_test(struct tree_exclude *x, const char *path)
{
	struct pattern *p = find(x, path);

	if (p)
		p->count++;
	return p != NULL;
}

size_t tree_exclude_count(const struct tree_exclude *x, size_t index)
{
	return index < x->n ? x->v[index].count : 0;
}

static int apply(struct tree_exclude *x, struct tree *t, struct tree_node *dir, struct buf *path)
{
	size_t len = path->len;

	for (size_t i = 0; i < dir->n_children;) {
		struct tree_node *n = dir->children[i];
		buf_printf(path, "/%s", n->name);
		if (buf_failed(path))
			return -ENOMEM;
		struct pattern *p = find(x, buf_str(path));
		if (p) {
			size_t before = tree_count(t);
			tree_remove(t, n);
			p->count += before - tree_count(t);
		} else {
			int r = tree_is_dir(n) ? apply(x, t, n, path) : 0;
			if (r < 0)
				return r;
			i++;
		}
		path->len = len;
	}
	return 0;
}

int tree_exclude_apply(struct tree_exclude *x, struct tree *t, struct err *e)
{
	_cleanup_buf_ struct buf path = BUF_INIT;

	return apply(x, t, tree_root(t), &path) < 0 ? err_oom(e) : 0;
}
