/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/sysusers.h"
#include "stage1/finish/text.h"

#include <inttypes.h>

static void item_done(struct sysusers_item *i)
{
	free(i->name);
	free(i->group_name);
	free(i->id_path);
	free(i->description);
	free(i->home);
	free(i->shell);
	free(i->where);
}

void sysusers_done(struct sysusers *s)
{
	for (size_t i = 0; i < s->n_items; i++)
		item_done(&s->items[i]);
	for (size_t i = 0; i < s->n_members; i++) {
		free(s->members[i].user);
		free(s->members[i].group);
		free(s->members[i].where);
	}
	free(s->items);
	free(s->members);
	*s = (struct sysusers)SYSUSERS_INIT;
}

/* What a specifier stands for; NULL: nothing that is known when an image is built. */
static const char *specifier(const struct finish_params *p, char c)
{
	switch (c) {
	case '%':
		return "%";
	case 'A':
		return p->image_version;
	case 'M':
		return p->image_id;
	case 'a':
		return p->arch;
	case 'T':
		return "/tmp";
	case 'V':
		return "/var/tmp";
	default:
		return NULL;
	}
}

static int expand(const struct finish_params *p, const char *s, const char *where, char **ret,
		  struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (; *s; s++) {
		if (*s != '%') {
			buf_append(&b, s, 1);
			continue;
		}
		const char *value = specifier(p, *++s);
		if (!value)
			return err_set(e, -EINVAL, "%s: specifier %%%c has no value in an image",
				       where, *s ? *s : ' ');
		buf_append_str(&b, value);
	}
	*ret = buf_take_str(&b);
	return *ret ? 0 : err_oom(e);
}

static int parse_id(const char *s, uint32_t *ret)
{
	uint64_t v;

	if (parse_u64(s, 10, &v) < 0 || !ids_number_ok(v))
		return -EINVAL;
	*ret = (uint32_t)v;
	return 0;
}

/* "-", "N", "N:gid", "N:group", "-:group", "/path" */
static int parse_item_id(struct sysusers_item *i, char *id, struct err *e)
{
	uint32_t *first = i->type == SYSUSERS_USER ? &i->uid : &i->gid;
	bool *first_set = i->type == SYSUSERS_USER ? &i->uid_set : &i->gid_set;

	if (*id == '/') {
		i->id_path = strdup(id);
		return i->id_path ? 0 : err_oom(e);
	}
	char *colon = i->type == SYSUSERS_USER ? strchr(id, ':') : NULL;
	if (colon) {
		const char *group = colon + 1;
		*colon = '\0';
		i->gid_strict = true;
		if (parse_id(group, &i->gid) == 0) {
			i->gid_set = true;
		} else if (users_name_is_valid(group)) {
			i->group_name = strdup(group);
			if (!i->group_name)
				return err_oom(e);
		} else {
			return err_set(e, -EINVAL, "%s: \"%s\" is no group", i->where, group);
		}
	}
	if (str_eq(id, "-"))
		return 0;
	if (parse_id(id, first) < 0)
		return err_set(e, -EINVAL, "%s: \"%s\" is no id", i->where, id);
	*first_set = true;
	return 0;
}

static bool has_item(const struct sysusers *s, enum sysusers_type type, const char *name)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (s->items[i].type == type && str_eq(s->items[i].name, name))
			return true;
	return false;
}

/* The first line for a name counts: so an overlay's file that sorts early can fix an id. */
static int take_item(struct sysusers *s, struct sysusers_item *i, struct err *e)
{
	struct sysusers_item *p = NULL;

	if (!has_item(s, i->type, i->name)) {
		p = reallocarray(s->items, s->n_items + 1, sizeof(*p));
		if (!p)
			return err_oom(e);
		s->items = p;
		s->items[s->n_items++] = *i;
	} else {
		item_done(i);
	}
	*i = (struct sysusers_item){ 0 };
	return 0;
}

/* strdup() of what may be NULL. */
static bool copy_str(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

int sysusers_add(struct sysusers *s, const struct sysusers_item *i, struct err *e)
{
	struct sysusers_item copy = *i;
	bool ok = copy_str(i->name, &copy.name);

	ok = copy_str(i->group_name, &copy.group_name) && ok;
	ok = copy_str(i->id_path, &copy.id_path) && ok;
	ok = copy_str(i->description, &copy.description) && ok;
	ok = copy_str(i->home, &copy.home) && ok;
	ok = copy_str(i->shell, &copy.shell) && ok;
	ok = copy_str(i->where, &copy.where) && ok;
	int r = ok ? take_item(s, &copy, e) : err_oom(e);
	item_done(&copy);
	return r;
}

int sysusers_add_implied(struct sysusers *s, struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < s->n_members; k++) {
		const struct sysusers_member *m = &s->members[k];
		struct sysusers_item user = { .type = SYSUSERS_USER,
					      .name = m->user,
					      .where = m->where };
		struct sysusers_item group = { .type = SYSUSERS_GROUP,
					       .name = m->group,
					       .where = m->where };
		r = sysusers_add(s, &user, e);
		if (r == 0 && !has_item(s, SYSUSERS_USER, m->group))
			r = sysusers_add(s, &group, e);
	}
	return r;
}

static int add_member(struct sysusers *s, const char *user, const char *group, const char *where,
		      struct err *e)
{
	struct sysusers_member *p = reallocarray(s->members, s->n_members + 1, sizeof(*p));

	if (!p)
		return err_oom(e);
	s->members = p;
	struct sysusers_member m = { strdup(user), strdup(group), strdup(where) };
	s->members[s->n_members++] = m;
	return m.user && m.group && m.where ? 0 : err_oom(e);
}

