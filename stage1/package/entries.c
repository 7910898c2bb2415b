/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data archive becomes entries, whose contents are stretches of the mapped archive. */
#include "stage1/package/deb_internal.h"

#include <sys/stat.h>

#include "stage1/package/tar.h"
#include "stage1/package/tar_pax.h"

#define MAX_ENTRIES    250000
#define MAX_NAME_BYTES 255

void package_entries_free(struct package *p)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		struct package_entry *n = &p->entries[i];
		free(n->path);
		free(n->target);
		blob_unref(n->blob);
		package_xattrs_free(n->xattrs, n->n_xattrs);
	}
	free(p->entries);
	p->entries = NULL;
	p->n_entries = 0;
	p->newest_mtime = 0;
}

static int check_path(const char *path, struct err *e)
{
	if (strlen(path) > TAR_MAX_PATH_BYTES)
		return err_set(e, -EBADMSG, "%.60s...: a path of %zu bytes, and %d are the most",
			       path, strlen(path), TAR_MAX_PATH_BYTES);
	if (!tar_name_is_plain(path))
		return err_set(e, -EBADMSG, "a control character in a path");
	for (const char *name = path; *name;) {
		size_t len = strcspn(name, "/");
		if (len == 2 && name[0] == '.' && name[1] == '.')
			return err_set(e, -EBADMSG,
				       "%s: \"..\" in a path, which may lead out of the image",
				       path);
		if (len > MAX_NAME_BYTES)
			return err_set(e, -EBADMSG,
				       "%.60s...: a name of %zu bytes, and %d are the most", name,
				       len, MAX_NAME_BYTES);
		name += len + strspn(name + len, "/");
	}
	return 0;
}

int package_path_clean(char *path, struct err *e)
{
	const char *from = path;
	char *to = path;

	int r = check_path(path, e);
	if (r < 0)
		return r;
	for (;;) {
		from += strspn(from, "/");
		size_t len = strcspn(from, "/");
		if (len == 0)
			break;
		if (len == 1 && from[0] == '.') {
			from += len;
			continue;
		}
		if (to != path)
			*to++ = '/';
		memmove(to, from, len);
		to += len;
		from += len;
	}
	*to = '\0';
	return 0;
}

static uint32_t type_bits(enum tar_type type)
{
	switch (type) {
	case TAR_SYMLINK:
		return S_IFLNK;
	case TAR_CHAR_DEVICE:
		return S_IFCHR;
	case TAR_BLOCK_DEVICE:
		return S_IFBLK;
	case TAR_DIRECTORY:
		return S_IFDIR;
	case TAR_FIFO:
		return S_IFIFO;
	default:
		return S_IFREG;
	}
}

/* What an archive says must be relative, as all that dpkg-deb makes is. */
static int clean_relative(char *path, struct err *e)
{
	if (path[0] == '/')
		return err_set(e, -EBADMSG, "%s: an absolute path, which leads out of the image",
			       path);
	return package_path_clean(path, e);
}

/* Moves what @t holds into @ret. Return: 1; 0 it is the root, which is left out. */
static int convert(struct tar_entry *t, struct mapping *m, struct package_entry *ret, struct err *e)
{
	struct package_entry n = {
		.mode = type_bits(t->type) | t->mode,
		.uid = t->uid,
		.gid = t->gid,
		.mtime = t->mtime,
		.rdev_major = t->rdev_major,
		.rdev_minor = t->rdev_minor,
		.is_hard_link = t->type == TAR_HARD_LINK,
	};

	int r = clean_relative(t->path, e);
	if (r == 0 && n.is_hard_link) {
		r = clean_relative(t->target, e);
		if (r < 0)
			r = err_wrap(e, r, "%s: target of a hard link", t->path);
	}
	if (r < 0)
		return r;
	if (!t->path[0] && t->type != TAR_DIRECTORY)
		return err_set(e, -EBADMSG, "the root is not a directory");
	if (!t->path[0])
		return 0;
	if (t->type == TAR_FILE) {
		n.blob = blob_new_mapped(m, t->offset, t->size_bytes);
		if (!n.blob)
			return err_oom(e);
	}
	n.path = TAKE_PTR(t->path);
	n.target = TAKE_PTR(t->target);
	n.xattrs = TAKE_PTR(t->xattrs);
	n.n_xattrs = t->n_xattrs;
	t->n_xattrs = 0;
	*ret = n;
	return 1;
}

