/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"
#include "base/path.h"
#include "stage1/finish/configs.h"
#include "stage1/finish/text.h"

#define PATH	 "etc/shells"
#define TEMPLATE "usr/share/debianutils/shells"
#define DIR	 "usr/share/debianutils/shells.d"

/* A shell, and the same where its directory really is: /bin/sh and /usr/bin/sh. */
static int add_shell(const struct tree *t, const char *shell, struct strv *shells)
{
	const char *base = path_last(shell);
	_cleanup_free_ char *dir = strndup(shell, (size_t)(base - shell));
	const struct tree_node *n = dir ? tree_resolve(t, dir) : NULL;
	_cleanup_free_ char *real = n ? tree_path(n) : NULL;

	if (!strv_contains(shells, shell) && strv_add(shells, shell) < 0)
		return -ENOMEM;
	if (!real)
		return 0;
	_cleanup_free_ char *other = str_printf("/%s/%s", real, base);
	return !other ? -ENOMEM : strv_contains(shells, other) ? 0 : strv_add(shells, other);
}

static int add_file(const struct tree *t, const char *path, struct strv *shells, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	int r = text_read(t, path, &text, e);
	char *rest = text, *line;
	while (r == 0 && (line = text_next_line(&rest))) {
		line[strcspn(line, "#")] = '\0';
		line = text_strip(line);
		if (*line && add_shell(t, line, shells) < 0)
			r = err_oom(e);
	}
	return r;
}

static int add_dir(const struct tree *t, struct strv *shells, struct err *e)
{
	const struct tree_node *dir = tree_lookup(t, DIR), *n;

	if (!dir || !tree_is_dir(dir))
		return 0;
	tree_for_each_child (dir, n) {
		_cleanup_free_ char *path = str_printf("%s/%s", DIR, n->name);
		int r = path ? add_file(t, path, shells, e) : err_oom(e);
		if (r < 0)
			return r;
	}
	return 0;
}

int configs_shells(const struct finish_params *p, struct err *e)
{
	_cleanup_strv_ struct strv shells = STRV_INIT, there = STRV_INIT;
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (tree_lookup(p->tree, PATH) || !tree_file_blob(p->tree, TEMPLATE))
		return 0;
	int r = add_file(p->tree, TEMPLATE, &shells, e);
	if (r == 0)
		r = add_dir(p->tree, &shells, e);
	if (r == 0)
		r = text_read(p->tree, TEMPLATE, &text, e);
	if (r < 0)
		return r;
	buf_append_str(&b, text);
	if (strv_split(&there, text, "\n") < 0)
		return err_oom(e);
	for (size_t i = 0; i < shells.n; i++)
		if (!strv_contains(&there, shells.v[i]))
			buf_printf(&b, "%s\n", shells.v[i]);
	return buf_failed(&b) ? err_oom(e) : finish_put(p, CONFIGS_NAME, PATH, buf_str(&b), e);
}
