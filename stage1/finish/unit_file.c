/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/unit_file.h"

#include "base/buf.h"
#include "base/path.h"
#include "stage1/finish/text.h"

#define MAX_ALIASES 8

static const char *const unit_dirs[][4] = {
	[UNIT_SYSTEM] = { "etc/systemd/system", "usr/local/lib/systemd/system",
			  "usr/lib/systemd/system", NULL },
	[UNIT_USER] = { "etc/systemd/user", "usr/local/lib/systemd/user", "usr/lib/systemd/user",
			NULL },
};

const char *unit_etc_dir(enum unit_scope scope)
{
	return unit_dirs[scope][0];
}

bool unit_name_is_valid(const char *name)
{
	static const char *const types[] = { ".service", ".socket",    ".target", ".device",
					     ".mount",	 ".automount", ".swap",	  ".timer",
					     ".path",	 ".slice",     ".scope" };
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789:-_.\\@";

	if (*name == '@' || *name == '.' || strspn(name, chars) != strlen(name) ||
	    strlen(name) > 255)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_has_suffix(name, types[i]) && strlen(name) > strlen(types[i]))
			return true;
	return false;
}

char *unit_template_name(const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	if (!at || !dot || dot <= at + 1)
		return NULL;
	return str_printf("%.*s%s", (int)(at + 1 - name), name, dot);
}

void unit_install_done(struct unit_install *u)
{
	free(u->name);
	free(u->path);
	free(u->default_instance);
	strv_done(&u->wanted_by);
	strv_done(&u->required_by);
	strv_done(&u->upheld_by);
	strv_done(&u->alias);
	strv_done(&u->also);
	memset(u, 0, sizeof(*u));
}

static int find_exact(const struct tree *t, enum unit_scope scope, const char *name, char **ret,
		      struct err *e)
{
	for (const char *const *dir = unit_dirs[scope]; *dir; dir++) {
		_cleanup_free_ char *path = str_printf("%s/%s", *dir, name);
		if (!path)
			return err_oom(e);
		const struct tree_node *n = tree_lookup(t, path);
		if (!n || tree_is_dir(n))
			continue;
		*ret = TAKE_PTR(path);
		return 0;
	}
	return -ENOENT;
}

int unit_find(const struct tree *t, enum unit_scope scope, const char *name, char **ret_path,
	      struct err *e)
{
	int r = find_exact(t, scope, name, ret_path, e);
	if (r != -ENOENT)
		return r;
	_cleanup_free_ char *template = unit_template_name(name);
	return template ? find_exact(t, scope, template, ret_path, e) : -ENOENT;
}

/* %n, %N, %p, %i, %j and %% of a unit's name. */
static int expand(const char *s, const char *name, char **ret, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');
	const char *prefix_end = at ? at : dot;

	for (; *s; s++) {
		if (*s != '%') {
			buf_append(&b, s, 1);
			continue;
		}
		const char *dash = prefix_end;
		switch (*++s) {
		case '%':
			buf_append_str(&b, "%");
			break;
		case 'n':
			buf_append_str(&b, name);
			break;
		case 'N':
			buf_append(&b, name, (size_t)(dot - name));
			break;
		case 'p':
			buf_append(&b, name, (size_t)(prefix_end - name));
			break;
		case 'i':
			if (at)
				buf_append(&b, at + 1, (size_t)(dot - at - 1));
			break;
		case 'j':
			while (dash > name && dash[-1] != '-')
				dash--;
			buf_append(&b, dash, (size_t)(prefix_end - dash));
			break;
		default:
			return err_set(e, -EINVAL, "%s: specifier %%%c has no value in an image",
				       name, *s ? *s : ' ');
		}
	}
	*ret = buf_take_str(&b);
	return *ret ? 0 : err_oom(e);
}

static struct strv *install_list(struct unit_install *u, const char *key)
{
	return str_eq(key, "WantedBy")	   ? &u->wanted_by
	       : str_eq(key, "RequiredBy") ? &u->required_by
	       : str_eq(key, "UpheldBy")   ? &u->upheld_by
	       : str_eq(key, "Alias")	   ? &u->alias
	       : str_eq(key, "Also")	   ? &u->also
					   : NULL;
}

/* One assignment of an [Install] section; an empty value takes back what stood before. */
static int use_assignment(struct unit_install *u, const char *key, const char *value, struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;
	struct strv *list = install_list(u, key);

	if (str_eq(key, "DefaultInstance")) {
		free(u->default_instance);
		u->default_instance = *value ? strdup(value) : NULL;
		return *value && !u->default_instance ? err_oom(e) : 0;
	}
	if (!list)
		return 0;
	if (!*value)
		strv_done(list);
	int r = text_split_words(value, &words);
	if (r < 0)
		return err_set(e, r == -ENOMEM ? r : -EBADMSG, "%s=%s: unbalanced quotes", key,
			       value);
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = strv_add(list, words.v[i]);
	return r < 0 ? err_oom(e) : 0;
}

