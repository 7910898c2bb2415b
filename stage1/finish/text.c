/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/text.h"

#include "base/buf.h"
#include "base/path.h"

#define SPACE " \t\r\n\v\f"

int text_from_blob(const struct blob *b, const char *what, char **ret, struct err *e)
{
	if (b->len > TEXT_MAX_BYTES)
		return err_set(e, -EFBIG, "%s: %llu bytes is too large for a text", what,
			       (unsigned long long)b->len);
	if (b->len && memchr(b->data, '\0', b->len))
		return err_set(e, -EBADMSG, "%s: not a text: it holds a NUL byte", what);
	char *s = strndup(b->len ? (const char *)b->data : "", b->len);
	if (!s)
		return err_oom(e);
	*ret = s;
	return 0;
}

int text_read(const struct tree *t, const char *path, char **ret, struct err *e)
{
	struct blob *b = tree_file_blob(t, path);

	if (!b)
		return err_set(e, -ENOENT, "%s: no such file in the image", path);
	return text_from_blob(b, path, ret, e);
}

char *text_next_line(char **rest)
{
	char *line = *rest, *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	*rest = end ? end + 1 : line + strlen(line);
	return line;
}

char *text_strip(char *s)
{
	s += strspn(s, SPACE);
	size_t len = strlen(s);
	while (len && strchr(SPACE, s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

bool text_is_comment(const char *line)
{
	line += strspn(line, SPACE);
	return !*line || *line == '#' || *line == ';';
}

/* One word at *s, which is moved behind it. */
static int next_word(const char **s, struct buf *word)
{
	char quote = '\0';

	for (; **s && (quote || !strchr(SPACE, **s)); (*s)++) {
		char c = **s;
		if (quote && c == quote) {
			quote = '\0';
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == '\\' && quote != '\'') {
			if (!*++*s)
				return -EINVAL;
			buf_append(word, *s, 1);
		} else {
			buf_append(word, &c, 1);
		}
	}
	return quote ? -EINVAL : 0;
}

int text_split_words(const char *s, struct strv *words)
{
	for (;;) {
		_cleanup_buf_ struct buf word = BUF_INIT;
		s += strspn(s, SPACE);
		if (!*s)
			return 0;
		int r = next_word(&s, &word);
		if (r == 0)
			r = strv_take(words, buf_take_str(&word));
		if (r < 0)
			return r;
	}
}

static bool has_basename(const struct strv *paths, const char *name)
{
	for (size_t i = 0; i < paths->n; i++)
		if (str_eq(path_last(paths->v[i]), name))
			return true;
	return false;
}

static int compare_basenames(const void *a, const void *b)
{
	return strcmp(path_last(*(char *const *)a), path_last(*(char *const *)b));
}

static bool is_masked(const struct tree *t, const char *path)
{
	const struct tree_node *n = tree_lookup(t, path);

	if (n && tree_is_symlink(n) && str_eq(n->inode->target, "/dev/null"))
		return true;
	const struct blob *b = tree_file_blob(t, path);
	return !b || b->len == 0;
}

int text_conf_files(const struct tree *t, const char *const *dirs, const char *suffix,
		    struct strv *paths, struct err *e)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	const struct tree_node *n;

	for (; *dirs; dirs++) {
		const struct tree_node *dir = tree_resolve(t, *dirs);
		if (!dir || !tree_is_dir(dir))
			continue;
		tree_for_each_child (dir, n) {
			if (!str_has_suffix(n->name, suffix) || has_basename(&found, n->name))
				continue;
			if (strv_addf(&found, "%s/%s", *dirs, n->name) < 0)
				return err_oom(e);
		}
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), compare_basenames);
	for (size_t i = 0; i < found.n; i++)
		if (!is_masked(t, found.v[i]) && strv_add(paths, found.v[i]) < 0)
			return err_oom(e);
	return 0;
}
