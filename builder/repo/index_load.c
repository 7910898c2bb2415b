/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/index_load.h"

#include "base/near.h"
#include "base/path.h"
#include "base/source.h"
#include "builder/repo/download.h"
#include "builder/repo/index_cache.h"
#include "stage1/package/unpack.h"

#define MAX_INRELEASE_BYTES (16 * MiB)
#define MAX_XZ_BYTES	    (128 * MiB)
#define MAX_PACKAGES_BYTES  (512 * MiB)

void index_set_done(struct index_set *s)
{
	for (size_t i = 0; i < s->n_indices; i++)
		index_free(s->indices[i]);
	for (size_t i = 0; i < s->n_releases; i++)
		release_free(s->releases[i]);
	free(s->indices);
	free(s->releases);
	*s = (struct index_set)INDEX_SET_INIT;
}

const char *index_arch(const char *recipe_arch)
{
	if (str_eq(recipe_arch, "x86-64"))
		return "amd64";
	return str_eq(recipe_arch, "arm64") ? "arm64" : NULL;
}

/* One file to download into memory. */
struct fetched {
	struct buf buf;
	char *path;    /* below the mirror's base */
	char *by_hash; /* NULL, or where it is asked for first */
	const struct release_file *file;
	const struct release_file *plain; /* of the same, not compressed; may be NULL */
	const struct release *release;
	const char *component;
	const char *base;
};

static void fetched_free(struct fetched *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_done(&f[i].buf);
		free(f[i].path);
		free(f[i].by_hash);
	}
	free(f);
}

static int download_all(const struct index_load_params *p, struct download *items, size_t n,
			struct err *e)
{
	return download_run(items, n,
			    &(struct download_params){
				    .what = "index", .progress = p->progress, .cancel = p->cancel },
			    e);
}

/* Nothing at the suite's address: a name that is wrong, or a mirror that is none. */
static int no_suite(const struct fetched *f, const char *suite, struct err *e)
{
	_cleanup_free_ char *near = mirror_near_suite(suite);

	if (near)
		return err_set(e, -ENOENT, "suite %s: there is no %s/%s; is it %s?", suite, f->base,
			       f->path, near);
	return err_set(e, -ENOENT,
		       "suite %s: there is no %s/%s: check the suite's name in the recipe, and "
		       "that this is a mirror's address",
		       suite, f->base, f->path);
}

static int get_inreleases(const struct index_load_params *p, struct fetched *f, struct err *e)
{
	const struct recipe *r = p->recipe;
	struct download *items = calloc(MAX(r->n_repos, 1), sizeof(*items));
	int rc = items ? 0 : err_oom(e);

	for (size_t i = 0; rc == 0 && i < r->n_repos; i++) {
		const char *suite = r->repos[i].suite;
		f[i].path = str_printf("dists/%s/InRelease", suite);
		f[i].base = mirror_set_url(p->mirrors, suite);
		if (!f[i].path)
			rc = err_oom(e);
		else if (!f[i].base)
			rc = err_set(e, -EINVAL, "suite %s: has no mirror", suite);
		items[i] = (struct download){ .base = f[i].base,
					      .path = f[i].path,
					      .size_bytes = UINT64_MAX,
					      .max_bytes = MAX_INRELEASE_BYTES,
					      .buf = &f[i].buf,
					      .may_be_missing = true };
	}
	if (rc == 0)
		rc = download_all(p, items, r->n_repos, e);
	for (size_t i = 0; rc == 0 && i < r->n_repos; i++)
		if (items[i].missing)
			rc = no_suite(&f[i], r->repos[i].suite, e);
	free(items);
	return rc;
}

static int keep(const struct index_load_params *p, const uint8_t sha256[SHA256_BYTES],
		const struct buf *content, struct err *e)
{
	return p->cache_dir ? index_cache_put(p->cache_dir, sha256, content, e) : 0;
}

