/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/licence.h"

#include <strings.h>

#include "base/buf.h"
#include "base/deb822.h"
#include "base/digest.h"

#define NO_TEXT "The copyright file names this licence and does not quote it."

static void text_done(struct licence_text *t)
{
	free(t->id);
	free(t->name);
	free(t->text);
}

void licence_texts_done(struct licence_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		text_done(&t->v[i]);
	free(t->v);
	*t = (struct licence_texts)LICENCE_TEXTS_INIT;
}

/* A License field: its first line, and what follows. */
struct field {
	struct span names, text;
	bool of_files; /* it says so of files, rather than explaining a name */
};

struct copyright {
	struct field *fields;
	size_t n, cap;
	const struct field *current;
	struct licence_texts *texts;
};

static bool is_name(struct span name, const char *want)
{
	return name.len == strlen(want) && strncasecmp(name.p, want, name.len) == 0;
}

/* The value is trimmed: where it begins on a later line, there are no names. */
static struct field split_field(struct span name, struct span value)
{
	struct field f = { .names = { "", 0 }, .text = value };

	if (memchr(name.p, '\n', (size_t)(value.p - name.p)))
		return f;
	span_line(&f.text, &f.names);
	f.names = span_trim(f.names);
	return f;
}

static int add_field(struct copyright *c, const struct field *f)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 32;
		struct field *p = reallocarray(c->fields, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		c->fields = p;
		c->cap = cap;
	}
	c->fields[c->n++] = *f;
	return 0;
}

/* Return: 0; -EBADMSG a line is no field; -ENOMEM */
static int read_stanza(struct copyright *c, struct span stanza)
{
	struct span name, value;
	struct field f = { .names = { "", 0 } };
	bool of_files = false, found = false;
	int r;

	while ((r = deb822_field(&stanza, &name, &value)) > 0) {
		if (is_name(name, "Files"))
			of_files = true;
		if (is_name(name, "License")) {
			f = split_field(name, value);
			found = true;
		}
	}
	f.of_files = of_files;
	return r < 0 ? r : found ? add_field(c, &f) : 0;
}

static bool says_format(struct span header)
{
	struct span format;

	return deb822_get(header, "Format", &format) &&
	       (memmem(format.p, format.len, "copyright-format", 16) ||
		memmem(format.p, format.len, "dep5", 4) || memmem(format.p, format.len, "DEP5", 4));
}

static bool same_names(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

/* What the file quotes for a name: where it explains it, else where it uses it. */
static struct span find_text(const struct copyright *c, struct span name)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->fields[i].text.len && same_names(c->fields[i].names, name))
			return c->fields[i].text;
	return c->current->text;
}

/* Continuation lines begin with a space, and an empty line is a dot. */
static char *plain_text(struct span text)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct span line;

	while (span_line(&text, &line)) {
		if (line.len && (line.p[0] == ' ' || line.p[0] == '\t')) {
			line.p++;
			line.len--;
		}
		if (!(line.len == 1 && line.p[0] == '.'))
			buf_append(&b, line.p, line.len);
		if (text.len)
			buf_append_str(&b, "\n");
	}
	return b.len ? buf_take_str(&b) : strdup(NO_TEXT);
}

static char *make_id(struct span name, const char *text)
{
	_cleanup_free_ char *word = span_dup(name);
	uint8_t digest[SHA256_BYTES];
	char hex[2 * 4 + 1];

	if (!word)
		return NULL;
	for (char *at = word; *at; at++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
			    *at))
			*at = '-';
	sha256_bytes(text, strlen(text), digest);
	hex_encode(digest, 4, hex);
	return str_printf("LicenseRef-%s%s%s", word, *word ? "-" : "", hex);
}

/* Where it stands, or is to stand. */
static size_t find_place(const struct licence_texts *t, const char *id)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (strcmp(t->v[mid].id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int insert_text(struct licence_texts *t, size_t at, const struct licence_text *new)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct licence_text *p = reallocarray(t->v, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		t->v = p;
		t->cap = cap;
	}
	memmove(&t->v[at + 1], &t->v[at], (t->n - at) * sizeof(*t->v));
	t->v[at] = *new;
	t->n++;
	return 0;
}

/* What stands for a licence without an id of SPDX's. */
static char *refer(void *ctx, struct span name)
{
	struct copyright *c = ctx;
	struct licence_text t = { .name = span_dup(name), .text = plain_text(find_text(c, name)) };

	t.id = t.name && t.text ? make_id(name, t.text) : NULL;
	char *id = t.id ? strdup(t.id) : NULL;
	size_t at = id ? find_place(c->texts, t.id) : 0;
	if (id && at < c->texts->n && str_eq(c->texts->v[at].id, id)) {
		text_done(&t);
		return id;
	}
	if (!id || insert_text(c->texts, at, &t) < 0) {
		text_done(&t);
		free(id);
		return NULL;
	}
	return id;
}

/* Return: 0; -EBADMSG it is not machine-readable; -ENOMEM */
static int read_fields(struct copyright *c, struct span text)
{
	struct span stanza;

	if (!deb822_stanza(&text, &stanza) || !says_format(stanza))
		return -EBADMSG;
	int r = 0;
	while (r == 0 && deb822_stanza(&text, &stanza))
		r = read_stanza(c, stanza);
	return r;
}

static int collect(struct copyright *c, struct strv *conjuncts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++) {
		c->current = &c->fields[i];
		if (!c->current->of_files)
			continue;
		r = licence_expression(c->current->names, refer, c, conjuncts);
		if (r == -EINVAL)
			r = strv_take(conjuncts, refer(c, c->current->names));
	}
	return r;
}

static char *join(struct strv *conjuncts)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	strv_sort(conjuncts);
	strv_uniq(conjuncts);
	for (size_t i = 0; i < conjuncts->n; i++)
		buf_printf(&b, "%s%s", i ? " AND " : "", conjuncts->v[i]);
	return buf_take_str(&b);
}

int licence_read(const void *data, size_t len, struct licence_texts *texts, char **ret,
		 struct err *e)
{
	struct copyright c = { .texts = texts };
	_cleanup_strv_ struct strv conjuncts = STRV_INIT;

	int r = read_fields(&c, (struct span){ data, len });
	if (r == 0)
		r = collect(&c, &conjuncts);
	free(c.fields);
	if (r == -EBADMSG || (r == 0 && !conjuncts.n)) {
		*ret = NULL;
		return 0;
	}
	char *all = r < 0 ? NULL : join(&conjuncts);
	if (!all)
		return err_oom(e);
	*ret = all;
	return 0;
}
