/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/archive.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "builder/repo/archive_internal.h"
#include "builder/repo/fetch.h"
#include "builder/repo/index.h"

static void archive_done(struct archive *a)
{
	for (size_t i = 0; i < a->n_pieces; i++) {
		free(a->pieces[i].path);
		buf_done(&a->pieces[i].content);
	}
	for (size_t i = 0; i < a->n_links; i++) {
		free(a->links[i].path);
		free(a->links[i].target);
	}
	free(a->pieces);
	free(a->links);
	free(a->lock_path);
	if (a->fd >= 0)
		close(a->fd);
}

int archive_add_piece(struct archive *a, char *path, struct archive_piece **ret, struct err *e)
{
	struct archive_piece *v =
		path ? reallocarray(a->pieces, a->n_pieces + 1, sizeof(*v)) : NULL;

	if (!v) {
		free(path);
		return err_oom(e);
	}
	a->pieces = v;
	v[a->n_pieces] = (struct archive_piece){ .path = path };
	*ret = &v[a->n_pieces++];
	return 0;
}

int archive_add_text(struct archive *a, char *path, struct buf *content, struct err *e)
{
	struct archive_piece *n;
	int r = archive_add_piece(a, path, &n, e);

	if (r < 0)
		return r;
	if (buf_failed(content))
		return err_oom(e);
	sha256_bytes(content->data, content->len, n->sha256);
	n->content = *content;
	*content = (struct buf)BUF_INIT;
	return 0;
}

int archive_add_link(struct archive *a, char *path, char *target, enum archive_link_kind kind,
		     struct err *e)
{
	struct archive_link *v =
		path && target ? reallocarray(a->links, a->n_links + 1, sizeof(*v)) : NULL;

	if (!v) {
		free(path);
		free(target);
		return err_oom(e);
	}
	a->links = v;
	v[a->n_links++] = (struct archive_link){ path, target, kind };
	return 0;
}

/* The first name of a path. */
static char *top_of(const char *path)
{
	return strndup(path, strcspn(path, "/"));
}

/* Packages lie where the mirror has them; the lock's directory has links to there. */
static int check_path(const struct lock_package *k, const char *top, struct err *e)
{
	static const char *const taken[] = { ARCHIVE_LOCKS, ARCHIVE_INDICES, ARCHIVE_DISTS,
					     ARCHIVE_KEYRINGS, ARCHIVE_README };

	if (!index_path_ok(k->path, strlen(k->path)))
		return err_set(e, -EINVAL, "package %s: %s is no path of a mirror", k->name,
			       k->path);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (str_eq(top, taken[i]))
			return err_set(e, -EINVAL, "package %s: an archive has another use for %s/",
				       k->name, top);
	return 0;
}

static int link_top(struct archive *a, const char *top, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", a->lock_path, top);

	if (!path)
		return err_oom(e);
	for (size_t i = 0; i < a->n_links; i++)
		if (str_eq(a->links[i].path, path))
			return 0;
	return archive_add_link(a, TAKE_PTR(path), strdup(top), ARCHIVE_LINK_FIXED, e);
}

static int plan_packages(struct archive *a, struct err *e)
{
	const struct lock *l = a->p->lock;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n_packages; i++) {
		const struct lock_package *k = &l->packages[i];
		_cleanup_free_ char *top = top_of(k->path);
		struct archive_piece *n;
		r = top ? check_path(k, top, e) : err_oom(e);
		if (r == 0)
			r = archive_add_piece(a, strdup(k->path), &n, e);
		if (r < 0)
			return r;
		n->package = k;
		memcpy(n->sha256, k->sha256, SHA256_BYTES);
		a->total_bytes += k->size_bytes;
		r = link_top(a, top, e);
	}
	return r;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct archive_piece *)a)->path,
		      ((const struct archive_piece *)b)->path);
}

/* The order of the list, and no path twice: two repositories may have the same one. */
static int sort_pieces(struct archive *a, struct err *e)
{
	qsort(a->pieces, a->n_pieces, sizeof(*a->pieces), by_path);
	for (size_t i = 1; i < a->n_pieces; i++)
		if (by_path(&a->pieces[i - 1], &a->pieces[i]) == 0)
			return err_set(e, -EEXIST,
				       "two repositories of the lock have %s: they do not fit into "
				       "one archive",
				       a->pieces[i].path);
	return 0;
}

static int add_readme(struct archive *a, char *path, struct buf *text, struct err *e)
{
	int r = archive_add_text(a, path, text, e);

	if (r == 0)
		a->pieces[a->n_pieces - 1].any_content = true; /* an earlier slipway's is as good */
	return r;
}

