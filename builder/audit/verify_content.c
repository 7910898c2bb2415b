/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file of /usr: is it asked for or forbidden, is it a private key or another secret, also in a symlink or
 * an extended attribute? The tree is listed once; contents are read side by side, by a reader for each job.
 */
#include <limits.h>

#include "builder/audit/credentials.h"
#include "builder/audit/listing.h"
#include "builder/audit/secrets.h"
#include "builder/audit/verify_internal.h"
#include "builder/audit/verify_sbom.h"

#define FILE_BYTES_MAX (2 * GiB)
#define ALL_BYTES_MIN  GiB /* that are searched in any case */
#define ALL_TIMES_MAX  64  /* the filesystem: far beyond what compression makes of files */
#define JOBS_A_THREAD  4
#define NAMED_MAX      5 /* of what was found, by name */

struct search {
	struct verify *v;
	const struct source *src;
	const struct listing *files;
	size_t n_jobs;
	struct strv *found;		 /* n_jobs lists */
	uint8_t (*sha256)[SHA256_BYTES]; /* of each file; NULL: nobody asks */
};

/* One file, while it is searched. */
struct searched {
	const struct verify *v;
	const char *path;
	struct strv *found;
};

static int secret_found(void *ctx, const struct secret *s, struct err *e)
{
	struct searched *f = ctx;

	if (secret_is_known(s->id) || strv_contains(&f->v->p->policy->known_keys, s->id))
		return 0;
	return strv_addf(f->found, "%s: %s at its byte %zu, id %s", f->path, s->what, s->at,
			 s->id) < 0
		       ? err_oom(e)
		       : 0;
}

static int search_bytes(const struct verify *v, const char *path, struct span bytes,
			struct strv *found, struct err *e)
{
	struct searched f = { v, path, found };

	return bytes.len ? secrets_find(bytes.p, bytes.len, NULL, secret_found, &f, e) : 0;
}

int verify_search_file(const struct verify *v, const char *path, struct span content,
		       struct strv *found, struct err *e)
{
	const char *what = credential_in_file(path, content);

	if (what && strv_addf(found, "%s: %s", path, what) < 0)
		return err_oom(e);
	return search_bytes(v, path, content, found, e);
}

static int search_xattr(void *ctx, const char *name, const void *value, size_t len, struct err *e)
{
	const struct searched *f = ctx;
	_cleanup_free_ char *where = str_printf("%s, attribute %s", f->path, name);

	return where ? search_bytes(f->v, where, (struct span){ value, len }, f->found, e)
		     : err_oom(e);
}

static struct span all_of(const struct buf *b)
{
	return (struct span){ buf_str(b), b->len };
}

/* A file's content, or a symlink's target, of which the former stays in @content; and attributes of any. */
static int search_inode(struct searched *f, struct fs_reader *reader, const struct fs_stat *st,
			struct buf *content, struct err *e)
{
	int r = 0;

	content->len = 0;
	if (S_ISLNK(st->mode)) {
		if (st->size_bytes > PATH_MAX)
			return err_set(e, -EBADMSG, "a symlink of %llu bytes",
				       (unsigned long long)st->size_bytes);
		r = fs_reader_append(reader, st, content, e);
		if (r == 0)
			r = search_bytes(f->v, f->path, all_of(content), f->found, e);
	} else if (S_ISREG(st->mode)) {
		r = verify_read_file(reader, st, FILE_BYTES_MAX, content, e);
		if (r == 0)
			r = verify_search_file(f->v, f->path, all_of(content), f->found, e);
	}
	return r < 0 ? r : reader->ops->xattrs(reader, st->ino, search_xattr, f, e);
}

/* Every n_jobs-th file, so that jobs are of about the same size. */
static int search_some(void *ctx, size_t job, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_buf_ struct buf content = BUF_INIT;
	struct search *s = ctx;

	int r = fs_reader_open(s->src, &reader, e);
	for (size_t i = job; r == 0 && i < s->files->n; i += s->n_jobs) {
		const struct listed *l = &s->files->v[i];
		struct searched f = { s->v, l->path, &s->found[job] };
		r = pool_check(s->v->p->pool, e);
		if (r == 0)
			r = search_inode(&f, reader, &l->st, &content, e);
		if (r == 0 && s->sha256 && S_ISREG(l->st.mode))
			sha256_bytes(buf_str(&content), content.len, s->sha256[i]);
		if (r < 0)
			err_wrap(e, r, "/%s", l->path);
	}
	return r;
}

int verify_found(struct verify *v, enum verify_id id, struct strv *found, const char *good,
		 struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (found->n == 0)
		return verify_ok(v, id, e, "%s", good);
	strv_sort(found);
	for (size_t i = 0; i < MIN(found->n, NAMED_MAX); i++)
		buf_printf(&text, "%s%s", i ? "; " : "", found->v[i]);
	if (buf_failed(&text))
		return err_oom(e);
	return verify_fail(v, id, e, "%s%s", buf_str(&text),
			   found->n > NAMED_MAX ? "; and more" : "");
}

