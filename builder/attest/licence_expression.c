/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "and" binds closer than "or", and a comma before either of them parts what stands on both of its
 * sides, so that the expression falls apart at the weakest ones first.
 */
#include <errno.h>
#include <strings.h>

#include "builder/attest/licence.h"

/* The weakest first. */
enum level { COMMA_OR, COMMA_AND, OR, AND, WORD, COMMA };

struct token {
	enum level kind;
	struct span text;
};

struct parse {
	char *(*refer)(void *ctx, struct span name);
	void *ctx;
};

static bool is_word(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* A comma belongs to the conjunction behind it, if there is one. */
static void add_token(struct token *tokens, size_t *n, struct span word)
{
	enum level kind = is_word(word, "and") ? AND : is_word(word, "or") ? OR : WORD;

	if (kind != WORD && *n && tokens[*n - 1].kind == COMMA)
		tokens[*n - 1].kind = kind == AND ? COMMA_AND : COMMA_OR;
	else
		tokens[(*n)++] = (struct token){ kind, word };
}

static struct token *tokenize(struct span line, size_t *ret_n)
{
	struct token *tokens =
		calloc(line.len + 1, sizeof(*tokens)); /* a word and its comma: 2 bytes */
	struct span word;
	size_t n = 0;

	while (tokens && span_word(&line, &word)) {
		size_t commas = 0;
		while (word.len && word.p[word.len - 1] == ',') {
			word.len--;
			commas++;
		}
		if (word.len)
			add_token(tokens, &n, word);
		if (commas)
			tokens[n++] = (struct token){ COMMA, { word.p + word.len, 1 } };
	}
	*ret_n = n;
	return tokens;
}

/* "GPL-2+ with Libtool exception", if both are known. */
static char *with_exception(struct span name)
{
	struct span rest = name, licence, with, what;

	if (!span_word(&rest, &licence) || !span_word(&rest, &with) || !is_word(with, "with"))
		return NULL;
	what = span_trim(rest);
	static const char last[] = " exception";
	size_t len = strlen(last);
	if (what.len <= len || strncasecmp(what.p + what.len - len, last, len) != 0)
		return NULL;
	what.len -= len;
	const char *id = licence_spdx_id(licence), *exception = licence_spdx_exception(what);
	return id && exception ? str_printf("%s WITH %s", id, exception) : NULL;
}

static int add_licence(const struct parse *p, const struct token *first, const struct token *last,
		       struct strv *conjuncts)
{
	const struct span name = { first->text.p,
				   (size_t)(last->text.p + last->text.len - first->text.p) };
	const char *id = licence_spdx_id(name);

	for (const struct token *t = first; t <= last; t++)
		if (t->kind != WORD)
			return -EINVAL;
	if (id)
		return strv_add(conjuncts, id);
	char *made = with_exception(name);
	return strv_take(conjuncts, made ? made : p->refer(p->ctx, name));
}

static char *join(struct strv *parts, const char *with)
{
	char *all = parts->n ? strdup(parts->v[0]) : NULL;

	for (size_t i = 1; all && i < parts->n; i++) {
		char *more = str_printf("%s %s %s", all, with, parts->v[i]);
		free(all);
		all = more;
	}
	return all;
}

static int add_alternative(struct strv *conjuncts, struct strv *alternatives)
{
	_cleanup_free_ char *all = NULL;

	strv_sort(conjuncts);
	strv_uniq(conjuncts);
	all = join(conjuncts, "AND");
	if (!all)
		return -ENOMEM;
	return conjuncts->n > 1 ? strv_addf(alternatives, "(%s)", all)
				: strv_add(alternatives, all);
}

static int add_alternatives(struct strv *alternatives, struct strv *conjuncts)
{
	strv_sort(alternatives);
	strv_uniq(alternatives);
	_cleanup_free_ char *all = join(alternatives, "OR");
	if (!all)
		return -ENOMEM;
	return alternatives->n > 1 ? strv_addf(conjuncts, "(%s)", all) : strv_add(conjuncts, all);
}

static int parse(const struct parse *p, const struct token *t, size_t n, enum level level,
		 struct strv *conjuncts);

/* The pieces between the tokens of a level; several alternatives become one conjunct. */
static int parse_pieces(const struct parse *p, const struct token *t, size_t n, enum level level,
			struct strv *conjuncts)
{
	_cleanup_strv_ struct strv alternatives = STRV_INIT;
	bool is_or = level == OR || level == COMMA_OR;
	int r = 0;

	for (size_t from = 0, to; r == 0 && from <= n; from = to + 1) {
		_cleanup_strv_ struct strv piece = STRV_INIT;
		for (to = from; to < n && t[to].kind != level;)
			to++;
		r = parse(p, t + from, to - from, level + 1, is_or ? &piece : conjuncts);
		if (r == 0 && is_or)
			r = add_alternative(&piece, &alternatives);
	}
	return r == 0 && is_or ? add_alternatives(&alternatives, conjuncts) : r;
}

static int parse(const struct parse *p, const struct token *t, size_t n, enum level level,
		 struct strv *conjuncts)
{
	if (!n)
		return -EINVAL;
	while (level < WORD) {
		for (size_t i = 0; i < n; i++)
			if (t[i].kind == level)
				return parse_pieces(p, t, n, level, conjuncts);
		level++;
	}
	return add_licence(p, t, t + n - 1, conjuncts);
}

int licence_expression(struct span line, char *(*refer)(void *ctx, struct span name), void *ctx,
		       struct strv *conjuncts)
{
	const struct parse p = { refer, ctx };
	size_t n;
	_cleanup_free_ struct token *tokens = tokenize(line, &n);

	return tokens ? parse(&p, tokens, n, COMMA_OR, conjuncts) : -ENOMEM;
}
