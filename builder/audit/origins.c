/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/origins.h"

#include <sys/stat.h>

#include "builder/attest/sbom.h"
#include "builder/audit/inner_sbom.h"

/* A package has a purl; what has a group is none. Others are parts of the disk. */
static int take_file(struct image_origins *o, const struct inner_sbom *s,
		     const struct inner_file *f, struct err *e)
{
	const struct inner_package *p = inner_sbom_package(s, f->from);

	if (!p || (!*p->group && !*p->purl))
		return 0;
	struct file_origin *to = &o->v[o->n++];
	*to = (struct file_origin){ strdup(f->path),
				    str_printf("%s%s%s", p->group, *p->group ? " " : "", p->name),
				    !*p->group };
	return to->path && to->name ? 0 : err_oom(e);
}

static int take_files(struct image_origins *o, const struct inner_sbom *s, struct err *e)
{
	o->v = calloc(s->n_files + 1, sizeof(*o->v));
	int r = o->v ? 0 : err_oom(e);
	for (size_t i = 0; r == 0 && i < s->n_files; i++)
		r = take_file(o, s, &s->files[i], e);
	return r;
}

int image_origins_read(const struct listing *usr, struct image_origins *ret, struct err *e)
{
	_cleanup_(inner_sbom_free) struct inner_sbom *s = NULL;

	*ret = (struct image_origins){ 0 };
	for (size_t i = 0; i < usr->n; i++) {
		const struct listed *x = &usr->v[i];
		if (!str_has_prefix(x->path, SBOM_DIR "/") || !S_ISREG(x->st.mode) ||
		    !str_has_suffix(x->path, inner_sbom_suffix(INNER_CYCLONEDX)))
			continue;
		int r = inner_sbom_read(usr->reader, x->path, INNER_CYCLONEDX, &s, e);
		if (r == 0)
			return take_files(ret, s, e);
		return r == -EBADMSG || r == -EFBIG ? 0 : r;
	}
	return 0;
}

void image_origins_done(struct image_origins *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->v[i].path);
		free(o->v[i].name);
	}
	free(o->v);
	*o = (struct image_origins){ 0 };
}

static int cmp_origins(const void *a, const void *b)
{
	const struct file_origin *x = a, *y = b;

	return strcmp(x->path, y->path);
}

const struct file_origin *image_origins_find(const struct image_origins *o, const char *path)
{
	const struct file_origin key = { (char *)(uintptr_t)path, NULL, false };

	return o->n ? bsearch(&key, o->v, o->n, sizeof(key), cmp_origins) : NULL;
}

static int cmp_names(const void *a, const void *b)
{
	const struct origin_size *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int cmp_sizes(const void *a, const void *b)
{
	const struct origin_size *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return cmp_names(a, b);
}

/* Those of one name become one. Return: how many are left */
static size_t add_up(struct origin_size *v, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (!left || !str_eq(v[left - 1].name, v[i].name)) {
			v[left++] = v[i];
			continue;
		}
		v[left - 1].bytes += v[i].bytes;
		v[left - 1].n_files++;
	}
	return left;
}

int image_origins_sizes(const struct image_origins *o, const struct listing *usr,
			struct origin_size **ret, size_t *ret_n, struct err *e)
{
	struct origin_size *v = calloc(usr->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_oom(e);
	for (size_t i = 0; i < usr->n; i++) {
		const struct fs_stat *st = &usr->v[i].st;
		const struct file_origin *f = image_origins_find(o, usr->v[i].path);
		if (f && !f->package)
			v[n++] = (struct origin_size){ f->name,
						       S_ISREG(st->mode) ? st->size_bytes : 0, 1 };
	}
	qsort(v, n, sizeof(*v), cmp_names);
	n = add_up(v, n);
	qsort(v, n, sizeof(*v), cmp_sizes);
	*ret = v;
	*ret_n = n;
	return 0;
}
