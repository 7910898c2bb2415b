/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of two versions of /usr. */
#include <sys/stat.h>

#include "base/path.h"
#include "builder/audit/changes_internal.h"

#define STEP_BYTES (256 * KiB)
#define LIST_DIR   "lib/dpkg/status.d/"
#define TARGET_MAX 4096

struct files {
	struct changes *c;
	uint8_t *steps[2];
};

/* A file's content or a link's target, from an offset on. */
static int read_step(const struct files *f, int w, const struct listed *x, uint64_t at,
		     size_t *ret_len, struct err *e)
{
	struct fs_reader *r = f->c->s[w]->usr.reader;

	*ret_len = 0;
	int n = r->ops->read(r, x->st.ino, at, f->steps[w], STEP_BYTES, ret_len, e);
	return n < 0 ? err_wrap(e, n, "/%s", x->path) : 0;
}

static int same_content(const struct files *f, const struct listed *const x[2], bool *ret,
			struct err *e)
{
	uint64_t at = 0, size = x[0]->st.size_bytes;
	size_t len[2] = { 1, 1 };

	*ret = size == x[1]->st.size_bytes;
	if (!S_ISREG(x[0]->st.mode) && !S_ISLNK(x[0]->st.mode)) {
		*ret = S_ISDIR(x[0]->st.mode) || (x[0]->st.rdev_major == x[1]->st.rdev_major &&
						  x[0]->st.rdev_minor == x[1]->st.rdev_minor);
		return 0;
	}
	while (*ret && at < size && len[0]) {
		for (int w = 0; w < 2; w++) {
			int r = read_step(f, w, x[w], at, &len[w], e);
			if (r < 0)
				return r;
		}
		*ret = len[0] == len[1] && memcmp(f->steps[0], f->steps[1], len[0]) == 0;
		at += len[0];
	}
	return 0;
}

static int same_xattrs(const struct files *f, const struct listed *const x[2], bool *ret,
		       struct err *e)
{
	_cleanup_strv_ struct strv a = STRV_INIT, b = STRV_INIT;

	int r = listing_xattrs(&f->c->s[0]->usr, x[0], &a, e);
	if (r == 0)
		r = listing_xattrs(&f->c->s[1]->usr, x[1], &b, e);
	*ret = a.n == b.n;
	for (size_t i = 0; r == 0 && *ret && i < a.n; i++)
		*ret = str_eq(a.v[i], b.v[i]);
	return r;
}

/* The words for what differs; "" if nothing does. */
static int describe(const struct files *f, const struct listed *const x[2], char *out, size_t size,
		    struct err *e)
{
	const struct fs_stat *a = &x[0]->st, *b = &x[1]->st;
	bool content = false, xattrs = true, type = (a->mode & S_IFMT) == (b->mode & S_IFMT);
	int r = type ? same_content(f, x, &content, e) : 0;

	if (r == 0)
		r = same_xattrs(f, x, &xattrs, e);
	snprintf(out, size, "%s%s%s%s%s", type ? "" : ", type", content || !type ? "" : ", content",
		 !type || (a->mode & 07777) == (b->mode & 07777) ? "" : ", mode",
		 a->uid == b->uid && a->gid == b->gid ? "" : ", owner", xattrs ? "" : ", xattrs");
	return r;
}

/* A package's entry in the list of packages, and its list of files, are as good as files of it. */
static const struct image_package *owner_of_list(const struct image_packages *p, const char *file)
{
	_cleanup_free_ char *name = strdup(file);

	if (name && str_has_suffix(name, ".md5sums"))
		name[strlen(name) - strlen(".md5sums")] = '\0';
	return name ? image_packages_find(p, name) : NULL;
}

/* So is a link that is the start of the name that it leads to: libx.so.1 to libx.so.1.2. */
static const struct image_package *owner_of_link(const struct files *f, int w,
						 const struct listed *x)
{
	const char *base = path_last(x->path);
	struct err e;
	size_t len;

	if (!S_ISLNK(x->st.mode) || read_step(f, w, x, 0, &len, &e) < 0 || !len ||
	    len > TARGET_MAX || memchr(f->steps[w], '/', len) || len < strlen(base) ||
	    memcmp(f->steps[w], base, strlen(base)) != 0)
		return NULL;
	_cleanup_free_ char *target = str_printf("%.*s%.*s", (int)(base - x->path), x->path,
						 (int)len, (const char *)f->steps[w]);
	return target ? image_packages_owner(&f->c->s[w]->packages, target) : NULL;
}