/* All that the jobs have found, in one list, whoever found it. */
static int gather(struct search *s, struct strv *ret, struct err *e)
{
	for (size_t i = 0; i < s->n_jobs; i++)
		for (size_t k = 0; k < s->found[i].n; k++)
			if (strv_take(ret, TAKE_PTR(s->found[i].v[k])) < 0)
				return err_oom(e);
	return 0;
}

static int search_all(struct search *s, struct err *e)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	char good[64];

	s->found = calloc(s->n_jobs, sizeof(*s->found));
	if (!s->found)
		return err_oom(e);
	int r = pool_run(s->v->p->pool, s->n_jobs, search_some, s, e);
	if (r == 0)
		r = gather(s, &found, e);
	for (size_t i = 0; i < s->n_jobs; i++)
		strv_done(&s->found[i]);
	free(s->found);
	if (r < 0)
		return verify_failed(s->v, VERIFY_SECRETS, r, e);
	snprintf(good, sizeof(good), "%zu files, directories and links: none", s->files->n);
	return verify_found(s->v, VERIFY_SECRETS, &found, good, e);
}

int verify_forbidden(struct verify *v, const char *path, struct strv *found, struct err *e)
{
	if (!policy_matches_path(&v->p->policy->forbidden_paths, path))
		return 0;
	return strv_addf(found, "%s is forbidden", path) < 0 ? err_oom(e) : 0;
}

/* Patterns are of paths on the running node. */
static int check_paths(struct verify *v, const struct listing *files, struct err *e)
{
	const struct strv *required = &v->p->policy->required_paths;
	_cleanup_free_ bool *there = calloc(required->n + 1, sizeof(*there));
	_cleanup_strv_ struct strv found = STRV_INIT;
	int r = there ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < files->n; i++) {
		_cleanup_free_ char *path = str_printf("/usr/%s", files->v[i].path);
		if (!path)
			return err_oom(e);
		r = verify_forbidden(v, path, &found, e);
		for (size_t k = 0; k < required->n; k++) {
			const struct strv one = { &required->v[k], 1, 1 };
			there[k] = there[k] || policy_matches_path(&one, path);
		}
	}
	for (size_t k = 0; r == 0 && k < required->n; k++)
		if (!there[k] && strv_addf(&found, "%s is required, and missing", required->v[k]))
			r = err_oom(e);
	return r < 0 ? r : verify_found(v, VERIFY_USR_PATHS, &found, "as the policy asks", e);
}

/* Holes and blocks that files share take no room, and time and memory to be read. */
static int check_sizes(const struct verify_slot *s, const struct listing *files, struct err *e)
{
	uint64_t all = 0, max = MAX(ALL_BYTES_MIN, ALL_TIMES_MAX * s->usr_src.size_bytes);

	for (size_t i = 0; i < files->n; i++)
		if (S_ISREG(files->v[i].st.mode) &&
		    (add_overflows(all, files->v[i].st.size_bytes, &all) || all > max))
			return err_set(e, -EBADMSG,
				       "its files hold more than %llu bytes, which is too much for "
				       "a filesystem of %llu",
				       (unsigned long long)max,
				       (unsigned long long)s->usr_src.size_bytes);
	return 0;
}

/* Digests are made where contents are read. */
static int search_with_sbom(struct search *search, struct verify_slot *s, struct err *e)
{
	_cleanup_(verify_sbom_free) struct verify_sbom *sbom = NULL;
	const struct listing *files = search->files;
	struct verify *v = search->v;

	int r = verify_sbom_read(s, &sbom, e);
	if (r < 0)
		r = verify_failed(v, VERIFY_USR_SBOM, r, e);
	else if (!sbom)
		r = verify_ok(v, VERIFY_USR_SBOM, e, "there is none");
	_cleanup_free_ uint8_t(*sha256)[SHA256_BYTES] = calloc(files->n, sizeof(*sha256));
	if (!sha256)
		return err_oom(e);
	search->sha256 = sbom ? sha256 : NULL;
	if (r == 0)
		r = search_all(search, e);
	return r == 0 && sbom ? verify_sbom_check(v, sbom, s, files, sha256, e) : r;
}

int verify_content(struct verify *v, struct verify_slot *s, struct err *e)
{
	struct listing files = { 0 };
	struct search search = { .v = v,
				 .src = &s->usr_src,
				 .files = &files,
				 .n_jobs = v->p->pool ? JOBS_A_THREAD * pool_n_threads(v->p->pool)
						      : 1 };

	int r = listing_walk(&files, s->usr, e);
	if (r == 0)
		r = check_sizes(s, &files, e);
	if (r < 0)
		r = verify_failed(v, VERIFY_USR_FILESYSTEM, r, e);
	else
		r = check_paths(v, &files, e);
	if (r == 0 && files.n)
		r = search_with_sbom(&search, s, e);
	listing_done(&files);
	return r;
}
