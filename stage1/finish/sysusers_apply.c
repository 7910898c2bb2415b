/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/sysusers.h"

#define NOLOGIN "/usr/sbin/nologin"

/* The group of a user's line is named or numbered there, and not one of its own. */
static bool has_other_group(const struct sysusers_item *i)
{
	return i->group_name || (i->gid_set && i->gid_strict);
}

static bool has_group_item(const struct sysusers *s, const char *name)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (s->items[i].type == SYSUSERS_GROUP && str_eq(s->items[i].name, name))
			return true;
	return false;
}

/* The number that a line fixes, also by the owner of the file that a "/path" id names. */
static struct id_wish wish(const struct sysusers_item *i, enum id_kind kind, const struct tree *t)
{
	const struct tree_node *n = i->id_path ? tree_resolve(t, i->id_path) : NULL;
	bool set = kind == ID_USER ? i->uid_set : i->gid_set;
	struct id_wish w = { .kind = kind, .name = i->name, .where = i->where };

	w.number = kind == ID_USER ? i->uid : i->gid;
	if (!set && n)
		w.number = kind == ID_USER ? n->inode->uid : n->inode->gid;
	w.how = set || (n && w.number) ? ID_FIXED : ID_ANY;
	return w;
}

int sysusers_wishes(const struct sysusers *s, const struct users *u, const struct tree *t,
		    struct id_wishes *w, struct err *e)
{
	for (size_t k = 0; k < s->n_items; k++) {
		const struct sysusers_item *i = &s->items[k];
		struct id_wish group = wish(i, ID_GROUP, t), user = wish(i, ID_USER, t);
		bool own_group = i->type == SYSUSERS_GROUP ||
				 (!has_other_group(i) && !has_group_item(s, i->name));
		if (own_group && !users_group_by_name(u, i->name) && id_wishes_add(w, &group) < 0)
			return err_oom(e);
		if (i->type == SYSUSERS_USER && !users_by_name(u, i->name) &&
		    id_wishes_add(w, &user) < 0)
			return err_oom(e);
	}
	return 0;
}

static int add_group(const struct sysusers_item *i, const struct ids *ids, struct users *u,
		     struct err *e)
{
	const struct id *id = ids_find(ids, ID_GROUP, i->name);

	if (users_group_by_name(u, i->name))
		return 0;
	const struct group m = { .name = i->name, .gid = id->number, .shadow = (char *)"!*:" };
	return users_add_group(u, &m) < 0 ? err_oom(e) : 0;
}

/* The group of a user, made if it is one of its own. */
static int user_group(const struct sysusers_item *i, const struct ids *ids, struct users *u,
		      const struct group **ret, struct err *e)
{
	if (!has_other_group(i)) {
		int r = add_group(i, ids, u, e);
		*ret = users_group_by_name(u, i->name);
		return r;
	}
	*ret = i->group_name ? users_group_by_name(u, i->group_name)
			     : users_group_by_gid(u, i->gid);
	if (*ret)
		return 0;
	return i->group_name
		       ? err_set(e, -EINVAL, "%s: there is no group %s", i->where, i->group_name)
		       : err_set(e, -EINVAL, "%s: there is no group %u", i->where, i->gid);
}

static int add_user(const struct sysusers_item *i, const struct ids *ids, int64_t day,
		    struct users *u, struct err *e)
{
	const struct id *id = ids_find(ids, ID_USER, i->name);
	const struct group *g = NULL;

	int r = user_group(i, ids, u, &g, e);
	if (r < 0 || users_by_name(u, i->name))
		return r;
	_cleanup_free_ char *shadow =
		str_printf("!*:%lld:::::%s:", (long long)day, i->locked ? USERS_EXPIRED : "");
	if (!shadow)
		return err_oom(e);
	const struct user m = { .name = i->name,
				.gecos = i->description ? i->description : (char *)"",
				.home = i->home ? i->home : (char *)"/",
				.shell = i->shell	   ? i->shell
					 : id->number == 0 ? (char *)"/bin/bash"
							   : (char *)NOLOGIN,
				.uid = id->number,
				.gid = g->gid,
				.shadow = shadow };
	return users_add(u, &m) < 0 ? err_oom(e) : 0;
}

int sysusers_apply(const struct sysusers *s, const struct ids *ids, int64_t day, struct users *u,
		   struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_items; i++)
		if (s->items[i].type == SYSUSERS_GROUP)
			r = add_group(&s->items[i], ids, u, e);
	for (size_t i = 0; r == 0 && i < s->n_items; i++)
		if (s->items[i].type == SYSUSERS_USER)
			r = add_user(&s->items[i], ids, day, u, e);
	for (size_t i = 0; r == 0 && i < s->n_members; i++) {
		const struct sysusers_member *m = &s->members[i];
		struct group *g = users_group_by_name(u, m->group);
		if (!g)
			r = err_set(e, -EINVAL, "%s: there is no group %s", m->where, m->group);
		else if (users_add_member(g, m->user) < 0)
			r = err_oom(e);
	}
	return r;
}
