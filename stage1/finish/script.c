/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/script.h"

#include "base/buf.h"
#include "stage1/finish/text.h"

#define OPERATORS ";&|<>()\n"

/* One call that is being read: of the program we look for, or of any other. */
struct call {
	const char *program;
	script_call_fn fn;
	void *ctx;
	struct strv args;
	bool ours;
};

static int end_call(struct call *c, struct err *e)
{
	int r = c->ours ? c->fn(c->ctx, &c->args, e) : 0;

	c->ours = false;
	strv_done(&c->args);
	return r;
}

static int use_word(struct call *c, struct buf *word, struct err *e)
{
	if (buf_failed(word))
		return err_oom(e);
	if (c->ours)
		return strv_add(&c->args, buf_str(word)) < 0 ? err_oom(e) : 0;
	c->ours = str_eq(text_basename(buf_str(word)), c->program);
	return 0;
}

/* A word at *s: quotes go, a line that is continued within it is joined. */
static void read_word(const char **s, struct buf *word)
{
	char quote = '\0';

	word->len = 0;
	for (; **s && (quote || !strchr(" \t\r" OPERATORS, **s)); (*s)++) {
		char c = **s;
		if (quote && c == quote) {
			quote = '\0';
		} else if (!quote && (c == '\'' || c == '"')) {
			quote = c;
		} else if (c == '\\' && quote != '\'' && (*s)[1]) {
			if (*++*s != '\n')
				buf_append(word, *s, 1);
		} else {
			buf_append(word, &c, 1);
		}
	}
}

int script_find_calls_in(const char *text, const char *program, script_call_fn fn, void *ctx,
			 struct err *e)
{
	struct call c = { program, fn, ctx, STRV_INIT, false };
	_cleanup_buf_ struct buf word = BUF_INIT;
	int r = 0;

	while (r == 0 && *text) {
		if (text[0] == '\\' && text[1] == '\n') {
			text += 2;
		} else if (strchr(" \t\r", *text)) {
			text++;
		} else if (*text == '#') {
			text += strcspn(text, "\n");
		} else if (strchr(OPERATORS, *text)) {
			text++;
			r = end_call(&c, e);
		} else {
			read_word(&text, &word);
			r = use_word(&c, &word, e);
		}
	}
	if (r == 0)
		r = end_call(&c, e);
	strv_done(&c.args);
	return r;
}

static const struct blob *find_script(const struct package *pkg, const char *name)
{
	for (size_t i = 0; i < pkg->n_scripts; i++)
		if (str_eq(pkg->scripts[i].name, name))
			return pkg->scripts[i].content;
	return NULL;
}

int script_find_calls(const struct package *pkg, const char *script, const char *program,
		      script_call_fn fn, void *ctx, struct err *e)
{
	const struct blob *b = find_script(pkg, script);
	_cleanup_free_ char *text = NULL;

	if (!b || !b->len || !memmem(b->data, b->len, program, strlen(program)))
		return 0;
	int r = text_from_blob(b, script, &text, e);
	if (r == 0)
		r = script_find_calls_in(text, program, fn, ctx, e);
	return r < 0 ? err_wrap(e, r, "package %s", pkg->name) : 0;
}
