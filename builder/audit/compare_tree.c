/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/compare_tree.h"

#include <inttypes.h>

#include "builder/attest/sbom.h"
#include "builder/stages/cmdline.h"

#define IN_MEMORY_MAX \
	(512 * MiB) /* contents that are looked into; of larger ones the offset is told */
#define READ_BYTES (256 * KiB)
#define TARGET_MAX 4096

/* Was a file of the initrd taken from /usr, and does the same thing differ there? */
static bool came_from_usr(const struct compare *c, const char *path, const char *what)
{
	const char *rest = path, *dir = "";

	if (str_eq(path, "etc/initrd-release"))
		rest = "lib/os-release";
	else if (str_has_prefix(path, "usr/"))
		rest = path + 4;
	else if (str_has_prefix(path, "etc/"))
		dir = "share/factory/";
	else
		return false;
	_cleanup_free_ char *key = str_printf("%s%s %s", dir, rest, what);
	return key && compare_usr_changed(c, key);
}

/* In /usr it is remembered; in what was made of /usr it is a consequence if it is the same there. */
int compare_tree_add(struct compare *c, const struct trees *t, const char *path,
		     const struct finding *f, struct err *e)
{
	struct finding copy = *f;
	const char *what = str_has_prefix(f->field, "content") ? "content" : f->field;
	_cleanup_free_ char *key = str_printf("%s %s", path, what);

	if (!key)
		return err_oom(e);
	if (t->is_usr && strv_add(&c->usr_changed, key) < 0)
		return err_oom(e);
	if (t->from_usr && came_from_usr(c, path, what))
		copy.kind = DIFF_FROM_USR;
	return compare_add(c, &copy, e);
}

static int read_some(const struct listing *l, const struct listed *x, uint64_t off, void *data,
		     size_t len, struct err *e)
{
	size_t got = 0;

	if (!l->reader) {
		memcpy(data, x->data + off, len);
		return 0;
	}
	int r = l->reader->ops->read(l->reader, x->st.ino, off, data, len, &got, e);
	if (r == 0 && got != len)
		r = err_set(e, -EINVAL, "%s: shorter than it should be", x->path);
	return r;
}

/* The two contents piece by piece, which is quicker than to load all of them. */
static int contents_equal(const struct pair *p, bool *ret, struct err *e)
{
	_cleanup_free_ uint8_t *data = malloc(2 * READ_BYTES);
	uint64_t size = p->x[0]->st.size_bytes;

	*ret = size == p->x[1]->st.size_bytes;
	if (!data)
		return err_oom(e);
	for (uint64_t at = 0; *ret && at < size; at += READ_BYTES) {
		size_t n = (size_t)MIN(READ_BYTES, size - at);
		int r = read_some(p->t->l[0], p->x[0], at, data, n, e);
		if (r == 0)
			r = read_some(p->t->l[1], p->x[1], at, data + READ_BYTES, n, e);
		if (r < 0)
			return r;
		*ret = memcmp(data, data + READ_BYTES, n) == 0;
	}
	return 0;
}

static int load(const struct listing *l, const struct listed *x, uint8_t **copy, struct source *ret,
		struct err *e)
{
	size_t len = (size_t)MIN(x->st.size_bytes, IN_MEMORY_MAX);

	if (!l->reader) {
		source_init_bytes(ret, x->data, len);
		return 0;
	}
	*copy = malloc(len + 1);
	if (!*copy)
		return err_oom(e);
	int r = read_some(l, x, 0, *copy, len, e);
	if (r == 0)
		source_init_bytes(ret, *copy, len);
	return r;
}

