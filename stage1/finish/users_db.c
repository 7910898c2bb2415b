/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/text.h"
#include "stage1/finish/users.h"

#include <inttypes.h>

static void user_done(struct user *m)
{
	free(m->name);
	free(m->gecos);
	free(m->home);
	free(m->shell);
	free(m->shadow);
}

static void group_done(struct group *m)
{
	free(m->name);
	strv_done(&m->members);
	free(m->shadow);
}

void users_done(struct users *u)
{
	for (size_t i = 0; i < u->n_users; i++)
		user_done(&u->users[i]);
	for (size_t i = 0; i < u->n_groups; i++)
		group_done(&u->groups[i]);
	free(u->users);
	free(u->groups);
	*u = (struct users)USERS_INIT;
}

struct user *users_by_name(const struct users *u, const char *name)
{
	for (size_t i = 0; i < u->n_users; i++)
		if (str_eq(u->users[i].name, name))
			return &u->users[i];
	return NULL;
}

struct user *users_by_uid(const struct users *u, uint32_t uid)
{
	for (size_t i = 0; i < u->n_users; i++)
		if (u->users[i].uid == uid)
			return &u->users[i];
	return NULL;
}

struct group *users_group_by_name(const struct users *u, const char *name)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (str_eq(u->groups[i].name, name))
			return &u->groups[i];
	return NULL;
}

struct group *users_group_by_gid(const struct users *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i].gid == gid)
			return &u->groups[i];
	return NULL;
}