static int take_release(const struct index_load_params *p, const struct recipe_repo *repo,
			const struct buf *inrelease, struct release **ret, struct err *e)
{
	_cleanup_(release_free) struct release *r = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_strv_ struct strv signers = STRV_INIT;

	int rc = release_verify(&(struct release_verify_params){ .inrelease = inrelease,
								 .keyring = repo->keyring,
								 .at = p->at },
				&text, &signers, e);
	if (rc == 0)
		rc = release_parse(buf_str(&text), text.len, repo->suite, p->at ? p->at : p->now,
				   &r, e);
	if (rc < 0)
		return err_wrap(e, rc, "suite %s", repo->suite);
	r->security = repo->security;
	r->signers = signers;
	signers = (struct strv)STRV_INIT;
	sha256_bytes(inrelease->data, inrelease->len, r->sha256);
	rc = keep(p, r->sha256, inrelease, e);
	if (rc == 0)
		*ret = TAKE_PTR(r);
	return rc;
}

static int load_releases(const struct index_load_params *p, struct index_set *s, struct err *e)
{
	const struct recipe *r = p->recipe;
	struct fetched *f = calloc(MAX(r->n_repos, 1), sizeof(*f));
	int rc = f ? get_inreleases(p, f, e) : err_oom(e);

	s->releases = calloc(MAX(r->n_repos, 1), sizeof(*s->releases));
	if (rc == 0 && !s->releases)
		rc = err_oom(e);
	for (size_t i = 0; rc == 0 && i < r->n_repos; i++) {
		rc = take_release(p, &r->repos[i], &f[i].buf, &s->releases[i], e);
		s->n_releases += rc == 0;
	}
	if (f)
		fetched_free(f, r->n_repos);
	return rc;
}

/* The security archive calls its components updates/main and so on, but serves them as main. */
static int list_components(const struct release *r, struct strv *ret)
{
	for (size_t i = 0; i < r->components.n; i++)
		if (strv_add(ret, path_last(r->components.v[i])) < 0)
			return -ENOMEM;
	return 0;
}

