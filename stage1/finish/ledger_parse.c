/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts.ledger: stanzas of fields. */
#include "base/deb822.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/ledger.h"

struct parsing {
	struct ledger *l;
	const char *name, *text;
};

static size_t line_of(const struct parsing *p, const char *at)
{
	size_t n = 1;

	for (const char *c = p->text; c < at; c++)
		n += *c == '\n';
	return n;
}

#define bad(p, at, e, fmt, ...) \
	err_set(e, -EINVAL, "%s:%zu: " fmt, (p)->name, line_of(p, at) __VA_OPT__(, ) __VA_ARGS__)

/* A comment within a field is a line of its value to deb822(5). */
static bool next_line(struct span *value, struct span *line)
{
	while (span_line(value, line))
		if (!line->len || line->p[0] != '#') {
			*line = span_trim(*line);
			return true;
		}
	return false;
}

static int set_string(const struct parsing *p, struct span value, char **ret, struct err *e)
{
	struct span line;
	size_t len = 0;

	if (*ret)
		return bad(p, value.p, e, "the field is there twice");
	char *s = malloc(value.len + 1);
	if (!s)
		return err_oom(e);
	while (next_line(&value, &line)) {
		if (len)
			s[len++] = ' ';
		memcpy(s + len, line.p, line.len);
		len += line.len;
	}
	s[len] = '\0';
	*ret = s;
	return 0;
}

static int set_name(const struct parsing *p, struct ledger_entry *n, enum ledger_kind kind,
		    struct span value, struct err *e)
{
	n->kind = kind;
	return set_string(p, value, &n->name, e);
}

static int add_digest(const struct parsing *p, struct ledger_entry *n, struct span word,
		      struct err *e)
{
	_cleanup_free_ char *hex = span_dup(word);
	void *v = reallocarray(n->sha256, n->n_sha256 + 1, SHA256_BYTES);

	if (v)
		n->sha256 = v;
	if (!hex || !v)
		return err_oom(e);
	if (hex_decode(hex, n->sha256[n->n_sha256], SHA256_BYTES) < 0)
		return bad(p, word.p, e, "\"%s\" is no SHA-256", hex);
	n->n_sha256++;
	return 0;
}

static int add_finisher(const struct parsing *p, struct ledger_entry *n, struct span word,
			struct err *e)
{
	if (word.len && word.p[word.len - 1] == ',')
		word.len--;
	if (strv_take(&n->by, span_dup(word)) < 0)
		return err_oom(e);
	const char *name = n->by.v[n->by.n - 1];
	return finish_exists(name) ? 0 : bad(p, word.p, e, "no finisher is called \"%s\"", name);
}

static int add_words(const struct parsing *p, struct ledger_entry *n, struct span value,
		     int (*add)(const struct parsing *p, struct ledger_entry *n, struct span word,
				struct err *e),
		     struct err *e)
{
	struct span line, word;
	int r = 0;

	while (r == 0 && next_line(&value, &line))
		while (r == 0 && span_word(&line, &word))
			r = add(p, n, word, e);
	return r;
}

static int set_field(const struct parsing *p, struct ledger_entry *n, struct span field,
		     struct span value, struct err *e)
{
	if (!value.len)
		return bad(p, field.p, e, "%.*s is empty", SPAN_ARG(field));
	if (span_eq(field, "package"))
		return set_name(p, n, LEDGER_PACKAGE, value, e);
	if (span_eq(field, "block"))
		return set_name(p, n, LEDGER_BLOCK, value, e);
	if (span_eq(field, "trigger"))
		return set_name(p, n, LEDGER_TRIGGER, value, e);
	if (span_eq(field, "script"))
		return set_string(p, value, &n->script, e);
	if (span_eq(field, "sha256") && !n->n_sha256)
		return add_words(p, n, value, add_digest, e);
	if (span_eq(field, "does"))
		return set_string(p, value, &n->does, e);
	if (span_eq(field, "by") && !n->by.n)
		return add_words(p, n, value, add_finisher, e);
	if (span_eq(field, "because"))
		return set_string(p, value, &n->because, e);
	return bad(p, field.p, e, "%.*s is no field of a stanza, or there twice", SPAN_ARG(field));
}

static int compare(const struct ledger_entry *a, const struct ledger_entry *b)
{
	int c = (a->kind > b->kind) - (a->kind < b->kind);

	if (c == 0)
		c = strcmp(a->name, b->name);
	return c == 0 && a->script && b->script ? strcmp(a->script, b->script) : c;
}

/* Stanzas may share a subject, where versions of a script do different things; no digest may. */
static bool has_digest(const struct ledger *l, const struct ledger_entry *n,
		       const uint8_t sha256[SHA256_BYTES])
{
	return ledger_find(l, n->kind, n->name, n->script, sha256) != NULL;
}

static int check_order(const struct parsing *p, const struct ledger_entry *n, const char *at,
		       struct err *e)
{
	const struct ledger_entry *before =
		p->l->n_entries ? &p->l->entries[p->l->n_entries - 1] : NULL;
	int c = before ? compare(before, n) : -1;

	if (c > 0 || (c == 0 && n->kind == LEDGER_TRIGGER))
		return bad(p, at, e,
			   "%s %s should stand before %s: blocks first, then packages, then "
			   "triggers, each sorted by name and script",
			   n->name, n->script ? n->script : "", before->name);
	for (size_t i = 0; i < n->n_sha256; i++)
		if (has_digest(p->l, n, n->sha256[i]))
			return bad(p, at, e, "a sha256 of %s %s is there twice", n->name,
				   n->script);
	return 0;
}

static int check(const struct parsing *p, const struct ledger_entry *n, const char *at,
		 struct err *e)
{
	if (!n->name)
		return bad(p, at, e, "the stanza has no package, block or trigger");
	if (n->kind == LEDGER_TRIGGER ? n->script || n->n_sha256 : !n->script || !n->n_sha256)
		return bad(p, at, e,
			   "%s: packages and blocks have script and sha256, triggers have not",
			   n->name);
	if (!n->does)
		return bad(p, at, e, "%s: does is missing", n->name);
	if (!n->by.n && !n->because)
		return bad(p, at, e,
			   "%s: neither by (a finisher) nor because (why none is needed) is there",
			   n->name);
	return check_order(p, n, at, e);
}

static int parse_stanza(const struct parsing *p, struct span stanza, struct err *e)
{
	struct ledger *l = p->l;
	struct span field, value;
	const char *at = stanza.p;
	int got;

	struct ledger_entry *v = reallocarray(l->entries, l->n_entries + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	l->entries = v;
	struct ledger_entry *n = &v[l->n_entries];
	*n = (struct ledger_entry){ .name = NULL };
	int r = 0;
	while (r == 0 && (got = deb822_field(&stanza, &field, &value)) != 0)
		r = got < 0 ? bad(p, stanza.p, e, "not a field") : set_field(p, n, field, value, e);
	if (r == 0)
		r = check(p, n, at, e);
	l->n_entries++; /* from here on ledger_free() knows it */
	return r;
}

/* Does a stanza hold nothing but comments? */
static bool is_comment(struct span stanza)
{
	struct span line;

	while (span_line(&stanza, &line))
		if (line.len && line.p[0] != '#')
			return false;
	return true;
}

int ledger_parse(struct ledger *l, const char *name, const char *text, size_t len, struct err *e)
{
	const struct parsing p = { l, name, text };
	struct span rest = { text, len }, stanza;
	int r = 0;

	while (r == 0 && deb822_stanza(&rest, &stanza))
		if (!is_comment(stanza))
			r = parse_stanza(&p, stanza, e);
	return r;
}