/* Joins lines that end in a backslash; what is appended is the whole line. */
static char *next_logical_line(char **rest, struct buf *b)
{
	char *line;

	b->len = 0;
	while ((line = text_next_line(rest))) {
		size_t len = strlen(line);
		if (b->len && text_is_comment(line) && *line)
			continue;
		if (len && line[len - 1] == '\\' && !text_is_comment(line)) {
			buf_append(b, line, len - 1);
			buf_append_str(b, " ");
			continue;
		}
		buf_append_str(b, line);
		return b->len ? (char *)b->data : line;
	}
	return b->len ? (char *)b->data : NULL;
}

static int read_install_section(const struct tree *t, const char *path, struct unit_install *u,
				struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	bool inside = false;
	char *line;

	int r = text_read(t, path, &text, e);
	char *rest = text;
	while (r == 0 && (line = next_logical_line(&rest, &b))) {
		if (text_is_comment(line))
			continue;
		line = text_strip(line);
		if (*line == '[') {
			inside = str_eq(line, "[Install]");
			u->has_install |= inside;
			continue;
		}
		char *value = strchr(line, '=');
		if (!inside || !value)
			continue;
		*value++ = '\0';
		r = use_assignment(u, text_strip(line), text_strip(value), e);
	}
	if (r == 0 && buf_failed(&b))
		r = err_oom(e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

static int add_dropin_dirs(enum unit_scope scope, const char *name, struct strv *dirs)
{
	int r = 0;

	for (const char *const *dir = unit_dirs[scope]; r == 0 && *dir; dir++)
		r = strv_addf(dirs, "%s/%s.d", *dir, name);
	return r;
}

static int read_dropins(const struct tree *t, enum unit_scope scope, struct unit_install *u,
			struct err *e)
{
	_cleanup_strv_ struct strv dirs = STRV_INIT, paths = STRV_INIT;
	_cleanup_free_ char *template = unit_template_name(u->name);

	if (add_dropin_dirs(scope, u->name, &dirs) < 0 ||
	    (template && add_dropin_dirs(scope, template, &dirs) < 0))
		return err_oom(e);
	int r = text_conf_files(t, (const char *const *)dirs.v, ".conf", &paths, e);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = read_install_section(t, paths.v[i], u, e);
	return r;
}

static int expand_list(struct strv *list, const char *name, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		char *s;
		int r = expand(list->v[i], name, &s, e);
		if (r < 0)
			return r;
		free(list->v[i]);
		list->v[i] = s;
	}
	return 0;
}

/* "getty@.service" with a default instance is that instance. */
static int take_default_instance(struct unit_install *u, struct err *e)
{
	const char *dot = strrchr(u->name, '.');

	if (!u->default_instance || dot == u->name || dot[-1] != '@')
		return 0;
	char *name =
		str_printf("%.*s%s%s", (int)(dot - u->name), u->name, u->default_instance, dot);
	if (!name)
		return err_oom(e);
	free(u->name);
	u->name = name;
	return 0;
}

static int expand_all(struct unit_install *u, struct err *e)
{
	struct strv *lists[] = { &u->wanted_by, &u->required_by, &u->upheld_by, &u->alias,
				 &u->also };
	int r = take_default_instance(u, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = expand_list(lists[i], u->name, e);
	return r;
}

/* What a name that is a symlink to another unit stands for: "autovt@tty1" is "getty@tty1". */
static char *alias_target(const char *name, const char *target)
{
	const char *base = path_last(target), *at = strchr(name, '@');
	const char *dot = strrchr(name, '.'), *base_dot = strrchr(base, '.');

	if (!at || !base_dot || base_dot == base || base_dot[-1] != '@')
		return strdup(base);
	return str_printf("%.*s%.*s%s", (int)(base_dot - base), base, (int)(dot - at - 1), at + 1,
			  base_dot);
}

int unit_read_install(const struct tree *t, enum unit_scope scope, const char *name,
		      struct unit_install *ret, struct err *e)
{
	_cleanup_unit_install_ struct unit_install u = { .name = strdup(name) };
	int r = u.name ? 0 : err_oom(e);

	for (unsigned int links = 0; r == 0; links++) {
		r = unit_find(t, scope, u.name, &u.path, e);
		if (r < 0)
			return r;
		const struct tree_node *n = tree_lookup(t, u.path);
		if (!tree_is_symlink(n))
			break;
		if (str_eq(n->inode->target, "/dev/null")) {
			u.masked = true;
			break;
		}
		if (links == MAX_ALIASES)
			return err_set(e, -ELOOP, "%s: symlinks in a circle", u.path);
		char *next = alias_target(u.name, n->inode->target);
		if (!next || !unit_name_is_valid(next)) {
			r = next ? -ENOENT : err_oom(e);
			free(next);
			return r;
		}
		free(u.name);
		free(u.path);
		u.path = NULL;
		u.name = next;
	}
	if (r == 0 && !u.masked)
		r = read_install_section(t, u.path, &u, e);
	if (r == 0 && !u.masked)
		r = read_dropins(t, scope, &u, e);
	if (r == 0)
		r = expand_all(&u, e);
	if (r == 0) {
		*ret = u;
		memset(&u, 0, sizeof(u));
	}
	return r;
}
