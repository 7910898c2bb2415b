/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/sysusers.h"

#include <inttypes.h>

#define SYSTEM_ID_MIN 100
#define SYSTEM_ID_MAX 999
#define NOLOGIN	      "/usr/sbin/nologin"

struct apply {
	struct sysusers *s;
	const struct tree *t;
	struct users *u;
	int64_t day;
	uint64_t search; /* ids are looked for below it */
};

/* A user and a group have the same number only if they have the same name. */
static bool gid_is_free(const struct apply *a, uint32_t gid, const char *name, bool like_user)
{
	const struct user *user = users_by_uid(a->u, gid);

	if (users_group_by_gid(a->u, gid))
		return false;
	return !like_user || !user || str_eq(user->name, name);
}

static bool uid_is_free(const struct apply *a, uint32_t uid, const char *name, bool like_group)
{
	const struct group *group = users_group_by_gid(a->u, uid);

	if (users_by_uid(a->u, uid))
		return false;
	return !like_group || !group || str_eq(group->name, name);
}

/* The largest id below @below that lies in a range; false: there is none. */
static bool next_lower(const struct apply *a, uint64_t below, uint32_t *ret)
{
	static const struct sysusers_range system_ids = { SYSTEM_ID_MIN, SYSTEM_ID_MAX };
	const struct sysusers_range *ranges = a->s->n_ranges ? a->s->ranges : &system_ids;
	size_t n = a->s->n_ranges ? a->s->n_ranges : 1;
	bool found = false;
	uint32_t best = 0;

	for (size_t i = 0; i < n; i++) {
		if (below <= ranges[i].first)
			continue;
		uint32_t top = (uint32_t)MIN((uint64_t)ranges[i].last, below - 1);
		if (!found || top > best)
			best = top;
		found = true;
	}
	*ret = best;
	return found;
}

static int search_id(struct apply *a, const struct sysusers_item *i, bool group, uint32_t *ret,
		     struct err *e)
{
	while (next_lower(a, a->search, ret)) {
		a->search = *ret;
		if (group ? gid_is_free(a, *ret, i->name, true)
			  : uid_is_free(a, *ret, i->name, true))
			return 0;
	}
	return err_set(e, -ENOSPC, "%s: no system id is free for %s", i->where, i->name);
}

/* The owner of the file that a "/path" id names. */
static const struct tree_inode *id_file(const struct apply *a, const struct sysusers_item *i)
{
	const struct tree_node *n = i->id_path ? tree_resolve(a->t, i->id_path) : NULL;

	return n ? n->inode : NULL;
}

static int choose_gid(struct apply *a, struct sysusers_item *i, struct err *e)
{
	const struct tree_inode *file = id_file(a, i);

	if (i->gid_set && gid_is_free(a, i->gid, i->name, false))
		return 0;
	i->gid_set = false;
	if (i->uid_set && gid_is_free(a, i->uid, i->name, true)) {
		i->gid = i->uid;
		i->gid_set = true;
	} else if (file && file->gid && gid_is_free(a, file->gid, i->name, true)) {
		i->gid = file->gid;
		i->gid_set = true;
	}
	if (i->gid_set)
		return 0;
	int r = search_id(a, i, true, &i->gid, e);
	i->gid_set = r == 0;
	return r;
}

static int add_group(struct apply *a, struct sysusers_item *i, struct err *e)
{
	const struct group *there = users_group_by_name(a->u, i->name);

	if (i->gid_set && i->gid_strict) {
		if (!users_group_by_gid(a->u, i->gid))
			return err_set(e, -EINVAL, "%s: there is no group %" PRIu32, i->where,
				       i->gid);
		return 0;
	}
	if (there) {
		i->gid = there->gid;
		i->gid_set = true;
		return 0;
	}
	int r = choose_gid(a, i, e);
	if (r < 0)
		return r;
	const struct group m = { .name = i->name, .gid = i->gid, .shadow = (char *)"!*:" };
	return users_add_group(a->u, &m) < 0 ? err_oom(e) : 0;
}