static int add_sums(struct archive *a, const char *name, bool packages, struct err *e)
{
	_cleanup_buf_ struct buf sums = BUF_INIT;

	archive_sums(a, packages, &sums);
	return archive_add_text(a, str_printf("%s/%s.sha256", a->lock_path, name), &sums, e);
}

/* What says what the rest is; recipe.lock is the last piece. */
static int plan_texts(struct archive *a, struct buf *lock, struct err *e)
{
	_cleanup_buf_ struct buf readme = BUF_INIT, own = BUF_INIT;

	int r = add_sums(a, "packages", true, e);
	if (r == 0 && !a->p->no_indices)
		r = add_sums(a, "indices", false, e);
	archive_lock_readme(a, &own);
	if (r == 0)
		r = add_readme(a, str_printf("%s/" ARCHIVE_README, a->lock_path), &own, e);
	buf_append_str(&readme, archive_readme);
	if (r == 0)
		r = add_readme(a, strdup(ARCHIVE_README), &readme, e);
	if (r == 0)
		r = archive_add_text(a, str_printf("%s/recipe.lock", a->lock_path), lock, e);
	return r;
}

static int name_lock(struct archive *a, const struct buf *lock, struct archive_result *result,
		     struct err *e)
{
	char hex[SHA256_HEX];

	if (buf_failed(lock))
		return err_oom(e);
	sha256_bytes(lock->data, lock->len, result->lock_sha256);
	hex_encode(result->lock_sha256, SHA256_BYTES, hex);
	a->lock_path = str_printf(ARCHIVE_LOCKS "/%s_%s_%.16s", a->p->recipe->name,
				  a->p->recipe->version, hex);
	result->lock_path = a->lock_path ? strdup(a->lock_path) : NULL;
	return result->lock_path ? 0 : err_oom(e);
}

static int plan(struct archive *a, struct archive_result *result, struct err *e)
{
	_cleanup_buf_ struct buf lock = BUF_INIT;

	lock_format(a->p->lock, &lock);
	int r = name_lock(a, &lock, result, e);
	if (r == 0)
		r = plan_packages(a, e);
	if (r == 0 && !a->p->no_indices)
		r = archive_plan_indices(a, e);
	if (r == 0)
		r = sort_pieces(a, e);
	if (r == 0)
		r = plan_texts(a, &lock, e);
	return r < 0 ? r : archive_check(a, e);
}

/* Those packages that neither the archive nor the cache has. */
static int fetch(const struct archive *a, struct err *e)
{
	const struct archive_params *p = a->p;
	_cleanup_(mirror_set_free) struct mirror_set *mirrors = NULL;
	_cleanup_free_ struct lock_package *wanted =
		calloc(MAX(p->lock->n_packages, 1), sizeof(*wanted));
	struct lock some = *p->lock;
	uint64_t bytes;

	if (!wanted)
		return err_oom(e);
	some.packages = wanted;
	some.n_packages = 0;
	for (size_t i = 0; i < a->n_pieces; i++)
		if (a->pieces[i].package && !a->pieces[i].there)
			wanted[some.n_packages++] = *a->pieces[i].package;
	if (fetch_missing(&some, p->cache, &bytes) == 0)
		return 0;
	int r = mirror_set_new(p->recipe, p->mirror, NULL, &mirrors, e);
	if (r < 0)
		return r;
	const struct fetch_params fp = {
		.mirrors = mirrors, .cache = p->cache, .progress = p->progress, .cancel = p->pool
	};
	return fetch_packages(&some, &fp, e);
}

static int open_dir(struct archive *a, struct err *e)
{
	if (mkdir(a->p->dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "archive %s", a->p->dir);
	a->fd = open(a->p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return a->fd < 0 ? err_sys(e, -errno, "archive %s", a->p->dir) : 0;
}

static int run(struct archive *a, struct archive_result *result, struct err *e)
{
	int r = open_dir(a, e);

	if (r == 0)
		r = plan(a, result, e);
	if (r == 0)
		r = fetch(a, e);
	for (size_t i = 0; r == 0 && i < a->n_pieces; i++) {
		const struct archive_piece *n = &a->pieces[i];
		result->n_added += !n->there;
		result->added_bytes += n->there	    ? 0
				       : n->package ? n->package->size_bytes
						    : n->content.len;
	}
	return r < 0 ? r : archive_write(a, e);
}

int archive_lock(const struct archive_params *p, struct archive_result *ret, struct err *e)
{
	struct archive_result result = { 0 };
	struct archive a = { .p = p, .fd = -1 };

	int r = run(&a, &result, e);
	archive_done(&a);
	if (r == 0)
		*ret = result;
	else
		free(result.lock_path);
	return r;
}
