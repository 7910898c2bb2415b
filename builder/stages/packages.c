/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock's packages, from the cache or an archive, read side by side. */
#include "builder/repo/archive.h"
#include "builder/stages/build.h"

struct reading {
	struct build *b;
	const struct lock_package **by_size; /* largest first: no long one is left to the end */
};

static int larger_first(const void *a, const void *b)
{
	const struct lock_package *x = *(const struct lock_package *const *)a;
	const struct lock_package *y = *(const struct lock_package *const *)b;

	if (x->size_bytes != y->size_bytes)
		return x->size_bytes > y->size_bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int open_cached(const struct build *b, const struct lock_package *lp, const char *hex,
		       struct source *ret, struct err *e)
{
	int fd = cache_package_open(b->p.cache, hex, lp->size_bytes, e);

	if (fd == -ENOENT)
		return err_set(e, -ENOENT,
			       "package %s %s is not in the cache: run slipway fetch %s", lp->name,
			       lp->version, b->p.recipe->dir);
	return fd < 0 ? fd : source_init_fd(ret, fd, e);
}

/* A package that does not read has been damaged in the cache since it was fetched, or was made so. */
static int explain(const struct build *b, const struct lock_package *lp, const char *hex,
		   struct err *e)
{
	if (!b->p.packages_dir && !cache_package_check(b->p.cache, hex))
		return err_set(
			e, -EBADMSG,
			"package %s %s: its file in the cache was damaged and is gone now: run "
			"slipway fetch %s",
			lp->name, lp->version, b->p.recipe->dir);
	return err_wrap(
		e, -EBADMSG,
		"package %s %s is broken as it was published: leave it out, or lock another "
		"version: %s",
		lp->name, lp->version, lp->path);
}

/* Does the control file agree with the index that the lock was made of? */
static int check_itself(const struct lock_package *lp, const struct package *p, struct err *e)
{
	if (str_eq(p->name, lp->name) && str_eq(p->version, lp->version) &&
	    str_eq(p->arch, lp->arch))
		return 0;
	return err_set(
		e, -EBADMSG,
		"package %s %s says of itself that it is %s %s for %s, and is locked for %s: its "
		"mirror's index is wrong, lock it from another mirror or leave it out",
		lp->name, lp->version, p->name, p->version, p->arch, lp->arch);
}

static int read_one(void *ctx, size_t i, struct err *e)
{
	struct reading *rd = ctx;
	struct build *b = rd->b;
	const struct lock_package *lp = rd->by_size[i];
	_cleanup_source_ struct source src = SOURCE_INIT;
	char hex[SHA256_HEX];

	hex_encode(lp->sha256, SHA256_BYTES, hex);
	int r = b->p.packages_dir ? archive_open_package(b->p.packages_dir, lp, &src, e)
				  : open_cached(b, lp, hex, &src, e);
	if (r < 0)
		return r;
	struct package **slot = &b->packages[lp - b->p.lock->packages];
	const struct package_read_params rp = {
		.src = &src,
		.key = hex,
		.store = cache_unpack_store(b->p.cache),
		.pool = b->p.pool, /* the blocks of a large one are decoded side by side */
	};
	r = package_read(&rp, slot, e);
	if (r == -ENOSPC) /* what is unpacked goes there, and nowhere else */
		err_wrap(e, r, "cache %s", cache_path(b->p.cache));
	if (r == -EBADMSG || r == -EFBIG)
		return explain(b, lp, hex, e);
	if (r < 0)
		return err_wrap(e, r, "package %s %s", lp->name, lp->version);
	return check_itself(lp, *slot, e);
}

/* All that the image takes its files from is a package of the image, the initrd's too. */
static int check_use(const struct lock *l, struct err *e)
{
	for (size_t i = 0; i < l->n_packages; i++)
		if (!l->packages[i].image)
			return err_set(
				e, -EINVAL,
				"package %s is needed by the initrd only: add it to packages, the "
				"initrd is made of files of the image",
				l->packages[i].name);
	return 0;
}

/*
 * The newest package's date: the same packages give the same bytes, whatever index named them. A file
 * from after the index's date has a wrong time.
 */
static int64_t image_time(const struct build *b)
{
	int64_t newest = 1;

	if (b->p.source_date_epoch >= 0)
		return b->p.source_date_epoch;
	for (size_t i = 0; i < b->n_packages; i++)
		newest = MAX(newest, b->packages[i]->newest_mtime);
	return MIN(newest, (int64_t)b->p.lock->epoch);
}

static int plan(struct build *b, struct err *e)
{
	const struct lock *l = b->p.lock;
	_cleanup_free_ const struct lock_package **by_size =
		calloc(l->n_packages, sizeof(*by_size));

	b->packages = calloc(l->n_packages, sizeof(*b->packages));
	if (!b->packages || !by_size)
		return err_oom(e);
	b->n_packages = l->n_packages;
	int r = check_use(l, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n_packages; i++)
		by_size[i] = &l->packages[i];
	qsort(by_size, l->n_packages, sizeof(*by_size), larger_first);
	struct reading rd = { b, by_size };
	r = pool_run(b->p.pool, l->n_packages, read_one, &rd, e);
	if (r == 0)
		b->time = image_time(b);
	return r;
}

const struct stage stage_packages = { .name = "packages", .plan = plan };
