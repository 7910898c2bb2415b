/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/fetch.h"

/* What a download of one package needs to know in its callbacks. */
struct wanted {
	struct cache *cache;
	const struct lock_package *package;
	char sha256[SHA256_HEX];
	struct cache_writer *writer;
};

static int begin(struct download *d, uint64_t *ret_offset, struct err *e)
{
	struct wanted *w = d->ctx;

	return cache_writer_begin(w->cache, w->sha256, w->package->size_bytes, &w->writer,
				  ret_offset, e);
}

static int write_some(struct download *d, const void *data, size_t len, struct err *e)
{
	struct wanted *w = d->ctx;

	return cache_writer_write(w->writer, data, len, e);
}

static int restart(struct download *d, struct err *e)
{
	struct wanted *w = d->ctx;

	return cache_writer_restart(w->writer, e);
}

static int commit(struct download *d, struct err *e)
{
	struct wanted *w = d->ctx;

	return cache_writer_commit(TAKE_PTR(w->writer), e);
}

static void give_up(struct download *d, bool keep)
{
	struct wanted *w = d->ctx;
	struct err ignored;

	if (!keep && cache_writer_restart(w->writer, &ignored) < 0)
		keep = true; /* the next try will find out */
	cache_writer_abort(TAKE_PTR(w->writer));
}

static const struct download_ops into_cache = {
	.begin = begin,
	.write = write_some,
	.restart = restart,
	.commit = commit,
	.abort = give_up,
};

static bool is_there(struct cache *cache, const struct lock_package *k)
{
	char hex[SHA256_HEX];

	hex_encode(k->sha256, SHA256_BYTES, hex);
	return cache_has_package(cache, hex, k->size_bytes);
}

size_t fetch_missing(const struct lock *l, struct cache *cache, uint64_t *ret_bytes)
{
	uint64_t bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n_packages; i++)
		if (!is_there(cache, &l->packages[i])) {
			bytes += l->packages[i].size_bytes;
			n++;
		}
	*ret_bytes = bytes;
	return n;
}

static int plan(const struct lock *l, const struct fetch_params *p, struct wanted *wanted,
		struct download *items, size_t *ret_n, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_packages; i++) {
		const struct lock_package *k = &l->packages[i];
		const char *base = mirror_set_url(p->mirrors, k->suite);
		if (is_there(p->cache, k))
			continue;
		if (!base)
			return err_set(e, -EINVAL,
				       "package %s: the recipe has no suite %s: run slipway lock",
				       k->name, k->suite);
		wanted[n] = (struct wanted){ .cache = p->cache, .package = k };
		hex_encode(k->sha256, SHA256_BYTES, wanted[n].sha256);
		items[n] = (struct download){ .base = base,
					      .path = k->path,
					      .size_bytes = k->size_bytes,
					      .ops = &into_cache,
					      .ctx = &wanted[n] };
		n++;
	}
	*ret_n = n;
	return 0;
}

static int explain(int rc, struct err *e)
{
	struct err why = *e;

	if (rc == -ENOENT)
		return err_set(e, rc,
			       "%.1500s; mirrors drop old versions: run slipway lock again, or "
			       "name a mirror that keeps them",
			       why.msg);
	if (rc == -EBADMSG)
		return err_set(e, rc,
			       "%.1500s; it is not in the cache; the mirror, or someone on the "
			       "way, serves something else than what was locked",
			       why.msg);
	return rc;
}

int fetch_packages(const struct lock *l, const struct fetch_params *p, struct err *e)
{
	_cleanup_free_ struct wanted *wanted = calloc(MAX(l->n_packages, 1), sizeof(*wanted));
	_cleanup_free_ struct download *items = calloc(MAX(l->n_packages, 1), sizeof(*items));
	size_t n = 0;

	if (!wanted || !items)
		return err_oom(e);
	int rc = plan(l, p, wanted, items, &n, e);
	if (rc < 0)
		return rc;
	rc = download_run(items, n,
			  &(struct download_params){ .limits = p->limits,
						     .what = "packages",
						     .progress = p->progress,
						     .cancel = p->cancel },
			  e);
	return rc < 0 ? explain(rc, e) : 0;
}
