/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/fetch.h"

/* What a download of one package needs to know in its callbacks. */
struct wanted {
	struct fetch_store *store;
	const struct lock_package *package;
};

static int begin(struct download *d, struct err *e)
{
	struct wanted *w = d->ctx;

	return w->store->begin(w->store, w->package->sha256, &d->fd, e);
}

static int commit(struct download *d, struct err *e)
{
	struct wanted *w = d->ctx;

	return w->store->commit(w->store, w->package->sha256, w->package->size_bytes,
				TAKE_FD(d->fd), e);
}

static void abort_one(struct download *d, bool keep)
{
	struct wanted *w = d->ctx;

	w->store->abort(w->store, w->package->sha256, TAKE_FD(d->fd), keep);
}

size_t fetch_missing(const struct lock *l, struct fetch_store *store, uint64_t *ret_bytes)
{
	uint64_t bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n_packages; i++)
		if (!store->has(store, l->packages[i].sha256, l->packages[i].size_bytes)) {
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
		if (p->store->has(p->store, k->sha256, k->size_bytes))
			continue;
		if (!base)
			return err_set(e, -EINVAL,
				       "package %s: the recipe has no suite %s: run slipway lock",
				       k->name, k->suite);
		wanted[n] = (struct wanted){ .store = p->store, .package = k };
		items[n] = (struct download){ .base = base,
					      .path = k->path,
					      .size_bytes = k->size_bytes,
					      .sha256 = k->sha256,
					      .begin = begin,
					      .commit = commit,
					      .abort = abort_one,
					      .fd = -1,
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
			       "%.1500s; nothing of it was kept: the mirror, or someone on the "
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
