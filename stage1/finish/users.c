/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The users finisher: base-passwd's masters (or an overlay's etc/passwd and etc/group), then all of
 * sysusers.d, then those few that scripts still make with adduser.
 *
 * Ids are a function of the packages and the overlay. A package that is added can shift the ids that
 * sysusers allots: who keeps state across updates fixes them with a sysusers.d file of the overlay.
 */
#include "stage1/finish/finish.h"
#include "stage1/finish/sysusers.h"
#include "stage1/finish/users.h"

#include <inttypes.h>

#define NAME	     "users"
#define DAY_SECONDS  86400
#define ADDUSER_MIN  100 /* adduser.conf: system ids from here up */
#define ADDUSER_MAX  999
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

/* As adduser: the first number that is neither a user's nor a group's. */
static int adduser_id(const struct users *u, uint32_t *ret, struct err *e)
{
	for (uint32_t id = ADDUSER_MIN; id <= ADDUSER_MAX; id++) {
		if (users_by_uid(u, id) || users_group_by_gid(u, id))
			continue;
		*ret = id;
		return 0;
	}
	return err_set(e, -ENOSPC, "no system id is free");
}

static int call_adduser(const struct adduser_call *c, int64_t day, struct users *u, struct err *e)
{
	const struct group *there = users_group_by_name(u, c->group);
	uint32_t id;
	int r;

	if (!there) {
		r = adduser_id(u, &id, e);
		if (r < 0)
			return r;
		const struct group g = { .name = (char *)c->group,
					 .gid = id,
					 .shadow = (char *)"!:" };
		if (users_add_group(u, &g) < 0)
			return err_oom(e);
	} else if (c->user && users_by_uid(u, there->gid)) {
		r = adduser_id(u, &id, e);
		if (r < 0)
			return r;
	} else {
		id = there->gid;
	}
	if (!c->user || users_by_name(u, c->user))
		return 0;
	_cleanup_free_ char *shadow = str_printf("!*:%" PRId64 "::::::", day);
	if (!shadow)
		return err_oom(e);
	const struct user m = { .name = (char *)c->user,
				.gecos = (char *)c->gecos,
				.home = (char *)c->home,
				.shell = (char *)c->shell,
				.uid = id,
				.gid = users_group_by_name(u, c->group)->gid,
				.shadow = shadow };
	return users_add(u, &m) < 0 ? err_oom(e) : 0;
}

static int call_all_adduser(const struct finish_params *p, int64_t day, struct users *u,
			    struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(adduser_calls); i++)
		if (finish_has_package(p, adduser_calls[i].package))
			r = call_adduser(&adduser_calls[i], day, u, e);
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

int finish_users(const struct finish_params *p, struct err *e)
{
	_cleanup_users_ struct users u = USERS_INIT;
	_cleanup_sysusers_ struct sysusers s = SYSUSERS_INIT;
	int64_t day = p->time / DAY_SECONDS;

	int r = users_load(p->tree, day, &u, e);
	if (r == 0)
		r = sysusers_read(&s, p, e);
	if (r == 0)
		r = sysusers_apply(&s, p->tree, day, &u, e);
	if (r == 0)
		r = call_all_adduser(p, day, &u, e);
	return r < 0 ? r : put_all(p, &u, e);
}
