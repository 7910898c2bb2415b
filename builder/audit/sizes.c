/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/sizes.h"

#include "base/path.h"

#include <search.h>
#include <sys/stat.h>

static int cmp_inodes(const void *a, const void *b)
{
	const struct fs_stat *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void forget(void *inode unused_)
{
}

/* Is it the first name of its file that is met? */
static int is_first(void **seen, const struct fs_stat *st, bool *ret, struct err *e)
{
	const struct fs_stat *const *x = NULL;

	*ret = true;
	if (st->nlink < 2)
		return 0;
	x = tsearch(st, seen, cmp_inodes);
	if (!x)
		return err_oom(e);
	*ret = *x == st;
	return 0;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return n == 0 || (strncmp(path, dir, n) == 0 && path[n] == '/');
}

static int set_own(struct sized *s, void **seen, struct err *e)
{
	bool first;

	s->name = path_last(s->entry->path);
	int r = is_first(seen, &s->entry->st, &first, e);
	if (r == 0 && first && S_ISREG(s->entry->st.mode))
		s->bytes = s->entry->st.size_bytes;
	return r;
}

/* From the end on: an entry is whole when its parents are met. */
static void add_up(struct sized *v, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		v[i].end = i + 1;
		if (!S_ISDIR(v[i].entry->st.mode))
			continue;
		while (v[i].end < n && is_below(v[v[i].end].entry->path, v[i].entry->path)) {
			const struct sized *child = &v[v[i].end];
			v[i].bytes += child->bytes;
			v[i].n_entries += 1 + child->n_entries;
			v[i].end = child->end;
		}
	}
}

int sizes_of(const struct listing *l, struct sized **ret, struct err *e)
{
	_cleanup_free_ struct sized *v = calloc(l->n + 1, sizeof(*v));
	void *seen = NULL;
	int r = v ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		v[i].entry = &l->v[i];
		r = set_own(&v[i], &seen, e);
	}
	tdestroy(seen, forget);
	if (r < 0)
		return r;
	add_up(v, l->n);
	*ret = TAKE_PTR(v);
	return 0;
}

static int cmp_sizes(const void *a, const void *b)
{
	const struct sized *const *x = a, *const *y = b;

	if ((*x)->bytes != (*y)->bytes)
		return (*x)->bytes < (*y)->bytes ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

int sizes_children(const struct sized *v, size_t i, bool by_size, const struct sized ***ret,
		   size_t *ret_n, struct err *e)
{
	size_t n = 0;

	for (size_t k = i + 1; k < v[i].end; k = v[k].end)
		n++;
	const struct sized **list = calloc(n + 1, sizeof(*list));
	if (!list)
		return err_oom(e);
	n = 0;
	for (size_t k = i + 1; k < v[i].end; k = v[k].end)
		list[n++] = &v[k];
	if (by_size)
		qsort(list, n, sizeof(*list), cmp_sizes);
	*ret = list;
	*ret_n = n;
	return 0;
}