/* Of a file of /usr, and what is taken from there, the kind of what is found in it matters. */
static int compare_file(struct compare *c, const struct pair *p, struct err *e)
{
	_cleanup_free_ uint8_t *copy_a = NULL, *copy_b = NULL;
	_cleanup_free_ char *key = str_printf("%s content", p->x[0]->path);
	struct source a = SOURCE_INIT, b = SOURCE_INIT;
	bool equal = false;

	int r = key ? contents_equal(p, &equal, e) : err_oom(e);
	if (r < 0 || equal)
		return r;
	r = load(p->t->l[0], p->x[0], &copy_a, &a, e);
	if (r == 0)
		r = load(p->t->l[1], p->x[1], &copy_b, &b, e);
	if (r < 0)
		return r;
	if (p->t->is_usr && strv_add(&c->usr_changed, key) < 0)
		return err_oom(e);
	if (p->t->is_usr && str_has_prefix(p->x[0]->path, SBOM_DIR "/"))
		return compare_bytes(c, &a, &b, DIFF_LISTED, e);
	if (p->t->from_usr && came_from_usr(c, p->x[0]->path, "content"))
		return compare_bytes(c, &a, &b, DIFF_FROM_USR, e);
	if (p->t->from_usr && str_eq(p->x[0]->path, CMDLINE_PATTERN_PATH))
		return compare_bytes(c, &a, &b, DIFF_CMDLINE, e);
	size_t before = diff_report_total(c->report);
	r = compare_content(c, &a, &b, e);
	if (r == 0 && diff_report_total(c->report) == before)
		r = compare_add(c,
				&(struct finding){ DIFF_CONTENT, "content", "it differs past",
						   "its first 512 MiB" },
				e);
	return r;
}

static int read_target(const struct listing *l, const struct listed *x, char *out, struct err *e)
{
	size_t len = (size_t)MIN(x->st.size_bytes, TARGET_MAX);

	int r = read_some(l, x, 0, out, len, e);
	out[len] = '\0';
	return r;
}

static int compare_targets(struct compare *c, const struct pair *p, struct err *e)
{
	char a[TARGET_MAX + 1], b[TARGET_MAX + 1];

	int r = read_target(p->t->l[0], p->x[0], a, e);
	if (r == 0)
		r = read_target(p->t->l[1], p->x[1], b, e);
	if (r < 0 || str_eq(a, b))
		return r;
	return compare_tree_add(c, p->t, p->x[0]->path,
				&(struct finding){ DIFF_CONTENT, "target", a, b }, e);
}

static int compare_pair(struct compare *c, const struct pair *p, struct err *e)
{
	uint32_t a = p->x[0]->st.mode, b = p->x[1]->st.mode;

	if ((a & S_IFMT) != (b & S_IFMT))
		return compare_tree_add(c, p->t, p->x[0]->path,
					&(struct finding){ DIFF_CONTENT, "type", fs_type_name(a),
							   fs_type_name(b) },
					e);
	int r = compare_attributes(c, p, e);
	if (r == 0 && S_ISREG(a))
		r = compare_file(c, p, e);
	if (r == 0 && S_ISLNK(a))
		r = compare_targets(c, p, e);
	return r;
}

static int skip_xattr(void *ctx unused_, const char *name unused_, const void *value unused_,
		      size_t len unused_, struct err *e unused_)
{
	return 0;
}

/* All that is compared of one, for the error in it. */
static int try_reading(const struct listing *l, const struct listed *x, struct err *e)
{
	_cleanup_free_ uint8_t *data = malloc(READ_BYTES);
	uint64_t size = S_ISREG(x->st.mode) || S_ISLNK(x->st.mode) ? x->st.size_bytes : 0;

	if (!data)
		return err_oom(e);
	int r = l->reader ? l->reader->ops->xattrs(l->reader, x->st.ino, skip_xattr, NULL, e) : 0;
	for (uint64_t at = 0; r == 0 && at < size; at += READ_BYTES)
		r = read_some(l, x, at, data, (size_t)MIN(READ_BYTES, size - at), e);
	return r;
}

/* What cannot be read is a difference. */
static int compare_readable(struct compare *c, const struct pair *p, struct err *e)
{
	struct err why[2] = { 0 };
	int r = compare_pair(c, p, e), bad[2];

	if (r != -EINVAL && r != -EBADMSG)
		return r;
	for (int w = 0; w < 2; w++)
		bad[w] = try_reading(p->t->l[w], p->x[w], &why[w]);
	if (!bad[0] && !bad[1])
		return r;
	r = bad[0] ? compare_damaged(c, 0, bad[0], &why[0]) : 0;
	if (r == 0 && bad[1])
		r = compare_damaged(c, 1, bad[1], &why[1]);
	return r;
}

static bool lies_below(const char *path, const char *dir)
{
	return dir && (!*dir || (str_has_prefix(path, dir) && path[strlen(dir)] == '/'));
}

