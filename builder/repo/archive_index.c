/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The indices that a lock was made of: found by the digests that the lock names, in the archive, in the
 * cache, or on the mirror as long as that has not moved on.
 */
#include "builder/repo/archive_internal.h"

#include "base/utc.h"
#include "builder/repo/download.h"
#include "builder/repo/index.h"
#include "builder/repo/index_cache.h"
#include "builder/repo/index_load.h"

#define MAX_INDEX_BYTES (128 * MiB)

struct finder {
	struct archive *a;
	struct mirror_set *mirrors; /* resolved when first asked for */
	const char *arch;
};

static const struct recipe_repo *find_repo(const struct recipe *r, const char *suite)
{
	for (size_t i = 0; i < r->n_repos; i++)
		if (str_eq(r->repos[i].suite, suite))
			return &r->repos[i];
	return NULL;
}

static bool has_digest(const struct buf *b, const uint8_t sha256[SHA256_BYTES])
{
	uint8_t digest[SHA256_BYTES];

	sha256_bytes(b->data, b->len, digest);
	return memcmp(digest, sha256, sizeof(digest)) == 0;
}

static int read_archived(struct archive *a, const char *path, struct buf *ret, struct err *e)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	int fd = archive_open_file(a, path, e);
	int r = fd == -ENOENT ? 0 : fd < 0 ? fd : source_init_fd(&s, fd, e);

	if (r < 0 || fd == -ENOENT)
		return r;
	uint8_t *to = s.size_bytes <= MAX_INDEX_BYTES ? buf_grow(ret, s.size_bytes) : NULL;
	if (!to)
		return err_set(e, -EFBIG, "%s/%s is too large for an index", a->p->dir, path);
	r = source_pread(&s, 0, to, s.size_bytes, e);
	if (r == 0)
		ret->len = s.size_bytes;
	return r;
}

/* One address of the mirror. What is there and is something else counts as not there. */
static int ask_mirror(struct finder *f, const char *suite, const char *path,
		      const uint8_t sha256[SHA256_BYTES], struct buf *ret, struct err *e)
{
	const struct archive_params *p = f->a->p;

	if (!f->mirrors) {
		int r = mirror_set_new(p->recipe, p->mirror, NULL, &f->mirrors, e);
		if (r < 0)
			return r;
	}
	struct download item = { .base = mirror_set_url(f->mirrors, suite),
				 .path = path,
				 .size_bytes = UINT64_MAX,
				 .max_bytes = MAX_INDEX_BYTES,
				 .buf = ret,
				 .may_be_missing = true };
	int r = download_run(&item, 1,
			     &(struct download_params){
				     .what = "index", .progress = p->progress, .cancel = p->pool },
			     e);
	if (r == 0 && (item.missing || !has_digest(ret, sha256)))
		buf_done(ret);
	return r;
}

/* Where a file of a suite is, and which one it has to be. */
struct wanted {
	const struct lock_suite *suite;
	char *archived;	    /* path in the archive */
	char *addresses[2]; /* below the mirror's, the first that has it will do; may be NULL */
	const uint8_t *sha256;
};

static int not_found(const struct wanted *w, struct err *e)
{
	char date[UTC_CHARS];

	utc_format(w->suite->date, date);
	return err_set(e, -ENOENT,
		       "the index of %s that the lock names is not in the cache, and the mirror "
		       "has another by now: run slipway archive on the machine where the lock was "
		       "made, or lock anew, or keep the packages alone (--no-indices)",
		       date);
}

/* Adds it as a piece, and gives its content out, borrowed until the next piece. */
static int find(struct finder *f, struct wanted *w, const struct buf **ret, struct err *e)
{
	struct archive *a = f->a;
	_cleanup_buf_ struct buf b = BUF_INIT;
	int r = w->archived ? read_archived(a, w->archived, &b, e) : err_oom(e);

	if (r == 0 && b.len && !has_digest(&b, w->sha256))
		return archive_other_bytes(a, w->archived, e);
	if (r == 0 && !b.len)
		index_cache_get(a->p->cache_dir, w->sha256, &b);
	for (size_t i = 0; r == 0 && !b.len && i < ARRAY_SIZE(w->addresses); i++)
		if (w->addresses[i])
			r = ask_mirror(f, w->suite->suite, w->addresses[i], w->sha256, &b, e);
	if (r == 0 && !b.len)
		r = not_found(w, e);
	if (r == 0)
		r = archive_add_text(a, TAKE_PTR(w->archived), &b, e);
	if (r == 0)
		*ret = &a->pieces[a->n_pieces - 1].content;
	return r;
}

static void wanted_done(struct wanted *w)
{
	free(w->archived);
	free(w->addresses[0]);
	free(w->addresses[1]);
}

/* "indices/<suite>/20261121T100000Z-<digest>", which sorts by date, with characters for any file system. */
static char *index_dir(const struct lock_suite *s)
{
	char date[UTC_CHARS], hex[SHA256_HEX], *to = date;

	utc_format(s->date, date);
	for (const char *from = date; *from; from++)
		if (*from != '-' && *from != ':')
			*to++ = *from;
	*to = '\0';
	hex_encode(s->inrelease_sha256, SHA256_BYTES, hex);
	return str_printf(ARCHIVE_INDICES "/%s/%s-%.16s", s->suite, date, hex);
}

static int read_keyring(const char *path, struct buf *ret, struct err *e)
{
	_cleanup_source_ struct source in = SOURCE_INIT;

	int r = source_open(&in, path, e);
	if (r < 0)
		return err_wrap(e, r, "keyring");
	uint8_t *to = in.size_bytes <= MAX_INDEX_BYTES ? buf_grow(ret, in.size_bytes) : NULL;
	if (!to)
		return err_set(e, -EFBIG, "keyring %s is too large", path);
	r = source_pread(&in, 0, to, in.size_bytes, e);
	if (r == 0)
		ret->len = in.size_bytes;
	return r;
}

