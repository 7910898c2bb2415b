/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/index.h"

#include "builder/publish/version.h"

static int set_copy(char **to, const char *from)
{
	if (!from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

void publish_version_done(struct publish_version *v)
{
	for (size_t i = 0; i < PUBLISH_N_KINDS; i++)
		free(v->files[i].name);
	free(v->version);
	*v = (struct publish_version){ 0 };
}

static int copy_version(struct publish_version *to, const struct publish_version *from)
{
	*to = *from;
	to->version = NULL;
	for (size_t i = 0; i < PUBLISH_N_KINDS; i++)
		to->files[i].name = NULL;
	int r = set_copy(&to->version, from->version);
	for (size_t i = 0; r == 0 && i < PUBLISH_N_KINDS; i++)
		r = set_copy(&to->files[i].name, from->files[i].name);
	if (r < 0)
		publish_version_done(to);
	return r;
}

void publish_index_free(struct publish_index *i)
{
	if (!i)
		return;
	publish_index_cut(i, 0);
	free(i->versions);
	free(i->name);
	free(i->arch);
	free(i->channel);
	free(i->signing_key);
	free(i->minimum_version);
	free(i->dropped_version);
	free(i->best_before);
	free(i);
}

struct publish_index *publish_index_copy(const struct publish_index *from)
{
	_cleanup_(publish_index_free) struct publish_index *i = calloc(1, sizeof(*i));
	struct err e;

	if (!i)
		return NULL;
	i->serial = from->serial;
	if (set_copy(&i->name, from->name) < 0 || set_copy(&i->arch, from->arch) < 0 ||
	    set_copy(&i->channel, from->channel) < 0 ||
	    set_copy(&i->signing_key, from->signing_key) < 0 ||
	    set_copy(&i->minimum_version, from->minimum_version) < 0 ||
	    set_copy(&i->dropped_version, from->dropped_version) < 0 ||
	    set_copy(&i->best_before, from->best_before) < 0)
		return NULL;
	for (size_t k = 0; k < from->n_versions; k++)
		if (publish_index_put(i, &from->versions[k], &e) < 0)
			return NULL;
	return TAKE_PTR(i);
}

const struct publish_version *publish_index_find(const struct publish_index *i, const char *version)
{
	for (size_t k = 0; k < i->n_versions; k++)
		if (str_eq(i->versions[k].version, version))
			return &i->versions[k];
	return NULL;
}

int publish_index_put(struct publish_index *i, const struct publish_version *v, struct err *e)
{
	struct publish_version copy,
		*all = reallocarray(i->versions, i->n_versions + 1, sizeof(*all));
	size_t at = i->n_versions; /* most come in order */

	if (!all)
		return err_oom(e);
	i->versions = all;
	if (copy_version(&copy, v) < 0)
		return err_oom(e);
	while (at > 0 && version_compare(all[at - 1].version, v->version) < 0)
		at--;
	memmove(all + at + 1, all + at, (i->n_versions - at) * sizeof(*all));
	all[at] = copy;
	i->n_versions++;
	return 0;
}

void publish_index_cut(struct publish_index *i, size_t n)
{
	while (i->n_versions > n)
		publish_version_done(&i->versions[--i->n_versions]);
}

bool publish_version_same(const struct publish_version *a, const struct publish_version *b)
{
	bool same = memcmp(a->root_hash, b->root_hash, sizeof(a->root_hash)) == 0;

	for (size_t i = 0; i < PUBLISH_N_FOR_NODES; i++)
		same = same && a->files[i].content_bytes == b->files[i].content_bytes &&
		       memcmp(a->files[i].content_sha256, b->files[i].content_sha256,
			      SHA256_BYTES) == 0;
	return same;
}