/* What a node makes for itself must not meet what a later version of the image brings. */
static int add_range(struct sysusers *s, char *id, const char *where, struct err *e)
{
	uint32_t first, last;
	char *dash = strchr(id, '-');

	if (dash)
		*dash = '\0';
	if (parse_id(id, &first) < 0 || parse_id(dash ? dash + 1 : id, &last) < 0 || last < first)
		return err_set(e, -EINVAL, "%s: not a range of ids", where);
	if (first <= IDS_MAX && last >= IDS_MIN)
		return err_set(e, -EINVAL,
			       "%s: ids from %d to %d are kept for users of images: choose another "
			       "range for those that a node makes",
			       where, IDS_MIN, IDS_MAX);
	s->has_range = true;
	return 0;
}

/* The fields of a line, specifiers expanded; an absent one and "-" are NULL. */
enum { F_TYPE, F_NAME, F_ID, F_DESCRIPTION, F_HOME, F_SHELL, N_FIELDS };

static int read_fields(const struct finish_params *p, const char *line, const char *where, char **f,
		       struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;

	int r = text_split_words(line, &words);
	if (r == -ENOMEM)
		return err_oom(e);
	if (r < 0 || words.n < 2 || words.n > N_FIELDS)
		return err_set(e, -EINVAL, "%s: not a line of sysusers.d(5)", where);
	for (size_t i = 0; i < words.n; i++) {
		if (i != F_TYPE && str_eq(words.v[i], "-"))
			continue;
		r = expand(p, words.v[i], where, &f[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_item(struct sysusers *s, char **f, const char *where, struct err *e)
{
	struct sysusers_item i = { .type = f[F_TYPE][0] == 'u' ? SYSUSERS_USER : SYSUSERS_GROUP,
				   .locked = f[F_TYPE][1] == '!' };
	char *id = f[F_ID];

	if (i.type == SYSUSERS_GROUP && (f[F_DESCRIPTION] || f[F_HOME] || f[F_SHELL]))
		return err_set(e, -EINVAL, "%s: a group has no description, home or shell", where);
	if (f[F_DESCRIPTION] && strpbrk(f[F_DESCRIPTION], ":\n"))
		return err_set(e, -EINVAL, "%s: a description may not hold a colon", where);
	for (int k = F_HOME; k <= F_SHELL; k++)
		if (f[k] && (f[k][0] != '/' || strpbrk(f[k], ":\n")))
			return err_set(e, -EINVAL, "%s: \"%s\" is not an absolute path", where,
				       f[k]);
	i.where = strdup(where);
	int r = i.where ? 0 : err_oom(e);
	if (r == 0 && id)
		r = parse_item_id(&i, id, e);
	i.name = TAKE_PTR(f[F_NAME]);
	i.description = TAKE_PTR(f[F_DESCRIPTION]);
	i.home = TAKE_PTR(f[F_HOME]);
	i.shell = TAKE_PTR(f[F_SHELL]);
	if (r == 0)
		r = take_item(s, &i, e);
	item_done(&i);
	return r;
}

static int use_fields(struct sysusers *s, char **f, const char *where, struct err *e)
{
	const char *type = f[F_TYPE];

	if (str_eq(type, "r")) {
		if (f[F_NAME] || !f[F_ID])
			return err_set(e, -EINVAL, "%s: a range line is \"r - N-M\"", where);
		return add_range(s, f[F_ID], where, e);
	}
	if (!f[F_NAME] || !users_name_is_valid(f[F_NAME]))
		return err_set(e, -EINVAL, "%s: \"%s\" is no user or group name", where,
			       f[F_NAME] ? f[F_NAME] : "-");
	if (str_eq(type, "m")) {
		if (!f[F_ID] || !users_name_is_valid(f[F_ID]))
			return err_set(e, -EINVAL, "%s: a membership line is \"m user group\"",
				       where);
		return add_member(s, f[F_NAME], f[F_ID], where, e);
	}
	if (str_eq(type, "u") || str_eq(type, "u!") || str_eq(type, "g"))
		return make_item(s, f, where, e);
	return err_set(e, -EINVAL, "%s: unknown type \"%s\" (u, u!, g, m and r are known)", where,
		       type);
}

int sysusers_add_line(struct sysusers *s, const struct finish_params *p, const char *line,
		      const char *where, struct err *e)
{
	char *f[N_FIELDS] = { 0 };

	int r = read_fields(p, line, where, f, e);
	if (r == 0)
		r = use_fields(s, f, where, e);
	for (int i = 0; i < N_FIELDS; i++)
		free(f[i]);
	return r;
}

static int read_file(struct sysusers *s, const struct finish_params *p, const char *path,
		     struct err *e)
{
	_cleanup_free_ char *text = NULL;

	int r = text_read(p->tree, path, &text, e);
	if (r < 0)
		return r;
	char *rest = text, *line;
	for (unsigned int number = 1; (line = text_next_line(&rest)); number++) {
		line = text_strip(line);
		if (!*line || *line == '#')
			continue;
		_cleanup_free_ char *where = str_printf("%s:%u", path, number);
		r = where ? sysusers_add_line(s, p, line, where, e) : err_oom(e);
		if (r < 0)
			return tree_blame(tree_resolve(p->tree, path), r, e);
	}
	return 0;
}

int sysusers_read(struct sysusers *s, const struct finish_params *p, struct err *e)
{
	static const char *const dirs[] = { "etc/sysusers.d", "usr/local/lib/sysusers.d",
					    "usr/lib/sysusers.d", NULL };
	_cleanup_strv_ struct strv paths = STRV_INIT;

	int r = text_conf_files(p->tree, dirs, ".conf", &paths, e);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = read_file(s, p, paths.v[i], e);
	return r;
}
