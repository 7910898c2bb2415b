/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/origins.h"

#include <sys/stat.h>

#include "builder/attest/sbom.h"
#include "builder/audit/artefacts.h"
#include "signing/json.h"

#define SUFFIX	   ".cdx.json"
#define FILE_MAX   (64 * MiB)
#define DEPTH_MAX  16
#define USR_PREFIX "/usr/"

/* @group: "" is that of packages */
static int add(struct image_origins *o, const char *path, const char *group, const char *name,
	       struct err *e)
{
	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 256;
		struct file_origin *v = reallocarray(o->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		o->v = v;
		o->cap = cap;
	}
	struct file_origin *to = &o->v[o->n++];
	*to = (struct file_origin){ strdup(path),
				    str_printf("%s%s%s", group, *group ? " " : "", name), !*group };
	return to->path && to->name ? 0 : err_oom(e);
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
		       ? json_object_get_string(v)
		       : "";
}

static struct json_object *components_of(struct json_object *o)
{
	struct json_object *v;

	return json_object_object_get_ex(o, "components", &v) &&
			       json_object_is_type(v, json_type_array)
		       ? v
		       : NULL;
}

/* A package has a purl; what has a group is none. Others are parts of the disk. */
static int take_component(struct image_origins *o, struct json_object *c, struct err *e)
{
	const char *group = text_of(c, "group"), *name = text_of(c, "name");
	bool told = *group || *text_of(c, "purl");
	struct json_object *files = told ? components_of(c) : NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && files && i < json_object_array_length(files); i++) {
		const char *path = text_of(json_object_array_get_idx(files, i), "name");
		if (str_has_prefix(path, USR_PREFIX))
			r = add(o, path + strlen(USR_PREFIX), group, name, e);
	}
	return r;
}

static int cmp_origins(const void *a, const void *b)
{
	const struct file_origin *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int take_document(struct image_origins *o, const struct buf *text, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *document = NULL;

	int r = json_read_line((const char *)text->data, text->len, DEPTH_MAX, &document, e);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	struct json_object *list = components_of(document);
	for (size_t i = 0; r == 0 && list && i < json_object_array_length(list); i++)
		r = take_component(o, json_object_array_get_idx(list, i), e);
	if (r == 0 && o->n)
		qsort(o->v, o->n, sizeof(*o->v), cmp_origins);
	return r;
}

int image_origins_read(const struct listing *usr, struct image_origins *ret, struct err *e)
{
	*ret = (struct image_origins){ 0 };
	for (size_t i = 0; i < usr->n; i++) {
		const struct listed *x = &usr->v[i];
		_cleanup_buf_ struct buf text = BUF_INIT;
		if (!str_has_prefix(x->path, SBOM_DIR "/") || !str_has_suffix(x->path, SUFFIX) ||
		    !S_ISREG(x->st.mode) || x->st.size_bytes > FILE_MAX)
			continue;
		int r = fs_read_path(usr->reader, x->path, FILE_MAX, &text, e);
		return r == -EBADMSG ? 0 : r < 0 ? r : take_document(ret, &text, e);
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