static int choose_uid(struct apply *a, struct sysusers_item *i, struct err *e)
{
	const struct tree_inode *file = id_file(a, i);

	if (i->uid_set && uid_is_free(a, i->uid, i->name, !i->gid_strict))
		return 0;
	i->uid_set = true;
	if (file && file->uid && uid_is_free(a, file->uid, i->name, true)) {
		i->uid = file->uid;
		return 0;
	}
	if (uid_is_free(a, i->gid, i->name, true)) {
		i->uid = i->gid;
		return 0;
	}
	return search_id(a, i, false, &i->uid, e);
}

static int user_group(struct apply *a, struct sysusers_item *i, struct err *e)
{
	if (!i->group_name)
		return add_group(a, i, e);
	const struct group *g = users_group_by_name(a->u, i->group_name);
	if (!g)
		return err_set(e, -EINVAL, "%s: there is no group %s", i->where, i->group_name);
	i->gid = g->gid;
	i->gid_set = true;
	return 0;
}

static int add_user(struct apply *a, struct sysusers_item *i, struct err *e)
{
	int r = user_group(a, i, e);
	if (r < 0 || users_by_name(a->u, i->name))
		return r;
	r = choose_uid(a, i, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *shadow =
		str_printf("!*:%" PRId64 ":::::%s:", a->day, i->locked ? "1" : "");
	if (!shadow)
		return err_oom(e);
	const struct user m = { .name = i->name,
				.gecos = i->description ? i->description : (char *)"",
				.home = i->home ? i->home : (char *)"/",
				.shell = i->shell      ? i->shell
					 : i->uid == 0 ? (char *)"/bin/bash"
						       : (char *)NOLOGIN,
				.uid = i->uid,
				.gid = i->gid,
				.shadow = shadow };
	return users_add(a->u, &m) < 0 ? err_oom(e) : 0;
}

static bool has_item(const struct sysusers *s, enum sysusers_type type, const char *name)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (s->items[i].type == type && str_eq(s->items[i].name, name))
			return true;
	return false;
}

static int add_implied(struct sysusers *s, enum sysusers_type type, const char *name, struct err *e)
{
	struct sysusers_item *p = reallocarray(s->items, s->n_items + 1, sizeof(*p));

	if (!p)
		return err_oom(e);
	s->items = p;
	struct sysusers_item i = { .type = type, .name = strdup(name), .where = strdup(name) };
	if (!i.name || !i.where) {
		free(i.name);
		free(i.where);
		return err_oom(e);
	}
	s->items[s->n_items++] = i;
	return 0;
}

/* Users and groups that only membership lines name are made too. */
static int add_all_implied(struct sysusers *s, struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < s->n_members; k++) {
		const struct sysusers_member *m = &s->members[k];
		if (!has_item(s, SYSUSERS_USER, m->user))
			r = add_implied(s, SYSUSERS_USER, m->user, e);
		if (r == 0 && !has_item(s, SYSUSERS_GROUP, m->group) &&
		    !has_item(s, SYSUSERS_USER, m->group))
			r = add_implied(s, SYSUSERS_GROUP, m->group, e);
	}
	return r;
}

int sysusers_apply(struct sysusers *s, const struct tree *t, int64_t day, struct users *u,
		   struct err *e)
{
	struct apply a = { s, t, u, day, UINT32_MAX };

	int r = add_all_implied(s, e);
	for (size_t i = 0; r == 0 && i < s->n_items; i++)
		if (s->items[i].type == SYSUSERS_GROUP)
			r = add_group(&a, &s->items[i], e);
	for (size_t i = 0; r == 0 && i < s->n_items; i++)
		if (s->items[i].type == SYSUSERS_USER)
			r = add_user(&a, &s->items[i], e);
	for (size_t i = 0; r == 0 && i < s->n_members; i++) {
		struct group *g = users_group_by_name(u, s->members[i].group);
		if (users_add_member(g, s->members[i].user) < 0)
			r = err_oom(e);
	}
	return r;
}
