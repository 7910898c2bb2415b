/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/packages.h"

#include <sys/stat.h>

#include "base/deb822.h"
#include "builder/audit/artefacts.h"

#define LIST_DIR    "lib/dpkg/status.d"
#define SUMS_SUFFIX ".md5sums"
#define FILE_MAX    (64 * MiB)
#define MD5_HEX	    32
#define USR_PREFIX  "usr/"

static char *field(struct span stanza, const char *name)
{
	struct span value;

	return deb822_get(stanza, name, &value) ? span_dup(value) : strdup("");
}

static int add_package(struct image_packages *p, const char *path, const struct buf *text,
		       struct err *e)
{
	struct span all = { (const char *)text->data, text->len }, stanza, more;

	if (!deb822_stanza(&all, &stanza))
		return err_set(e, -EBADMSG, "/%s: no package", path);
	if (deb822_stanza(&all, &more))
		return err_set(e, -EBADMSG, "/%s: more than one package", path);
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 128;
		struct image_package *v = reallocarray(p->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		p->v = v;
		p->cap = cap;
	}
	struct image_package *k = &p->v[p->n++];
	*k = (struct image_package){ field(stanza, "Package"), field(stanza, "Version"),
				     field(stanza, "Architecture"), 0, 0 };
	if (!k->name || !k->version || !k->arch)
		return err_oom(e);
	return *k->name && *k->version ? 0
				       : err_set(e, -EBADMSG, "/%s: no Package or Version", path);
}

static int add_file(struct image_packages *p, struct span path, size_t package, struct err *e)
{
	if (p->n_files == p->cap_files) {
		size_t cap = p->cap_files ? 2 * p->cap_files : 4096;
		struct owned_file *v = reallocarray(p->files, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		p->files = v;
		p->cap_files = cap;
	}
	char *copy = span_dup(path);
	if (!copy)
		return err_oom(e);
	p->files[p->n_files++] = (struct owned_file){ copy, package };
	return 0;
}

/* Lines of "<MD5>  usr/bin/env", in a file that is called after the package. */
static int add_sums(struct image_packages *p, const char *path, const struct buf *text,
		    struct err *e)
{
	struct span all = { (const char *)text->data, text->len }, line;
	const size_t skip = MD5_HEX + 2 + strlen(USR_PREFIX);
	const char *file = path + strlen(LIST_DIR "/");
	_cleanup_free_ char *name = strndup(file, strlen(file) - strlen(SUMS_SUFFIX));

	if (!name)
		return err_oom(e);
	const struct image_package *k = image_packages_find(p, name);
	if (!k)
		return err_set(e, -EBADMSG, "/%s: sums of no package", path);
	while (span_line(&all, &line)) {
		if (line.len <= skip ||
		    memcmp(line.p + MD5_HEX + 2, USR_PREFIX, strlen(USR_PREFIX)) != 0)
			continue;
		int r = add_file(p, (struct span){ line.p + skip, line.len - skip },
				 (size_t)(k - p->v), e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_listed(struct image_packages *p, const struct listing *usr, const char *path,
		       bool sums, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (str_has_suffix(path, SUMS_SUFFIX) != sums)
		return 0;
	int r = fs_read_path(usr->reader, path, FILE_MAX, &text, e);
	if (r < 0)
		return r;
	return sums ? add_sums(p, path, &text, e) : add_package(p, path, &text, e);
}

/* All packages first: that of a sums' name is looked up. */
static int read_all(struct image_packages *p, const struct listing *usr, bool sums, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < usr->n; i++)
		if (str_has_prefix(usr->v[i].path, LIST_DIR "/") && S_ISREG(usr->v[i].st.mode))
			r = read_listed(p, usr, usr->v[i].path, sums, e);
	return r;
}

static int cmp_files(const void *a, const void *b)
{
	const struct owned_file *x = a, *y = b;

	return listing_cmp_paths(x->path, y->path);
}

/* Both are in the same order. */
static void count_bytes(struct image_packages *p, const struct listing *usr)
{
	size_t i = 0;

	for (size_t k = 0; k < p->n_files; k++) {
		while (i < usr->n && listing_cmp_paths(usr->v[i].path, p->files[k].path) < 0)
			i++;
		if (i == usr->n || !str_eq(usr->v[i].path, p->files[k].path) ||
		    !S_ISREG(usr->v[i].st.mode))
			continue;
		p->v[p->files[k].package].bytes += usr->v[i].st.size_bytes;
		p->v[p->files[k].package].n_files++;
	}
}

int image_packages_read(const struct listing *usr, struct image_packages *ret, struct err *e)
{
	*ret = (struct image_packages){ 0 };
	int r = read_all(ret, usr, false, e);
	if (r == 0)
		r = read_all(ret, usr, true, e);
	if (r < 0)
		return r;
	if (ret->n_files)
		qsort(ret->files, ret->n_files, sizeof(*ret->files), cmp_files);
	count_bytes(ret, usr);
	return 0;
}

void image_packages_done(struct image_packages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].version);
		free(p->v[i].arch);
	}
	for (size_t i = 0; i < p->n_files; i++)
		free(p->files[i].path);
	free(p->v);
	free(p->files);
	*p = (struct image_packages){ 0 };
}

static int cmp_name(const void *key, const void *package)
{
	return strcmp(key, ((const struct image_package *)package)->name);
}

const struct image_package *image_packages_find(const struct image_packages *p, const char *name)
{
	return p->n ? bsearch(name, p->v, p->n, sizeof(*p->v), cmp_name) : NULL;
}

static int cmp_sizes(const void *a, const void *b)
{
	const struct image_package *const *x = a, *const *y = b;

	if ((*x)->bytes != (*y)->bytes)
		return (*x)->bytes < (*y)->bytes ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

const struct image_package **image_packages_by_size(const struct image_packages *p)
{
	const struct image_package **v = calloc(p->n + 1, sizeof(*v));

	for (size_t i = 0; v && i < p->n; i++)
		v[i] = &p->v[i];
	if (v)
		qsort(v, p->n, sizeof(*v), cmp_sizes);
	return v;
}

const struct image_package *image_packages_owner(const struct image_packages *p, const char *path)
{
	const struct owned_file key = { (char *)(uintptr_t)path, 0 };
	const struct owned_file *f =
		p->n_files ? bsearch(&key, p->files, p->n_files, sizeof(key), cmp_files) : NULL;

	return f ? &p->v[f->package] : NULL;
}