/* The list of packages does not know links and configuration files, but the SBOM does. */
static const struct image_package *owner_of(const struct files *f, int w, const struct listed *x,
					    const struct file_origin *origin)
{
	const struct image_packages *p = &f->c->s[w]->packages;

	if (str_has_prefix(x->path, LIST_DIR))
		return owner_of_list(p, x->path + strlen(LIST_DIR));
	if (origin)
		return origin->package ? image_packages_find(p, origin->name) : NULL;
	const struct image_package *k = image_packages_owner(p, x->path);
	return k ? k : owner_of_link(f, w, x);
}

/* Is it of a package that is not in both in one version? */
static bool follows(const struct files *f, const struct image_package *k)
{
	const struct image_package *a = image_packages_find(&f->c->s[0]->packages, k->name);
	const struct image_package *b = image_packages_find(&f->c->s[1]->packages, k->name);

	return !a || !b || !str_eq(a->version, b->version);
}

static int set_side(struct change *x, int w, const struct listed *l, struct err *e)
{
	char **text = w ? &x->b : &x->a;

	*text = str_printf("%s %04o %u:%u", fs_type_name(l->st.mode), l->st.mode & 07777, l->st.uid,
			   l->st.gid);
	x->bytes[w] = S_ISREG(l->st.mode) ? l->st.size_bytes : 0;
	return *text ? 0 : err_oom(e);
}

/*
 * Whose it is: B's word goes first. It follows from a package's change only if it is of one wherever it is:
 * what an overlay puts over a package's file does not.
 */
static int set_owner(const struct files *f, const struct listed *const x[2], struct change *to,
		     struct err *e)
{
	bool all_follow = true;
	int r = 0;

	for (int w = 1; r == 0 && w >= 0; w--) {
		if (!x[w])
			continue;
		const struct file_origin *origin =
			image_origins_find(&f->c->s[w]->origins, x[w]->path);
		const struct image_package *owner = owner_of(f, w, x[w], origin);
		all_follow = all_follow && owner && follows(f, owner);
		if (to->package || to->origin)
			continue;
		if (owner)
			r = changes_text(&to->package, owner->name, e);
		else if (origin)
			r = changes_text(origin->package ? &to->package : &to->origin, origin->name,
					 e);
	}
	to->follows = all_follow;
	return r;
}

static int add_file(const struct files *f, const struct listed *const x[2], const char *how,
		    struct err *e)
{
	_cleanup_free_ char *path = str_printf(CHANGES_PREFIX "%s", (x[0] ? x[0] : x[1])->path);
	struct change *to = path ? changes_add(&f->c->sections[CHANGES_FILES], path, e) : NULL;
	int r = to ? 0 : err_oom(e);

	for (int w = 0; r == 0 && w < 2; w++)
		r = x[w] ? set_side(to, w, x[w], e) : 0;
	if (r == 0)
		r = set_owner(f, x, to, e);
	return r == 0 && how ? changes_text(&to->how, how, e) : r;
}

static int compare_pair(const struct files *f, const struct listed *const x[2], struct err *e)
{
	char how[64];

	int r = describe(f, x, how, sizeof(how), e);
	return r < 0 || !*how ? r : add_file(f, x, how + strlen(", "), e);
}

/* A directory that is in one only is told by what is in it, if anything is. */
static bool is_told(const struct listing *l, size_t i)
{
	size_t len = strlen(l->v[i].path);

	return !S_ISDIR(l->v[i].st.mode) || i + 1 == l->n ||
	       strncmp(l->v[i + 1].path, l->v[i].path, len) != 0 || l->v[i + 1].path[len] != '/';
}

static int compare_all(const struct files *f, struct pool *pool, struct err *e)
{
	const struct listing *l[] = { &f->c->s[0]->usr, &f->c->s[1]->usr };
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < l[0]->n || k < l[1]->n)) {
		const struct listed *a = i < l[0]->n ? &l[0]->v[i] : NULL;
		const struct listed *b = k < l[1]->n ? &l[1]->v[k] : NULL;
		int order = !a ? 1 : !b ? -1 : listing_cmp_paths(a->path, b->path);
		if (order == 0)
			r = compare_pair(f, (const struct listed *const[]){ a, b }, e);
		else if (order < 0 && is_told(l[0], i))
			r = add_file(f, (const struct listed *const[]){ a, NULL }, NULL, e);
		else if (order > 0 && is_told(l[1], k))
			r = add_file(f, (const struct listed *const[]){ NULL, b }, NULL, e);
		i += order <= 0;
		k += order >= 0;
		if (r == 0)
			r = pool_check(pool, e);
	}
	return r;
}

int changes_files(struct changes *c, struct pool *pool, struct err *e)
{
	_cleanup_free_ uint8_t *a = malloc(STEP_BYTES), *b = malloc(STEP_BYTES);

	struct files f = { .c = c, .steps = { a, b } };

	if (!a || !b)
		return err_oom(e);
	return compare_all(&f, pool, e);
}
