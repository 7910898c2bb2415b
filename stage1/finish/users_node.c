/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/users_node.h"

#include <inttypes.h>

#include "stage1/finish/node_file.h"
#include "stage1/finish/text.h"

#define NAME	    "users"
#define LOGIN_DEFS  "etc/login.defs"
#define UNIT	    "slipway-users.service"
#define SHADOW_REST 6 /* colons between password and the day on which the account ends */

/* A field of sysusers.d(5). */
static void put_quoted(struct buf *b, const char *s)
{
	if (!*s) {
		buf_append_str(b, " -");
		return;
	}
	buf_append_str(b, " \"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_append_str(b, "\\");
		buf_append_str(b, *s == '%' ? "%" : "");
		buf_append(b, s, 1);
	}
	buf_append_str(b, "\"");
}

static bool is_expired(const struct user *m)
{
	const char *s = m->shadow;

	for (int i = 0; s && i < SHADOW_REST; i++) {
		s = strchr(s, ':');
		s = s ? s + 1 : NULL;
	}
	return s && str_has_prefix(s, USERS_EXPIRED ":");
}

/*
 * Groups are named, not numbered: a group of the node that has the number must not become a user's.
 * Names that systemd-sysusers does not take are only in files that an overlay brings.
 */
static void put_user(struct buf *b, const struct users *u, const struct user *m)
{
	const struct group *g = users_group_by_gid(u, m->gid);

	if (!g || !users_name_is_valid(m->name) || !users_name_is_valid(g->name))
		return;
	buf_printf(b, "%s %s %" PRIu32 ":%s", is_expired(m) ? "u!" : "u", m->name, m->uid, g->name);
	put_quoted(b, m->gecos);
	put_quoted(b, m->home);
	put_quoted(b, m->shell);
	buf_append_str(b, "\n");
}

static void put_members(struct buf *b, const struct group *g)
{
	for (size_t i = 0; i < g->members.n; i++)
		if (users_name_is_valid(g->members.v[i]))
			buf_printf(b, "m %s %s\n", g->members.v[i], g->name);
}

static int put_conf(const struct finish_params *p, const struct users *u, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	/* 0 is never free: an id that is taken on the node is an error, and not another id. */
	buf_append_str(&b, "# The image's users and groups, with their ids.\nr - 0\n");
	for (size_t i = 0; i < u->n_groups; i++)
		if (users_name_is_valid(u->groups[i].name))
			buf_printf(&b, "g %s %" PRIu32 "\n", u->groups[i].name, u->groups[i].gid);
	for (size_t i = 0; i < u->n_users; i++)
		put_user(&b, u, &u->users[i]);
	for (size_t i = 0; i < u->n_groups; i++)
		if (users_name_is_valid(u->groups[i].name))
			put_members(&b, &u->groups[i]);
	return finish_put(p, NAME, NODE_DIR "sysusers.conf", buf_str(&b), e);
}

static int put_range(const struct finish_params *p, struct err *e)
{
	char text[128];

	snprintf(
		text, sizeof(text),
		"# The ids below are for users of images, this one's and later ones'.\nr - %d-%d\n",
		IDS_NODE_MIN, IDS_NODE_MAX);
	return finish_put(p, NAME, "usr/lib/sysusers.d/slipway-range.conf", text, e);
}

static int put_unit(const struct finish_params *p, struct err *e)
{
	static const struct node_file files[] = { NODE_PROGRAM(check_users, "check-users"),
						  NODE_UNIT(slipway_users, UNIT) };

	int r = node_files_put(p, NAME, files, ARRAY_SIZE(files), e);
	return r < 0 ? r : node_unit_want(p, NAME, "sysinit.target", "wants", UNIT, e);
}

static bool is_set(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, " \t\n");
		if (strncmp(line, key, len) == 0 && line[len] && strchr(" \t", line[len]))
			return true;
	}
	return false;
}

/* useradd -r */
static int put_login_defs(const struct finish_params *p, struct err *e)
{
	static const struct {
		const char *key;
		int value;
	} defs[] = {
		{ "SYS_UID_MIN", IDS_NODE_MIN },
		{ "SYS_UID_MAX", IDS_NODE_MAX },
		{ "SYS_GID_MIN", IDS_NODE_MIN },
		{ "SYS_GID_MAX", IDS_NODE_MAX },
	};
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!tree_file_blob(p->tree, LOGIN_DEFS))
		return 0;
	int r = text_read(p->tree, LOGIN_DEFS, &text, e);
	if (r < 0)
		return r;
	buf_printf(&b, "%s\n# The ids below are for users of images.\n", text);
	for (size_t i = 0; i < ARRAY_SIZE(defs); i++)
		if (!is_set(text, defs[i].key))
			buf_printf(&b, "%s\t%d\n", defs[i].key, defs[i].value);
	return finish_put(p, NAME, LOGIN_DEFS, buf_str(&b), e);
}

int users_put_node_files(const struct finish_params *p, const struct users *u, bool own_range,
			 struct err *e)
{
	int r = put_login_defs(p, e);

	if (r < 0 || !tree_lookup(p->tree, "usr/lib/systemd/systemd"))
		return r;
	if (!tree_lookup(p->tree, "usr/bin/systemd-sysusers"))
		return err_set(e, -ENOENT,
			       "the image has no /usr/bin/systemd-sysusers, by which nodes get the "
			       "users of a new version: do not remove it");
	r = put_conf(p, u, e);
	if (r == 0 && !own_range)
		r = put_range(p, e);
	return r == 0 ? put_unit(p, e) : r;
}