/* Something that only one has; of a directory the directory, not all that is in it. */
static int compare_single(struct compare *c, const struct pair *p, const char *missing_dir,
			  struct err *e)
{
	const struct listed *x = p->x[0] ? p->x[0] : p->x[1];
	struct finding f = { DIFF_MISSING, "entry", NULL, NULL };

	if (p->x[0])
		f.a = fs_type_name(x->st.mode);
	else
		f.b = fs_type_name(x->st.mode);
	if (!lies_below(x->path, missing_dir))
		return compare_tree_add(c, p->t, x->path, &f, e);
	_cleanup_free_ char *key = str_printf("%s entry", x->path);
	if (p->t->is_usr && (!key || strv_add(&c->usr_changed, key) < 0))
		return err_oom(e);
	return 0;
}

static bool is_uki(const struct listed *x)
{
	return str_has_prefix(x->path, "EFI/Linux/") && str_has_suffix(x->path, ".efi");
}

static int cmp_path(const void *key, const void *x)
{
	return listing_cmp_paths(key, ((const struct listed *)x)->path);
}

static bool is_listed(const struct listing *l, const char *path)
{
	return l->n && bsearch(path, l->v, l->n, sizeof(*l->v), cmp_path);
}

/* The only UKI of one listing whose name the other does not have; NULL if there are more or none. */
static const struct listed *sole_uki(const struct listing *l, const struct listing *other)
{
	const struct listed *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		if (!is_uki(&l->v[i]) || is_listed(other, l->v[i].path))
			continue;
		if (found)
			return NULL;
		found = &l->v[i];
	}
	return found;
}

/* A UKI under another name: names hold the version, and the count of boots that are left. */
static int compare_renamed(struct compare *c, const struct pair *p, struct err *e)
{
	int r = compare_add(
		c, &(struct finding){ DIFF_LABEL, "name", p->x[0]->path, p->x[1]->path }, e);

	return r < 0 ? r : compare_pair(c, p, e);
}

/* The next path in their order: of one, or of both. */
static struct pair next_pair(const struct trees *t, size_t i[2])
{
	struct pair p = { t,
			  { i[0] < t->l[0]->n ? &t->l[0]->v[i[0]] : NULL,
			    i[1] < t->l[1]->n ? &t->l[1]->v[i[1]] : NULL } };
	int order = !p.x[0] ? 1 : !p.x[1] ? -1 : listing_cmp_paths(p.x[0]->path, p.x[1]->path);

	if (order < 0)
		p.x[1] = NULL;
	else if (order > 0)
		p.x[0] = NULL;
	i[0] += p.x[0] != NULL;
	i[1] += p.x[1] != NULL;
	return p;
}

/* What only one has, if it is not the UKI that the other has under another name. */
static int compare_unpaired(struct compare *c, const struct pair *p, const struct pair *ukis,
			    const char **missing_dir, struct err *e)
{
	const struct listed *x = p->x[0] ? p->x[0] : p->x[1];

	if (ukis->x[0] && ukis->x[1] && (x == ukis->x[0] || x == ukis->x[1]))
		return x == ukis->x[0] ? compare_renamed(c, ukis, e) : 0;
	int r = compare_single(c, p, *missing_dir, e);
	if (S_ISDIR(x->st.mode) && !lies_below(x->path, *missing_dir))
		*missing_dir = x->path;
	return r;
}

int compare_trees(struct compare *c, const struct trees *t, struct err *e)
{
	struct pair ukis = { t, { NULL, NULL } };
	const char *missing_dir = NULL;
	size_t i[2] = { 0, 0 };
	int r = 0;

	if (t->is_esp) {
		ukis.x[0] = sole_uki(t->l[0], t->l[1]);
		ukis.x[1] = sole_uki(t->l[1], t->l[0]);
	}
	while (r == 0 && (i[0] < t->l[0]->n || i[1] < t->l[1]->n)) {
		struct pair p = next_pair(t, i);
		size_t mark = compare_enter(c, "/%s", (p.x[0] ? p.x[0] : p.x[1])->path);
		if (p.x[0] && p.x[1])
			r = compare_readable(c, &p, e);
		else
			r = compare_unpaired(c, &p, &ukis, &missing_dir, e);
		compare_leave(c, mark);
	}
	if (t->is_usr) {
		strv_sort(&c->usr_changed);
		strv_uniq(&c->usr_changed);
	}
	return r;
}
