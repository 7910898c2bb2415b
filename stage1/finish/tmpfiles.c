/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/tmpfiles.h"

#include <inttypes.h>

#include "stage1/finish/text.h"

static void line_done(struct tmpfiles_line *l)
{
	free(l->type);
	free(l->path);
	free(l->mode);
	free(l->user);
	free(l->group);
	free(l->age);
	free(l->argument);
}

void tmpfiles_done(struct tmpfiles *f)
{
	for (size_t i = 0; i < f->n; i++)
		line_done(&f->lines[i]);
	free(f->lines);
	*f = (struct tmpfiles)TMPFILES_INIT;
}

/* "%%" is '%'. Return: false for any other specifier. */
static bool resolve_percent(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '%' && *++s != '%')
			return false;
		*to++ = *s;
	}
	*to = '\0';
	return true;
}

static void drop_trailing_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

/* The words of a line move into it; the argument is all that follows the sixth. */
static int take_words(struct tmpfiles *f, struct strv *words, struct err *e)
{
	struct tmpfiles_line l = { 0 };
	char **fields[] = { &l.type, &l.path, &l.mode, &l.user, &l.group, &l.age, &l.argument };

	if (!resolve_percent(words->v[1]))
		return 0;
	drop_trailing_slashes(words->v[1]);
	struct tmpfiles_line *p = reallocarray(f->lines, f->n + 1, sizeof(*p));
	if (!p)
		return err_oom(e);
	f->lines = p;
	for (size_t i = 0; i < words->n && i < ARRAY_SIZE(fields); i++)
		if (!str_eq(words->v[i], "-"))
			*fields[i] = TAKE_PTR(words->v[i]);
	f->lines[f->n++] = l;
	return 0;
}

static int read_line(struct tmpfiles *f, const char *line, const char *path, unsigned int number,
		     struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;

	int r = text_split_words(line, &words);
	if (r == -ENOMEM)
		return err_oom(e);
	/* "-" is for fields that are not given, and the type always is. */
	if (r < 0 || words.n < 2 || words.v[1][0] != '/' || !words.v[0][0] ||
	    str_eq(words.v[0], "-"))
		return err_set(e, -EBADMSG, "%s:%u: not a line of tmpfiles.d(5)", path, number);
	return take_words(f, &words, e);
}

static int read_file(const struct tree *t, struct tmpfiles *f, const char *path, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	int r = text_read(t, path, &text, e);
	if (r < 0)
		return r;
	char *rest = text, *line;
	for (unsigned int number = 1; r == 0 && (line = text_next_line(&rest)); number++) {
		line = text_strip(line);
		/* A specifier may stand for the path's start: "%h/x". */
		if (*line && *line != '#' && line[strcspn(line, " \t")] &&
		    line[strcspn(line, " \t") + strspn(line + strcspn(line, " \t"), " \t")] != '%')
			r = read_line(f, line, path, number, e);
	}
	return r < 0 ? tree_blame(tree_resolve(t, path), r, e) : 0;
}

int tmpfiles_read(const struct tree *t, struct tmpfiles *f, struct err *e)
{
	static const char *const dirs[] = { "etc/tmpfiles.d", "usr/local/lib/tmpfiles.d",
					    "usr/lib/tmpfiles.d", NULL };
	_cleanup_strv_ struct strv paths = STRV_INIT;

	int r = text_conf_files(t, dirs, ".conf", &paths, e);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = read_file(t, f, paths.v[i], e);
	return r;
}

bool tmpfiles_makes(const struct tmpfiles *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strchr("fFdDvqQpLcbC", f->lines[i].type[0]) && str_eq(f->lines[i].path, path))
			return true;
	return false;
}

static void print_percent(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_append(b, *s == '%' ? "%%" : s, *s == '%' ? 2 : 1);
}

/* In quotes if need be, where a backslash keeps the next character. */
static void print_path(struct buf *b, const char *path)
{
	if (!strpbrk(path, " \"'\\")) {
		print_percent(b, path);
		return;
	}
	buf_append_str(b, "\"");
	for (; *path; path++) {
		const char c[] = { *path, '\0' };
		if (*path == '"' || *path == '\\')
			buf_append_str(b, "\\");
		print_percent(b, c);
	}
	buf_append_str(b, "\"");
}

bool tmpfiles_can_print(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static void print_id(struct buf *b, uint32_t id)
{
	if (id)
		buf_printf(b, " %" PRIu32, id);
	else
		buf_append_str(b, " root");
}

void tmpfiles_print(struct buf *b, const char *type, const char *path,
		    const struct tree_inode *owner, const char *argument)
{
	bool link = S_ISLNK(owner->mode);

	buf_printf(b, "%s ", type);
	print_path(b, path);
	if (link) {
		buf_append_str(b, " - - -");
	} else {
		buf_printf(b, " %04" PRIo32, owner->mode & 07777);
		print_id(b, owner->uid);
		print_id(b, owner->gid);
	}
	buf_append_str(b, " -");
	if (argument) {
		buf_append_str(b, " ");
		print_percent(b, argument);
	}
	buf_append_str(b, "\n");
}