/* The index has other ones than the one that is asked for. */
static int not_among(const struct strv *known, const char *kind, const char *name, struct err *e)
{
	const char *near = near_name(name, (const char *const *)known->v, known->n);
	_cleanup_buf_ struct buf list = BUF_INIT;

	for (size_t i = 0; i < known->n; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", known->v[i]);
	if (near)
		return err_set(e, -ENOENT, "the index has no %s %s; is it %s?", kind, name, near);
	return err_set(e, -ENOENT, "the index has no %s %s; it has: %.1000s", kind, name,
		       buf_str(&list));
}

static int check_names(const struct release *r, const char *component, const char *arch,
		       struct err *e)
{
	_cleanup_strv_ struct strv components = STRV_INIT;

	if (list_components(r, &components) < 0)
		return err_oom(e);
	if (!strv_contains(&r->architectures, arch))
		return not_among(&r->architectures, "architecture", arch, e);
	return strv_contains(&components, component)
		       ? 0
		       : not_among(&components, "component", component, e);
}

static int name_files(const struct release *r, const char *component, const char *arch,
		      struct fetched *f, struct err *e)
{
	_cleanup_free_ char *plain = str_printf("%s/binary-%s/Packages", component, arch);
	_cleanup_free_ char *xz = str_printf("%s/binary-%s/Packages.xz", component, arch);
	char hex[SHA256_HEX];

	if (!plain || !xz)
		return err_oom(e);
	f->release = r;
	f->component = component;
	f->file = release_find(r, xz);
	f->plain = release_find(r, plain);
	int rc = check_names(r, component, arch, e);
	if (rc < 0)
		return rc;
	if (!f->file)
		return err_set(e, -ENOENT, "the index lists no %s: take another mirror", xz);
	if (f->file->size_bytes > MAX_XZ_BYTES)
		return err_set(e, -EBADMSG, "%s is too large: %llu bytes", xz,
			       (unsigned long long)f->file->size_bytes);
	hex_encode(f->file->sha256, SHA256_BYTES, hex);
	f->path = str_printf("dists/%s/%s", r->suite, xz);
	f->by_hash = str_printf("dists/%s/%s/binary-%s/by-hash/SHA256/%s", r->suite, component,
				arch, hex);
	return f->path && f->by_hash ? 0 : err_oom(e);
}

/* Those not in the cache: by digest first, as a mirror may be changing right now; then by name. */
static int get_packages(const struct index_load_params *p, struct fetched *f, size_t n,
			struct err *e)
{
	struct download *items = calloc(MAX(n, 1), sizeof(*items));
	int rc = items ? 0 : err_oom(e);

	for (int by_name = 0; rc == 0 && by_name < 2; by_name++) {
		size_t k = 0;
		for (size_t i = 0; i < n; i++) {
			if (f[i].buf.len || (!by_name && !f[i].release->by_hash))
				continue;
			items[k++] = (struct download){ .base = f[i].base,
							.path = by_name ? f[i].path : f[i].by_hash,
							.size_bytes = f[i].file->size_bytes,
							.sha256 = f[i].file->sha256,
							.buf = &f[i].buf,
							.may_be_missing = !by_name };
		}
		rc = download_all(p, items, k, e);
	}
	free(items);
	return rc;
}

static int take_index(struct fetched *f, const char *arch, struct index **ret, struct err *e)
{
	_cleanup_(index_free) struct index *x = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	uint64_t most = f->plain ? f->plain->size_bytes : MAX_PACKAGES_BYTES;
	struct source xz;

	source_init_bytes(&xz, f->buf.data, f->buf.len);
	int rc = unpack_to_buf(&xz, UNPACK_XZ, MIN(most, MAX_PACKAGES_BYTES), &text, e);
	if (rc < 0)
		return err_wrap(e, rc, "Packages.xz");
	rc = index_parse(&text, arch, &x, e);
	if (rc < 0)
		return rc;
	x->release = f->release;
	x->component = strdup(f->component);
	if (!x->component)
		return err_oom(e);
	memcpy(x->packages_sha256, f->file->sha256, SHA256_BYTES);
	*ret = TAKE_PTR(x);
	return 0;
}

static int plan_packages(const struct index_load_params *p, const struct index_set *s,
			 const char *arch, struct fetched *f, struct err *e)
{
	size_t k = 0;

	for (size_t i = 0; i < p->recipe->n_repos; i++) {
		const struct recipe_repo *repo = &p->recipe->repos[i];
		for (size_t c = 0; c < repo->components.n; c++, k++) {
			int rc = name_files(s->releases[i], repo->components.v[c], arch, &f[k], e);
			if (rc < 0)
				return err_wrap(e, rc, "suite %s", repo->suite);
			f[k].base = mirror_set_url(p->mirrors, repo->suite);
			if (p->cache_dir)
				index_cache_get(p->cache_dir, f[k].file->sha256, &f[k].buf);
		}
	}
	return 0;
}

static int load_indices(const struct index_load_params *p, const char *arch, struct index_set *s,
			struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < p->recipe->n_repos; i++)
		n += p->recipe->repos[i].components.n;
	struct fetched *f = calloc(MAX(n, 1), sizeof(*f));
	s->indices = calloc(MAX(n, 1), sizeof(*s->indices));
	int rc = f && s->indices ? plan_packages(p, s, arch, f, e) : err_oom(e);
	if (rc == 0)
		rc = get_packages(p, f, n, e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = pool_check(p->cancel, e);
		if (rc == 0)
			rc = keep(p, f[i].file->sha256, &f[i].buf, e);
		if (rc == 0)
			rc = take_index(&f[i], arch, &s->indices[i], e);
		if (rc < 0)
			rc = err_wrap(e, rc, "suite %s", f[i].release->suite);
		s->n_indices += rc == 0;
	}
	if (f)
		fetched_free(f, n);
	return rc;
}

int index_load_all(const struct index_load_params *p, struct index_set *ret, struct err *e)
{
	_cleanup_index_set_ struct index_set s = INDEX_SET_INIT;
	const char *arch = index_arch(p->recipe->arch);
	const struct recipe *r = p->recipe;

	if (!arch)
		return err_set(e, -EINVAL, "no package repository has architecture %s", r->arch);
	for (size_t i = 0; i < r->n_repos; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(r->repos[i].suite, r->repos[k].suite))
				return err_set(e, -EINVAL, "suite %s is listed twice",
					       r->repos[i].suite);
	int rc = load_releases(p, &s, e);
	if (rc == 0)
		rc = load_indices(p, arch, &s, e);
	if (rc < 0)
		return rc;
	*ret = s;
	s = (struct index_set)INDEX_SET_INIT;
	return 0;
}
