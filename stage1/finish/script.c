/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/script.h"

#include "base/buf.h"
#include "base/path.h"
#include "stage1/finish/text.h"

#define OPERATORS   ";&|<>()\n"
#define MAX_NESTING 32

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
	c->ours = str_eq(path_last(buf_str(word)), c->program);
	return 0;
}

/* What a word is within, innermost last: one of " ' ` ( { */
struct nesting {
	char in[MAX_NESTING];
	size_t n;
};

static char top(const struct nesting *k)
{
	return k->n ? k->in[k->n - 1] : '\0';
}

/* An apostrophe within "…" is one, also in "${x:-it's}". */
static bool apostrophe_quotes(const struct nesting *k)
{
	return top(k) != '"' && !(top(k) == '{' && k->n > 1 && k->in[k->n - 2] == '"');
}

static bool closes(const struct nesting *k, char c)
{
	return c == (top(k) == '(' ? ')' : top(k) == '{' ? '}' : top(k)) && k->n > 0;
}

/* Does something open at *s? It is moved to the last character of what does. */
static bool opens(const struct nesting *k, const char **s)
{
	if (**s == '$' && ((*s)[1] == '(' || (*s)[1] == '{')) {
		++*s;
		return true;
	}
	return **s == '"' || **s == '`' || (**s == '\'' && apostrophe_quotes(k)) ||
	       (**s == '(' && top(k) == '(');
}

/*
 * A word at *s: quotes go, a line that is continued within it is joined. What a command or a variable
 * stands for keeps its '$', with all that is within.
 */
static int read_word(const char **s, struct buf *word, struct err *e)
{
	struct nesting k = { .n = 0 };

	word->len = 0;
	for (; **s && (k.n || !strchr(" \t\r" OPERATORS, **s)); (*s)++) {
		const char *start = *s;
		if (top(&k) != '\'' && **s == '\\' && (*s)[1]) {
			if (*++*s != '\n')
				buf_append(word, *s, 1);
		} else if (closes(&k, **s)) {
			k.n--;
		} else if (top(&k) != '\'' && opens(&k, s)) {
			if (k.n == MAX_NESTING)
				return err_set(e, -EBADMSG, "quotes are nested too deeply");
			k.in[k.n++] = **s;
			if (*start == '$' || *start == '`')
				buf_append_str(word, "$");
		} else {
			buf_append(word, *s, 1);
		}
	}
	return k.n ? err_set(e, -EBADMSG, "a %c is not closed", top(&k)) : 0;
}

/* Behind "<<": reads the word that ends the text which follows this line. */
static int read_here_word(const char **s, struct strv *here, struct err *e)
{
	_cleanup_buf_ struct buf word = BUF_INIT;

	*s += strspn(*s, "-");
	*s += strspn(*s, " \t");
	int r = read_word(s, &word, e);
	if (r == 0 && strv_take(here, buf_take_str(&word)) < 0)
		r = err_oom(e);
	return r;
}

/* At the end of a line: moves over the texts that were announced in it. */
static void skip_here_texts(const char **s, struct strv *here)
{
	for (size_t i = 0; i < here->n; i++) {
		size_t word = strlen(here->v[i]);
		bool end = false;
		while (**s && !end) {
			const char *line = *s + strspn(*s, "\t");
			size_t len = strcspn(line, "\n");
			end = len == word && memcmp(line, here->v[i], len) == 0;
			*s = line + len + (line[len] == '\n');
		}
	}
	strv_done(here);
}

static int read_operator(const char **s, struct strv *here, struct call *c, struct err *e)
{
	if ((*s)[0] == '<' && (*s)[1] == '<' && (*s)[2] != '<') {
		*s += 2;
		return read_here_word(s, here, e);
	}
	bool end_of_line = **s == '\n';
	++*s;
	if (end_of_line)
		skip_here_texts(s, here);
	return end_call(c, e);
}

int script_find_calls_in(const char *text, const char *program, script_call_fn fn, void *ctx,
			 struct err *e)
{
	struct call c = { program, fn, ctx, STRV_INIT, false };
	_cleanup_buf_ struct buf word = BUF_INIT;
	_cleanup_strv_ struct strv here = STRV_INIT;
	int r = 0;

	while (r == 0 && *text) {
		if (text[0] == '\\' && text[1] == '\n') {
			text += 2;
		} else if (strchr(" \t\r", *text)) {
			text++;
		} else if (*text == '#') {
			text += strcspn(text, "\n");
		} else if (strchr(OPERATORS, *text)) {
			r = read_operator(&text, &here, &c, e);
		} else {
			r = read_word(&text, &word, e);
			if (r == 0)
				r = use_word(&c, &word, e);
		}
	}
	if (r == 0)
		r = end_call(&c, e);
	strv_done(&c.args);
	return r;
}

int script_find_calls(const struct package *pkg, const char *script, const char *program,
		      script_call_fn fn, void *ctx, struct err *e)
{
	const struct blob *b = package_script(pkg, script);
	_cleanup_free_ char *text = NULL;

	if (!b || !b->len || !memmem(b->data, b->len, program, strlen(program)))
		return 0;
	int r = text_from_blob(b, script, &text, e);
	if (r == 0)
		r = script_find_calls_in(text, program, fn, ctx, e);
	return r < 0 ? err_wrap(e, r, "package %s: %s", pkg->name, script) : 0;
}
