/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a channel is to hold. */
#include "builder/publish/job.h"
#include "builder/publish/version.h"

static int replace(char **to, const char *with)
{
	char *copy = strdup(with);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int start(const struct publish_job *j, const struct publish_channel *c,
		 struct publish_index **ret, struct err *e)
{
	struct publish_index *i = c->index ? publish_index_copy(c->index) : calloc(1, sizeof(*i));

	if (!i)
		return err_oom(e);
	*ret = i;
	/* Somebody may have made the channel by copying another. */
	if (replace(&i->channel, c->name) < 0)
		return err_oom(e);
	if (c->index)
		return 0;
	if (!j->n_entries)
		return err_set(e, -EINVAL,
			       "channel %s is not there yet: name outputs of a build to begin it "
			       "with",
			       c->name);
	if (replace(&i->name, j->entries[0].name) < 0 ||
	    replace(&i->arch, j->entries[0].arch) < 0 || replace(&i->signing_key, "") < 0)
		return err_oom(e);
	return 0;
}

/* systemd sees "1" and "01" as one version, and would take either. */
static int check_place(const struct publish_index *i, const struct publish_entry *en, struct err *e)
{
	if (!str_eq(i->name, en->name) || !str_eq(i->arch, en->arch))
		return err_set(e, -EINVAL,
			       "channel %s has images %s for %s, and version %s is of %s for %s: "
			       "publish it into another directory",
			       i->channel, i->name, i->arch, en->v.version, en->name, en->arch);
	for (size_t k = 0; k < i->n_versions; k++)
		if (!str_eq(i->versions[k].version, en->v.version) &&
		    version_compare(i->versions[k].version, en->v.version) == 0)
			return err_set(e, -EEXIST,
				       "channel %s has version %s, and for a node %s is the same "
				       "version: raise it",
				       i->channel, i->versions[k].version, en->v.version);
	return 0;
}

/* Nodes, and caches on the way to them, may have files of these names: they are never others. */
static int check_not_dropped(const struct publish_index *i, const char *version, struct err *e)
{
	if (!i->dropped_version || version_compare(version, i->dropped_version) > 0)
		return 0;
	return err_set(e, -EEXIST,
		       "version %s does not come into channel %s any more, which has dropped %s "
		       "and all before it: raise the version",
		       version, i->channel, i->dropped_version);
}

static int put_entry(struct publish_index *i, const struct publish_entry *en, struct err *e)
{
	int r = check_place(i, en, e);

	for (size_t k = 0; r == 0 && k < i->n_versions; k++) {
		struct publish_version *known = &i->versions[k];
		if (!str_eq(known->version, en->v.version))
			continue;
		if (!publish_version_same(known, &en->v))
			return err_set(e, -EEXIST,
				       "version %s is already published in channel %s with another "
				       "content: raise the version",
				       known->version, i->channel);
		known->has_lock = en->v.has_lock;
		memcpy(known->lock_sha256, en->v.lock_sha256, SHA256_BYTES);
		return 0;
	}
	if (r == 0)
		r = check_not_dropped(i, en->v.version, e);
	return r < 0 ? r : publish_index_put(i, &en->v, e);
}

/* All but the @n newest. */
static int drop(struct publish_index *i, size_t n, struct err *e)
{
	if (n >= i->n_versions)
		return 0;
	if (replace(&i->dropped_version, i->versions[n].version) < 0)
		return err_oom(e);
	publish_index_cut(i, n);
	return 0;
}

/* What nodes may run at least: it only ever rises. */
static int set_minimum(struct publish_index *i, const char *version, struct err *e)
{
	if (version && i->minimum_version && version_compare(version, i->minimum_version) < 0)
		return err_set(e, -EINVAL,
			       "the minimum version of channel %s is %s already, and never goes "
			       "back to %s",
			       i->channel, i->minimum_version, version);
	if (version && replace(&i->minimum_version, version) < 0)
		return err_oom(e);
	size_t n = 0;
	while (i->minimum_version && n < i->n_versions &&
	       version_compare(i->versions[n].version, i->minimum_version) >= 0)
		n++;
	if (i->minimum_version && !n)
		return err_set(e, -EINVAL,
			       "channel %s would have no version of %s, its minimum, or newer: "
			       "publish one first",
			       i->channel, i->minimum_version);
	return i->minimum_version ? drop(i, n, e) : 0;
}

static int check_kept(const struct publish_job *j, const struct publish_index *i, struct err *e)
{
	for (size_t k = 0; k < j->n_entries; k++) {
		const char *version = j->entries[k].v.version;
		if (!publish_index_find(i, version))
			return err_set(e, -EINVAL,
				       "version %s would not stay in channel %s: it is below the "
				       "minimum version, or not among the newest that are kept",
				       version, i->channel);
	}
	return 0;
}

int publish_plan_index(const struct publish_job *j, const struct publish_channel *c,
		       struct publish_index **ret, struct err *e)
{
	_cleanup_(publish_index_free) struct publish_index *i = NULL;

	int r = start(j, c, &i, e);
	for (size_t k = 0; r == 0 && k < j->n_entries; k++)
		r = put_entry(i, &j->entries[k], e);
	if (r == 0)
		r = set_minimum(i, j->p->minimum_version, e);
	if (r == 0 && j->p->best_before && replace(&i->best_before, j->p->best_before) < 0)
		r = err_oom(e);
	if (r == 0 && j->p->keep)
		r = drop(i, j->p->keep, e);
	if (r == 0 && i->n_versions > PUBLISH_VERSIONS_MAX)
		r = err_set(e, -EINVAL,
			    "channel %s would have %zu versions, which is more than nodes read: "
			    "drop old ones with --keep %d, or less",
			    i->channel, i->n_versions, PUBLISH_VERSIONS_MAX);
	if (r == 0)
		r = check_kept(j, i, e);
	if (r == 0)
		*ret = TAKE_PTR(i);
	return r;
}