static bool has_piece(const struct archive *a, const char *path)
{
	for (size_t i = 0; i < a->n_pieces; i++)
		if (str_eq(a->pieces[i].path, path))
			return true;
	return false;
}

/*
 * The keyring that verifies the index, kept under its digest. One that was archived with this lock
 * before is as good: today's may have other keys as well.
 */
static int add_keyring(struct archive *a, const struct lock_suite *s, const char *path,
		       struct err *e)
{
	_cleanup_free_ char *link = str_printf("%s/keyrings/%s.gpg", a->lock_path, s->suite);
	_cleanup_free_ char *kept = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	int r = link ? read_keyring(path, &b, e) : err_oom(e);
	if (r < 0)
		return r;
	sha256_bytes(b.data, b.len, digest);
	hex_encode(digest, sizeof(digest), hex);
	kept = str_printf(ARCHIVE_KEYRINGS "/%s.gpg", hex);
	if (!kept)
		return err_oom(e);
	bool needed = faccessat(a->fd, link, F_OK, 0) < 0 && !has_piece(a, kept);
	r = archive_add_link(a, TAKE_PTR(link), strdup(kept), ARCHIVE_LINK_FIRST, e);
	return r < 0 || !needed ? r : archive_add_text(a, TAKE_PTR(kept), &b, e);
}

/* By the keyring that the recipe names now, as of the index's own date. */
static int verify(struct archive *a, const struct lock_suite *s, const struct buf *inrelease,
		  struct err *e)
{
	const struct recipe_repo *repo = find_repo(a->p->recipe, s->suite);
	_cleanup_strv_ struct strv signers = STRV_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;

	int r = release_verify(&(struct release_verify_params){ .inrelease = inrelease,
								.keyring = repo->keyring,
								.at = s->date },
			       &text, &signers, e);
	return r < 0 ? r : add_keyring(a, s, repo->keyring, e);
}

static int add_dists(struct archive *a, const struct lock_suite *s, const char *dir, struct err *e)
{
	int r = archive_add_link(a, str_printf("%s/dists/%s", a->lock_path, s->suite), strdup(dir),
				 ARCHIVE_LINK_FIXED, e);

	return r < 0 ? r
		     : archive_add_link(a, str_printf(ARCHIVE_DISTS "/%s", s->suite), strdup(dir),
					ARCHIVE_LINK_NEWEST, e);
}

static int add_inrelease(struct finder *f, const struct lock_suite *s, const char *dir,
			 struct err *e)
{
	struct wanted w = { .suite = s,
			    .archived = str_printf("%s/InRelease", dir),
			    .addresses = { str_printf("dists/%s/InRelease", s->suite) },
			    .sha256 = s->inrelease_sha256 };
	const struct buf *content;

	int r = w.addresses[0] ? find(f, &w, &content, e) : err_oom(e);
	wanted_done(&w);
	if (r == 0)
		r = verify(f->a, s, content, e);
	return r < 0 ? r : add_dists(f->a, s, dir, e);
}

static int add_packages(struct finder *f, const struct lock_suite *s, const char *dir,
			struct err *e)
{
	_cleanup_free_ char *name = str_printf("%s/binary-%s", s->component, f->arch);
	char hex[SHA256_HEX];

	hex_encode(s->packages_sha256, SHA256_BYTES, hex);
	if (!name)
		return err_oom(e);
	struct wanted w = { .suite = s,
			    .archived = str_printf("%s/%s/Packages.xz", dir, name),
			    .addresses = { str_printf("dists/%s/%s/by-hash/SHA256/%s", s->suite,
						      name, hex),
					   str_printf("dists/%s/%s/Packages.xz", s->suite, name) },
			    .sha256 = s->packages_sha256 };
	const struct buf *content;

	int r = w.addresses[0] && w.addresses[1] ? find(f, &w, &content, e) : err_oom(e);
	wanted_done(&w);
	return r;
}

static int add_suite(struct finder *f, size_t i, struct err *e)
{
	const struct lock_suite *s = &f->a->p->lock->suites[i];
	_cleanup_free_ char *dir = index_dir(s);

	if (!dir)
		return err_oom(e);
	if (!find_repo(f->a->p->recipe, s->suite))
		return err_set(e, -ESTALE, "the recipe has no such suite: run slipway lock");
	if (!index_path_ok(s->suite, strlen(s->suite)) ||
	    !index_path_ok(s->component, strlen(s->component)))
		return err_set(e, -EINVAL, "%s %s cannot be a path", s->suite, s->component);
	/* Sorted by suite: components of one have one InRelease. */
	int r = i && str_eq(s[-1].suite, s->suite) ? 0 : add_inrelease(f, s, dir, e);
	if (r == 0)
		r = add_packages(f, s, dir, e);
	return r;
}

int archive_plan_indices(struct archive *a, struct err *e)
{
	struct finder f = { .a = a, .arch = index_arch(a->p->lock->arch) };
	int r = f.arch ? 0
		       : err_set(e, -EINVAL, "no package repository has architecture %s",
				 a->p->lock->arch);

	for (size_t i = 0; r == 0 && i < a->p->lock->n_suites; i++) {
		r = add_suite(&f, i, e);
		if (r < 0)
			r = err_wrap(e, r, "suite %s", a->p->lock->suites[i].suite);
	}
	mirror_set_free(f.mirrors);
	return r;
}
