/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/publish.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/utc.h"
#include "builder/publish/job.h"
#include "builder/publish/version.h"

static int check_params(const struct publish_params *p, struct err *e)
{
	uint64_t seconds;

	if (p->minimum_version && !version_is_valid(p->minimum_version))
		return err_set(e, -EINVAL, "minimum version \"%.80s\" is no version",
			       p->minimum_version);
	if (p->best_before && utc_parse(p->best_before, &seconds) < 0)
		return err_set(e, -EINVAL, "best before \"%.80s\" is no time", p->best_before);
	return 0;
}

/* One at a time. A signal ends the wait. */
static int lock_directory(struct publish_job *j, struct err *e)
{
	if (mkdir(j->p->dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "%s", j->p->dir);
	j->dir_fd = open(j->p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir_fd < 0)
		return err_sys(e, -errno, "%s", j->p->dir);
	while (flock(j->dir_fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return err_sys(e, -errno, "lock %s", j->p->dir);
		int r = pool_check(j->p->pool, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_keyrings(struct publish_job *j, struct err *e)
{
	const struct publish_signer *s = &j->p->signer;
	int r = 0;

	if (s->gpg_key)
		r = publish_keyring_export(s, j->p->tmp_dir, &j->own, e);
	if (r == 0 && s->keyring)
		r = publish_keyring_open(s->keyring, &j->given, e);
	j->accepted = s->keyring ? &j->given : &j->own;
	return r;
}

static bool is_open(const struct publish_job *j, const char *name)
{
	for (size_t i = 0; i < j->n_channels; i++)
		if (str_eq(j->channels[i].name, name))
			return true;
	return false;
}

static int add_channel(struct publish_job *j, const char *name, struct err *e)
{
	struct publish_channel *all =
		reallocarray(j->channels, j->n_channels + 1, sizeof(*j->channels));

	if (!all)
		return err_oom(e);
	j->channels = all;
	struct publish_channel *c = &all[j->n_channels];
	*c = (struct publish_channel)PUBLISH_CHANNEL_INIT;
	int r = publish_channel_open(c, j->p->dir, j->dir_fd, name, e);
	if (r < 0)
		publish_channel_done(c);
	else
		j->n_channels++;
	return r;
}

/* Those that are to change have to be ours; of the others, what is not is left alone. */
static int open_channels(struct publish_job *j, struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;
	struct dirent *de;
	struct err not_ours;
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->p->channels->n; i++) {
		if (is_open(j, j->p->channels->v[i]))
			continue;
		r = add_channel(j, j->p->channels->v[i], e);
		if (r == 0 && j->channels[j->n_channels - 1].old >= 0)
			r = publish_channel_trust(&j->channels[j->n_channels - 1], j->accepted, e);
	}
	j->n_wanted = j->n_channels;
	DIR *d = r < 0 ? NULL : opendir(j->p->dir);
	while (d && r == 0 && (de = readdir(d)))
		if (de->d_name[0] != '.' && strv_add(&names, de->d_name) < 0)
			r = err_oom(e);
	if (d)
		closedir(d);
	strv_sort(&names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (is_open(j, names.v[i]))
			continue;
		if (add_channel(j, names.v[i], &not_ours) == 0)
			(void)!publish_channel_trust(&j->channels[j->n_channels - 1], j->accepted,
						     &not_ours);
	}
	return r;
}

/* Is the signature by gpg's key of today? */
static bool signed_by_own(const struct publish_job *j, const struct publish_channel *c)
{
	_cleanup_free_ char *sums = str_printf("%s/%s/" PUBLISH_SUMS_NAME, c->dir, c->name),
			    *signature =
				    str_printf("%s/%s/" PUBLISH_SIGNATURE_NAME, c->dir, c->name),
			    *key = NULL;
	struct err e;

	return !j->own.path ||
	       (sums && signature && publish_verify(&j->own, sums, signature, &key, &e) == 0);
}

static int is_changed(const struct publish_job *j, const struct publish_channel *c,
		      const struct publish_index *i, bool *ret, struct err *e)
{
	_cleanup_buf_ struct buf old = BUF_INIT, new = BUF_INIT;

	*ret = true;
	if (!c->index)
		return 0;
	int r = publish_index_format(c->index, &old, e);
	if (r == 0)
		r = publish_index_format(i, &new, e);
	if (r == 0)
		*ret = old.len != new.len || memcmp(old.data, new.data, new.len) != 0 ||
		       !signed_by_own(j, c);
	return r;
}

static const struct publish_entry *find_entry(const struct publish_job *j, const char *version)
{
	for (size_t k = 0; k < j->n_entries; k++)
		if (str_eq(j->entries[k].v.version, version))
			return &j->entries[k];
	return NULL;
}

static int link_versions(struct publish_job *j, struct publish_channel *c,
			 const struct publish_index *i, struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < i->n_versions; k++) {
		const struct publish_version *v = &i->versions[k];
		const struct publish_entry *en = find_entry(j, v->version);
		int from = c->index && publish_index_find(c->index, v->version) ? c->old : en->dir;
		for (size_t n = 0; r == 0 && from != c->new &&n < PUBLISH_N_KINDS; n++)
			if (v->files[n].name)
				r = publish_channel_link(c, from, &v->files[n], e);
	}
	return r;
}

/* The new directory, whole and on disk, beside the old one. */
static int prepare(struct publish_job *j, struct publish_channel *c, struct publish_index **i,
		   struct err *e)
{
	int r = publish_channel_begin(c, e);

	for (size_t k = 0; r == 0 && k < j->n_entries; k++)
		if (j->entries[k].dir < 0)
			r = publish_entry_pack(j, &j->entries[k], c, e);
	/* Once more: now it is known how the files came out. */
	publish_index_free(TAKE_PTR(*i));
	if (r == 0)
		r = publish_plan_index(j, c, i, e);
	if (r == 0)
		r = link_versions(j, c, *i, e);
	if (r == 0)
		r = publish_channel_carry(c, *i, e);
	if (r < 0)
		return r;
	(*i)->serial++;
	return publish_write_head(j, c, *i, e);
}

/* What is in one index and not in the other. */
static int list_missing(const struct publish_index *of, const struct publish_index *in,
			struct strv *ret)
{
	int r = 0;

	for (size_t k = 0; r == 0 && of && k < of->n_versions; k++)
		if (!in || !publish_index_find(in, of->versions[k].version))
			r = strv_add(ret, of->versions[k].version);
	return r;
}

static int tell(const struct publish_channel *c, const struct publish_index *i, bool changed,
		struct publish_outcome *o, struct err *e)
{
	o->changed = changed;
	o->serial = i->serial;
	o->channel = strdup(c->name);
	o->signing_key = strdup(i->signing_key);
	o->best_before = i->best_before ? strdup(i->best_before) : NULL;
	if (!o->channel || !o->signing_key || (i->best_before && !o->best_before) ||
	    list_missing(i, NULL, &o->versions) < 0 || list_missing(i, c->index, &o->added) < 0 ||
	    list_missing(c->index, i, &o->dropped) < 0)
		return err_oom(e);
	return 0;
}

static int change_channels(struct publish_job *j, struct publish_index **indices,
			   struct publish_result *res, struct err *e)
{
	int r = 0;

	/* All plans succeed before the first byte is written, and all is written before anything shows. */
	for (size_t k = 0; r == 0 && k < j->n_wanted; k++) {
		r = publish_plan_index(j, &j->channels[k], &indices[k], e);
		if (r == 0)
			r = is_changed(j, &j->channels[k], indices[k], &res->v[k].changed, e);
	}
	for (size_t k = 0; r == 0 && k < j->n_wanted; k++) {
		if (res->v[k].changed)
			r = prepare(j, &j->channels[k], &indices[k], e);
		if (r == 0)
			r = tell(&j->channels[k], indices[k], res->v[k].changed, &res->v[k], e);
	}
	if (r == 0)
		r = pool_check(j->p->pool, e);
	for (size_t k = 0; r == 0 && k < j->n_wanted; k++)
		if (res->v[k].changed)
			r = publish_channel_commit(&j->channels[k], e);
	return r;
}

static int publish(struct publish_job *j, struct publish_result *res, struct err *e)
{
	int r = check_params(j->p, e);

	if (r == 0)
		r = open_keyrings(j, e);
	if (r == 0)
		r = lock_directory(j, e);
	if (r == 0)
		r = open_channels(j, e);
	if (r == 0)
		r = publish_entries_load(j, e);
	if (r < 0)
		return r;
	struct publish_index **indices = calloc(j->n_wanted, sizeof(*indices));
	res->v = calloc(j->n_wanted, sizeof(*res->v));
	if (!indices || !res->v) {
		free(indices);
		return err_oom(e);
	}
	res->n = j->n_wanted;
	r = change_channels(j, indices, res, e);
	for (size_t k = 0; k < j->n_wanted; k++)
		publish_index_free(indices[k]);
	free(indices);
	return r;
}

static void job_done(struct publish_job *j)
{
	for (size_t i = 0; i < j->n_entries; i++) {
		publish_version_done(&j->entries[i].v);
		publish_set_free(j->entries[i].set);
		free(j->entries[i].name);
	}
	free(j->entries);
	for (size_t i = 0; i < j->n_channels; i++)
		publish_channel_done(&j->channels[i]);
	free(j->channels);
	publish_keyring_done(&j->given);
	publish_keyring_done(&j->own);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
}

int publish_run(const struct publish_params *p, struct publish_result *ret, struct err *e)
{
	struct publish_job j = { .p = p, .dir_fd = -1 };
	struct publish_result res = { NULL, 0 };

	int r = publish(&j, &res, e);
	job_done(&j);
	if (r < 0)
		publish_result_done(&res);
	else
		*ret = res;
	return r;
}

void publish_result_done(struct publish_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].channel);
		free(r->v[i].signing_key);
		free(r->v[i].best_before);
		strv_done(&r->v[i].versions);
		strv_done(&r->v[i].added);
		strv_done(&r->v[i].dropped);
	}
	free(r->v);
	*r = (struct publish_result){ NULL, 0 };
}
