/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The users finisher: base-passwd's masters (or an overlay's etc/passwd and etc/group), then all of
 * sysusers.d, then those few that scripts still make with adduser. Their ids stand in the lock. And
 * what nodes need to have them over many versions (users_node.h).
 */
#include "stage1/finish/finish.h"
#include "stage1/finish/sysusers.h"
#include "stage1/finish/users.h"
#include "stage1/finish/users_node.h"

#define NAME	     "users"
#define DAY_SECONDS  86400
#define SHADOW_GROUP 42 /* fixed by Debian's base-passwd */

/* Users and groups that a package's postinst makes with adduser, and no sysusers.d file of it does. */
struct adduser_call {
	const char *package;
	const char *user; /* NULL: only the group */
	const char *group, *gecos, *home, *shell;
	const char *why;
};

static const struct adduser_call adduser_calls[] = {
	{ "openssh-client", NULL, "_ssh", NULL, NULL, NULL,
	  "ssh-agent is setgid to it, so that nobody can trace it" },
	{ "chrony", "_chrony", "_chrony", "Chrony daemon", "/var/lib/chrony", "/usr/sbin/nologin",
	  "chronyd runs as this user" },
	{ "tpm-udev", "tss", "tss", "TPM software stack", "/var/lib/tpm", "/bin/false",
	  "udev gives it /dev/tpm*" },
};

/* A sysusers.d file of the package, or of the overlay, goes before. */
static int add_calls(const struct finish_params *p, struct sysusers *s, struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(adduser_calls); k++) {
		const struct adduser_call *c = &adduser_calls[k];
		_cleanup_free_ char *where = str_printf("package %s", c->package);
		if (!where)
			return err_oom(e);
		const struct sysusers_item group = { .type = SYSUSERS_GROUP,
						     .name = (char *)c->group,
						     .where = where };
		const struct sysusers_item user = { .type = SYSUSERS_USER,
						    .name = (char *)c->user,
						    .group_name = (char *)c->group,
						    .description = (char *)c->gecos,
						    .home = (char *)c->home,
						    .shell = (char *)c->shell,
						    .where = where };
		if (!finish_has_package(p, c->package))
			continue;
		r = sysusers_add(s, &group, e);
		if (r == 0 && c->user)
			r = sysusers_add(s, &user, e);
	}
	return r;
}

/* All that asks for users: passwd and group, sysusers.d, scripts. */
struct asked {
	struct users users;
	struct sysusers sysusers;
	struct id_wishes wishes;
};

static void asked_done(struct asked *a)
{
	users_done(&a->users);
	sysusers_done(&a->sysusers);
	free(a->wishes.v);
}

static int asked_read(struct asked *a, const struct finish_params *p, struct err *e)
{
	int r = users_load(p->tree, p->time / DAY_SECONDS, &a->users, e);

	if (r == 0)
		r = sysusers_read(&a->sysusers, p, e);
	if (r == 0)
		r = add_calls(p, &a->sysusers, e);
	if (r == 0)
		r = sysusers_add_implied(&a->sysusers, e);
	if (r == 0)
		r = users_wishes(&a->users, p->tree, &a->wishes, e);
	if (r == 0)
		r = sysusers_wishes(&a->sysusers, &a->users, p->tree, &a->wishes, e);
	return r;
}

static int put(const struct finish_params *p, const char *path, uint32_t mode, uint32_t gid,
	       struct buf *text, struct err *e)
{
	struct tree_meta m = {
		.mode = mode, .gid = gid, .mtime = p->time, .origin = finish_origin(p, NAME)
	};

	if (!m.origin || buf_failed(text))
		return err_oom(e);
	return tree_put_file(p->tree, path, &m, blob_new(text->data, text->len), NULL, e);
}

static int put_all(const struct finish_params *p, const struct users *u, struct err *e)
{
	_cleanup_buf_ struct buf passwd = BUF_INIT, group = BUF_INIT, shadow = BUF_INIT,
				 gshadow = BUF_INIT, empty = BUF_INIT;
	const struct group *g = users_group_by_name(u, "shadow");
	uint32_t gid = g ? g->gid : SHADOW_GROUP;

	users_print(u, &passwd, &group, &shadow, &gshadow);
	int r = put(p, "etc/passwd", 0644, 0, &passwd, e);
	if (r == 0)
		r = put(p, "etc/group", 0644, 0, &group, e);
	if (r == 0)
		r = put(p, "etc/shadow", 0640, gid, &shadow, e);
	if (r == 0)
		r = put(p, "etc/gshadow", 0640, gid, &gshadow, e);
	if (r == 0 && !tree_lookup(p->tree, "etc/subuid"))
		r = put(p, "etc/subuid", 0644, 0, &empty, e);
	if (r == 0 && !tree_lookup(p->tree, "etc/subgid"))
		r = put(p, "etc/subgid", 0644, 0, &empty, e);
	return r;
}

int finish_user_ids(const struct finish_params *p, const struct ids *previous, struct ids *ret,
		    struct err *e)
{
	__attribute__((cleanup(asked_done))) struct asked a = { 0 };
	int r = asked_read(&a, p, e);

	return r < 0 ? r : ids_allot(&a.wishes, previous, ret, e);
}

int finish_users(const struct finish_params *p, struct err *e)
{
	__attribute__((cleanup(asked_done))) struct asked a = { 0 };
	int r = asked_read(&a, p, e);

	if (r == 0)
		r = ids_check(&a.wishes, p->ids, e);
	if (r == 0)
		r = sysusers_apply(&a.sysusers, p->ids, p->time / DAY_SECONDS, &a.users, e);
	if (r == 0)
		r = put_all(p, &a.users, e);
	return r < 0 ? r : users_put_node_files(p, &a.users, a.sysusers.has_range, e);
}
