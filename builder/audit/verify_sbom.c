/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SBOM in /usr, against /usr: each file and symlink is in it, once, as it is, and nothing else. The
 * SBOMs themselves are in none: they cannot tell their own digests.
 */
#include "builder/attest/sbom.h"
#include "builder/audit/artefacts.h"
#include "builder/audit/verify_sbom.h"
#include "signing/json.h"

#define FILE_BYTES_MAX (64 * MiB)
#define DEPTH_MAX      16
#define USR_PREFIX     "/usr/"

/* Texts are the document's. */
struct entry {
	const char *path;   /* "lib/os-release"; of what is not of /usr with its slash */
	const char *sha256; /* NULL: not told */
	const char *target; /* of a symlink; NULL: it is none */
	bool seen;
};

struct verify_sbom {
	struct json_object *document;
	char *name; /* of itself and its like, less their suffixes */
	struct entry *v;
	size_t n, cap; /* by path */
};

void verify_sbom_free(struct verify_sbom *s)
{
	if (!s)
		return;
	json_object_put(s->document);
	free(s->name);
	free(s->v);
	free(s);
}

static struct json_object *list_of(struct json_object *o, const char *key)
{
	struct json_object *list;

	return json_object_object_get_ex(o, key, &list) &&
			       json_object_is_type(list, json_type_array)
		       ? list
		       : NULL;
}

/* What one of a list of pairs says: NULL: there is none of that name */
static const char *find_pair(struct json_object *o, const char *list_name, const char *key,
			     const char *name, const char *value)
{
	struct json_object *list = list_of(o, list_name);
	const char *has, *text;
	struct err ignored;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *pair = json_object_array_get_idx(list, i);
		if (json_object_is_type(pair, json_type_object) &&
		    json_read_string(pair, key, &has, &ignored) == 0 && str_eq(has, name) &&
		    json_read_string(pair, value, &text, &ignored) == 0)
			return text;
	}
	return NULL;
}

static int add(struct verify_sbom *s, struct json_object *file, struct err *e)
{
	const char *name;

	if (!json_object_is_type(file, json_type_object))
		return err_set(e, -EBADMSG, "a file is no object");
	int r = json_read_string(file, "name", &name, e);
	if (r < 0)
		return r;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 1024;
		struct entry *v = reallocarray(s->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = (struct entry){
		.path = str_has_prefix(name, USR_PREFIX) ? name + strlen(USR_PREFIX) : name,
		.sha256 = find_pair(file, "hashes", "alg", "SHA-256", "content"),
		.target = find_pair(file, "properties", "name", "slipway:symlink", "value"),
	};
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* Files are in the components that they are from. */
static int read_entries(struct verify_sbom *s, struct err *e)
{
	struct json_object *list = list_of(s->document, "components");
	int r = 0;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *c = json_object_array_get_idx(list, i);
		struct json_object *files =
			json_object_is_type(c, json_type_object) ? list_of(c, "components") : NULL;
		for (size_t k = 0; r == 0 && files && k < json_object_array_length(files); k++)
			r = add(s, json_object_array_get_idx(files, k), e);
	}
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_path);
	return r;
}

int verify_sbom_read(const struct verify_slot *slot, struct verify_sbom **ret, struct err *e)
{
	_cleanup_(verify_sbom_free) struct verify_sbom *s = calloc(1, sizeof(*s));
	_cleanup_free_ char *path = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (!s)
		return err_oom(e);
	s->name = str_printf(SBOM_DIR "/%s", slot->image_id ? slot->image_id : "");
	path = s->name ? str_printf("%s.cdx.json", s->name) : NULL;
	if (!path)
		return err_oom(e);
	int r = fs_read_path(slot->usr, path, FILE_BYTES_MAX, &text, e);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = json_read_line(buf_str(&text), text.len, DEPTH_MAX, &s->document, e);
	if (r == 0)
		r = read_entries(s, e);
	if (r < 0)
		return err_wrap(e, r, "/usr/%s", path);
	*ret = TAKE_PTR(s);
	return 0;
}

static bool is_sbom(const struct verify_sbom *s, const char *path)
{
	return str_has_prefix(path, s->name) && (str_eq(path + strlen(s->name), ".cdx.json") ||
						 str_eq(path + strlen(s->name), ".spdx.json"));
}

/* Return: 1 it is what is listed; 0 it is not; what reading returns */
static int is_as_listed(struct fs_reader *usr, const struct listed *x, const uint8_t *sha256,
			const struct entry *entry, struct err *e)
{
	_cleanup_buf_ struct buf target = BUF_INIT;
	char hex[SHA256_HEX];

	if (S_ISREG(x->st.mode)) {
		hex_encode(sha256, SHA256_BYTES, hex);
		return !entry->target && entry->sha256 && str_eq(entry->sha256, hex);
	}
	if (!S_ISLNK(x->st.mode) || !entry->target)
		return 0;
	int r = fs_reader_append(usr, &x->st, &target, e);
	return r < 0 ? r : str_eq(entry->target, buf_str(&target));
}

static int compare(struct verify_sbom *s, struct fs_reader *usr, const struct listed *x,
		   const uint8_t *sha256, struct strv *found, struct err *e)
{
	const struct entry key = { .path = x->path };
	struct entry *entry = s->n ? bsearch(&key, s->v, s->n, sizeof(key), by_path) : NULL;

	if (S_ISDIR(x->st.mode) || is_sbom(s, x->path))
		return 0;
	int r = entry ? is_as_listed(usr, x, sha256, entry, e) : 0;
	if (entry)
		entry->seen = true;
	if (r != 0)
		return MIN(r, 0);
	return strv_addf(found, "/usr/%s is not %s", x->path, entry ? "as listed" : "listed") < 0
		       ? err_oom(e)
		       : 0;
}

static int compare_all(struct verify_sbom *s, struct fs_reader *usr, const struct listing *files,
		       const uint8_t (*sha256)[SHA256_BYTES], struct strv *found, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++)
		r = compare(s, usr, &files->v[i], sha256[i], found, e);
	for (size_t i = 0; r == 0 && i < s->n; i++)
		if (!s->v[i].seen &&
		    strv_addf(found, "%s is listed, and not there, or twice", s->v[i].path) < 0)
			r = err_oom(e);
	return r;
}

int verify_sbom_check(struct verify *v, struct verify_sbom *s, struct fs_reader *usr,
		      const struct listing *files, const uint8_t (*sha256)[SHA256_BYTES],
		      struct err *e)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	char good[64];

	int r = compare_all(s, usr, files, sha256, &found, e);
	if (r < 0)
		return verify_failed(v, VERIFY_USR_SBOM, r, e);
	snprintf(good, sizeof(good), "%zu files and symlinks, all of them as listed", s->n);
	return verify_found(v, VERIFY_USR_SBOM, &found, good, e);
}
