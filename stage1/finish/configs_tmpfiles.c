/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/configs.h"
#include "stage1/finish/tmpfiles.h"

/* A leading ':' means "only when it is made", which it is; '~' masks, which a new directory does not need. */
static const char *strip_prefix(const char *s)
{
	return s ? s + strspn(s, ":~") : NULL;
}

static int resolve_owner(const struct users *u, const struct tmpfiles_line *l, struct tree_meta *m,
			 struct err *e)
{
	const char *name = strip_prefix(l->user), *group_name = strip_prefix(l->group);
	const struct user *user = name ? users_by_name(u, name) : NULL;
	const struct group *group = group_name ? users_group_by_name(u, group_name) : NULL;
	uint64_t uid = 0, gid = 0;

	if (name && !user && (parse_u64(name, 10, &uid) < 0 || uid >= UINT32_MAX))
		return err_set(e, -ENOENT, "tmpfiles line for %s: there is no user %s", l->path,
			       name);
	if (group_name && !group && (parse_u64(group_name, 10, &gid) < 0 || gid >= UINT32_MAX))
		return err_set(e, -ENOENT, "tmpfiles line for %s: there is no group %s", l->path,
			       group_name);
	m->uid = user ? user->uid : (uint32_t)uid;
	m->gid = group ? group->gid : (uint32_t)gid;
	return 0;
}

static int make_dir(const struct finish_params *p, const struct users *u,
		    const struct tmpfiles_line *l, struct tree_meta *m, struct err *e)
{
	uint64_t mode = 0755;

	if (l->mode && (parse_u64(strip_prefix(l->mode), 8, &mode) < 0 || mode > 07777))
		return err_set(e, -EINVAL, "tmpfiles line for %s: \"%s\" is no mode", l->path,
			       l->mode);
	m->mode = (uint32_t)mode;
	int r = resolve_owner(u, l, m, e);
	if (r < 0)
		return r;
	struct tree_node *n = tree_lookup(p->tree, l->path);
	if (!n)
		return tree_add_dir(p->tree, l->path, m, NULL, e);
	if (!tree_is_dir(n))
		return 0;
	if (l->mode)
		n->inode->mode = S_IFDIR | m->mode;
	if (l->user)
		n->inode->uid = m->uid;
	if (l->group)
		n->inode->gid = m->gid;
	return 0;
}

static int make_link(const struct finish_params *p, const struct tmpfiles_line *l, struct err *e)
{
	const struct tree_node *n = tree_lookup(p->tree, l->path);

	if (!l->argument || strchr(l->argument, '%'))
		return 0;
	if (n && (!strchr(l->type, '+') || tree_is_dir(n)))
		return 0;
	return finish_put_link(p, CONFIGS_NAME, l->path + 1, l->argument, e);
}

static int make_one(const struct finish_params *p, const struct users *u,
		    const struct tmpfiles_line *l, struct err *e)
{
	struct tree_meta m = { .mtime = p->time, .origin = finish_origin(p, CONFIGS_NAME) };

	if (!m.origin)
		return err_oom(e);
	/* '^': from a credential, which only the machine has. */
	if (!str_has_prefix(l->path, "/etc/") || strchr(l->type, '^'))
		return 0;
	switch (l->type[0]) {
	case 'd':
	case 'D':
	case 'v':
	case 'q':
	case 'Q':
		return make_dir(p, u, l, &m, e);
	case 'L':
		return make_link(p, l, e);
	default:
		return 0;
	}
}

int configs_tmpfiles(const struct finish_params *p, const struct users *u, struct err *e)
{
	_cleanup_tmpfiles_ struct tmpfiles f = TMPFILES_INIT;

	int r = tmpfiles_read(p->tree, &f, e);
	for (size_t i = 0; r == 0 && i < f.n; i++)
		r = make_one(p, u, &f.lines[i], e);
	return r;
}