static int read_all(struct package *p, struct mapping *m, struct err *e)
{
	struct tar t = { .data = m->data, .len = m->len };
	size_t cap = 0;

	for (;;) {
		_cleanup_tar_entry_ struct tar_entry n = { 0 };
		int r = tar_next(&t, &n, e);
		if (r <= 0)
			return r;
		if (p->n_entries == cap) {
			if (cap >= MAX_ENTRIES)
				return err_set(e, -EFBIG, "more than %d files", MAX_ENTRIES);
			cap = cap ? MIN(2 * cap, MAX_ENTRIES) : 64;
			void *v = reallocarray(p->entries, cap, sizeof(*p->entries));
			if (!v)
				return err_oom(e);
			p->entries = v;
		}
		r = convert(&n, m, &p->entries[p->n_entries], e);
		if (r < 0)
			return r;
		p->newest_mtime = MAX(p->newest_mtime, n.mtime);
		p->n_entries += (size_t)r;
	}
}

static int by_path(const void *a, const void *b)
{
	const struct package_entry *x = *(struct package_entry *const *)a;
	const struct package_entry *y = *(struct package_entry *const *)b;
	int c = strcmp(x->path, y->path);

	return c ? c : x < y ? -1 : x > y;
}

/* The first entry of this path. */
static struct package_entry *find(struct package_entry **sorted, size_t n, const char *path)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (strcmp(sorted[mid]->path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && str_eq(sorted[lo]->path, path) ? sorted[lo] : NULL;
}

/* No path twice, but for directories. */
static int check_repeats(struct package_entry **sorted, size_t n, struct err *e)
{
	for (size_t i = 1; i < n; i++)
		if (str_eq(sorted[i - 1]->path, sorted[i]->path) &&
		    !(S_ISDIR(sorted[i - 1]->mode) && S_ISDIR(sorted[i]->mode)))
			return err_set(e, -EBADMSG, "%s is there twice", sorted[i]->path);
	return 0;
}

/* Each hard link gets the index of the file; links to links are followed by what those have got. */
static int resolve_links(struct package *p, struct package_entry **sorted, struct err *e)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		struct package_entry *n = &p->entries[i];
		if (!n->is_hard_link)
			continue;
		struct package_entry *to = find(sorted, p->n_entries, n->target);
		if (!to || to >= n)
			return err_set(e, -EBADMSG,
				       "%s is a hard link to %s, which is not an entry before it",
				       n->path, n->target);
		if (to->is_hard_link)
			to = &p->entries[to->link_to];
		if (S_ISDIR(to->mode))
			return err_set(e, -EBADMSG, "%s is a hard link to a directory", n->path);
		n->link_to = (size_t)(to - p->entries);
	}
	return 0;
}

int package_read_entries(struct package *p, struct mapping *m, struct err *e)
{
	_cleanup_free_ struct package_entry **sorted = NULL;

	int r = read_all(p, m, e);
	if (r == 0 && p->n_entries) {
		sorted = calloc(p->n_entries, sizeof(*sorted));
		if (!sorted)
			r = err_oom(e);
	}
	if (r == 0 && sorted) {
		for (size_t i = 0; i < p->n_entries; i++)
			sorted[i] = &p->entries[i];
		qsort(sorted, p->n_entries, sizeof(*sorted), by_path);
		r = check_repeats(sorted, p->n_entries, e);
		if (r == 0)
			r = resolve_links(p, sorted, e);
	}
	if (r < 0)
		package_entries_free(p);
	return r;
}