bool users_name_is_valid(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char rest[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-";
	size_t len = strlen(name);

	return len > 0 && len <= 31 && strchr(first, name[0]) && strspn(name, rest) == len;
}

int users_add(struct users *u, const struct user *m)
{
	struct user *p = reallocarray(u->users, u->n_users + 1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	u->users = p;
	struct user new = { .name = strdup(m->name),
			    .gecos = strdup(m->gecos),
			    .home = strdup(m->home),
			    .shell = strdup(m->shell),
			    .uid = m->uid,
			    .gid = m->gid,
			    .shadow = strdup(m->shadow) };
	if (!new.name || !new.gecos || !new.home || !new.shell || !new.shadow) {
		user_done(&new);
		return -ENOMEM;
	}
	u->users[u->n_users++] = new;
	return 0;
}

int users_add_group(struct users *u, const struct group *m)
{
	struct group *p = reallocarray(u->groups, u->n_groups + 1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	u->groups = p;
	struct group new = { .name = strdup(m->name), .gid = m->gid, .shadow = strdup(m->shadow) };
	int r = new.name &&new.shadow ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < m->members.n; i++)
		r = strv_add(&new.members, m->members.v[i]);
	if (r < 0) {
		group_done(&new);
		return r;
	}
	u->groups[u->n_groups++] = new;
	return 0;
}

int users_add_member(struct group *g, const char *user)
{
	if (strv_contains(&g->members, user))
		return 0;
	int r = strv_add(&g->members, user);
	strv_sort(&g->members);
	return r;
}

/* Cuts a line into exactly n fields between colons. */
static bool split_fields(char *line, char **fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fields[i] = line;
		char *colon = strchr(line, ':');
		if (i + 1 == n)
			return !colon;
		if (!colon)
			return false;
		*colon = '\0';
		line = colon + 1;
	}
	return false;
}

static bool parse_id(const char *s, uint32_t *ret)
{
	uint64_t v;

	if (parse_u64(s, 10, &v) < 0 || !ids_number_ok(v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* The files, and what they are read into. */
struct load {
	const struct tree *t;
	struct users *u;
	int64_t day;
};

/* A line of passwd. What is in its password field moves into shadow. */
static int load_user(const struct load *l, char *line)
{
	char *f[7];
	struct user m = { 0 };

	if (!split_fields(line, f, ARRAY_SIZE(f)) || !*f[0] || !parse_id(f[2], &m.uid) ||
	    !parse_id(f[3], &m.gid) || users_by_name(l->u, f[0]))
		return -EBADMSG;
	/* Nobody has an empty password. For root, "!*" says to all programs that it is locked. */
	bool root = m.uid == 0 && str_eq(f[1], "*");
	const char *password = root || !*f[1] ? "!*" : f[1];
	_cleanup_free_ char *shadow = str_printf("%s:%" PRId64 ":0:99999:7:::", password, l->day);
	if (!shadow)
		return -ENOMEM;
	m.name = f[0];
	m.gecos = f[4];
	m.home = f[5];
	m.shell = f[6];
	m.shadow = shadow;
	return users_add(l->u, &m);
}

static int load_group(const struct load *l, char *line)
{
	char *f[4];
	struct group m = { 0 };

	if (!split_fields(line, f, ARRAY_SIZE(f)) || !*f[0] || !parse_id(f[2], &m.gid) ||
	    users_group_by_name(l->u, f[0]))
		return -EBADMSG;
	_cleanup_free_ char *shadow = str_printf("%s:", f[1]);
	_cleanup_strv_ struct strv members = STRV_INIT;
	if (!shadow || strv_split(&members, f[3], ",") < 0)
		return -ENOMEM;
	m.name = f[0];
	m.members = members;
	m.shadow = shadow;
	return users_add_group(l->u, &m);
}

/* Lines of shadow and gshadow replace what was made of passwd's and group's password fields. */
static int load_shadow(const struct load *l, char *line)
{
	char *f[9];
	char *rest = strchr(line, ':');
	_cleanup_free_ char *shadow = rest ? strdup(rest + 1) : NULL;

	if (!split_fields(line, f, ARRAY_SIZE(f)))
		return -EBADMSG;
	struct user *m = users_by_name(l->u, f[0]);
	if (!m)
		return -EBADMSG;
	if (!shadow)
		return -ENOMEM;
	free(m->shadow);
	m->shadow = TAKE_PTR(shadow);
	return 0;
}

static int load_gshadow(const struct load *l, char *line)
{
	char *f[4];

	if (!split_fields(line, f, ARRAY_SIZE(f)))
		return -EBADMSG;
	struct group *m = users_group_by_name(l->u, f[0]);
	if (!m)
		return -EBADMSG;
	char *shadow = str_printf("%s:%s", f[1], f[2]);
	if (!shadow)
		return -ENOMEM;
	free(m->shadow);
	m->shadow = shadow;
	return 0;
}

static const char *passwd_path(const struct tree *t)
{
	return tree_file_blob(t, "etc/passwd") ? "etc/passwd"
					       : "usr/share/base-passwd/passwd.master";
}

static const char *group_path(const struct tree *t)
{
	return tree_file_blob(t, "etc/group") ? "etc/group" : "usr/share/base-passwd/group.master";
}

static int load_file(const struct load *l, const char *path,
		     int (*load_line)(const struct load *l, char *line), struct err *e)
{
	_cleanup_free_ char *text = NULL;

	if (!tree_file_blob(l->t, path))
		return 0;
	int r = text_read(l->t, path, &text, e);
	if (r < 0)
		return r;
	char *rest = text, *line;
	for (unsigned int number = 1; (line = text_next_line(&rest)); number++) {
		if (!*line)
			continue;
		r = load_line(l, line);
		if (r == -EBADMSG)
			return err_set(e, r,
				       "%s:%u: not a line of such a file, or it is there twice",
				       path, number);
		if (r < 0)
			return err_oom(e);
	}
	return 0;
}

int users_load(const struct tree *t, int64_t day, struct users *u, struct err *e)
{
	const struct load l = { t, u, day };

	int r = load_file(&l, passwd_path(t), load_user, e);
	if (r == 0)
		r = load_file(&l, group_path(t), load_group, e);
	if (r == 0)
		r = load_file(&l, "etc/shadow", load_shadow, e);
	if (r == 0)
		r = load_file(&l, "etc/gshadow", load_gshadow, e);
	return r;
}

int users_wishes(const struct users *u, const struct tree *t, struct id_wishes *w, struct err *e)
{
	struct id_wish wish = { .kind = ID_GROUP, .how = ID_GIVEN, .where = group_path(t) };

	for (size_t i = 0; i < u->n_groups; i++) {
		wish.name = u->groups[i].name;
		wish.number = u->groups[i].gid;
		if (id_wishes_add(w, &wish) < 0)
			return err_oom(e);
	}
	wish.kind = ID_USER;
	wish.where = passwd_path(t);
	for (size_t i = 0; i < u->n_users; i++) {
		wish.name = u->users[i].name;
		wish.number = u->users[i].uid;
		if (id_wishes_add(w, &wish) < 0)
			return err_oom(e);
	}
	return 0;
}

static void print_members(const struct strv *members, struct buf *b)
{
	for (size_t i = 0; i < members->n; i++)
		buf_printf(b, "%s%s", i ? "," : "", members->v[i]);
	buf_append_str(b, "\n");
}

void users_print(const struct users *u, struct buf *passwd, struct buf *group, struct buf *shadow,
		 struct buf *gshadow)
{
	for (size_t i = 0; i < u->n_users; i++) {
		const struct user *m = &u->users[i];
		buf_printf(passwd, "%s:x:%" PRIu32 ":%" PRIu32 ":%s:%s:%s\n", m->name, m->uid,
			   m->gid, m->gecos, m->home, m->shell);
		buf_printf(shadow, "%s:%s\n", m->name, m->shadow);
	}
	for (size_t i = 0; i < u->n_groups; i++) {
		const struct group *m = &u->groups[i];
		buf_printf(group, "%s:x:%" PRIu32 ":", m->name, m->gid);
		print_members(&m->members, group);
		buf_printf(gshadow, "%s:%s:", m->name, m->shadow);
		print_members(&m->members, gshadow);
	}
}
