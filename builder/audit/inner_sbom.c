/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/inner_sbom_internal.h"

#include "builder/attest/sbom.h"
#include "builder/audit/artefacts.h"
#include "signing/json.h"

#define FILE_BYTES_MAX (64 * MiB)
#define DEPTH_MAX      16

static const struct {
	const char *suffix;
	int (*take)(struct inner_sbom *s, struct err *e);
} formats[] = {
	[INNER_CYCLONEDX] = { SBOM_CYCLONEDX_SUFFIX, inner_take_cyclonedx },
	[INNER_SPDX] = { SBOM_SPDX_SUFFIX, inner_take_spdx },
};

const char *inner_sbom_suffix(enum inner_format format)
{
	return formats[format].suffix;
}

void inner_sbom_free(struct inner_sbom *s)
{
	if (!s)
		return;
	json_object_put(s->document);
	free(s->packages);
	free(s->files);
	free(s);
}

int inner_reserve(struct inner_sbom *s, size_t n_packages, size_t n_files, struct err *e)
{
	s->packages = calloc(n_packages + 1, sizeof(*s->packages));
	s->files = calloc(n_files + 1, sizeof(*s->files));
	return s->packages && s->files ? 0 : err_oom(e);
}

int inner_read_optional(struct json_object *o, const char *key, const char **ret, struct err *e)
{
	if (json_object_object_get_ex(o, key, NULL))
		return json_read_string(o, key, ret, e);
	*ret = "";
	return 0;
}

int inner_read_pair(struct json_object *o, const struct inner_pair *pair, const char **ret,
		    struct err *e)
{
	const char *name, *value, *found = NULL;
	struct json_object *list;
	size_t n = json_find_list(o, pair->list, &list);

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		int r = json_read_string(one, pair->key, &name, e);
		if (r == 0)
			r = json_read_string(one, pair->value, &value, e);
		if (r == 0 && found && str_eq(name, pair->name))
			r = err_set(e, -EBADMSG, "two of its %s are called %s", pair->list, name);
		if (r < 0)
			return r;
		if (str_eq(name, pair->name))
			found = value;
	}
	*ret = found ? found : "";
	return 0;
}

int inner_read_after(const char *text, const char *prefix, const char **ret, struct err *e)
{
	if (!str_has_prefix(text, prefix))
		return err_set(e, -EBADMSG, "\"%s\" does not begin with %s", text, prefix);
	*ret = text + strlen(prefix);
	return 0;
}

/* Both kinds begin with what they are known by. */
static int by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int sort(void *all, size_t n, size_t size, struct err *e)
{
	const char *v = all;

	if (n)
		qsort(all, n, size, by_key);
	for (size_t i = 1; i < n; i++)
		if (by_key(v + (i - 1) * size, v + i * size) == 0)
			return err_set(e, -EBADMSG, "%s is told of twice",
				       *(const char *const *)(const void *)(v + i * size));
	return 0;
}

static int take(struct inner_sbom *s, struct err *e)
{
	int r = formats[s->format].take(s, e);

	if (r == 0)
		r = sort(s->packages, s->n_packages, sizeof(*s->packages), e);
	return r < 0 ? r : sort(s->files, s->n_files, sizeof(*s->files), e);
}

int inner_sbom_read(struct fs_reader *usr, const char *path, enum inner_format format,
		    struct inner_sbom **ret, struct err *e)
{
	_cleanup_(inner_sbom_free) struct inner_sbom *s = calloc(1, sizeof(*s));
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (!s)
		return err_oom(e);
	s->format = format;
	int r = fs_read_path(usr, path, FILE_BYTES_MAX, &text, e);
	if (r < 0)
		return r;
	r = json_read_line(buf_str(&text), text.len, DEPTH_MAX, &s->document, e);
	if (r == 0)
		r = take(s, e);
	if (r < 0)
		return err_wrap(e, r, "/%s", path);
	*ret = TAKE_PTR(s);
	return 0;
}

const struct inner_file *inner_sbom_file(const struct inner_sbom *s, const char *path)
{
	return s->n_files ? bsearch(&path, s->files, s->n_files, sizeof(*s->files), by_key) : NULL;
}

const struct inner_package *inner_sbom_package(const struct inner_sbom *s, const char *id)
{
	return s->n_packages
		       ? bsearch(&id, s->packages, s->n_packages, sizeof(*s->packages), by_key)
		       : NULL;
}
