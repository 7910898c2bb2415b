/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The normal form of a generated block. */
#include "stage1/finish/block.h"

#include <errno.h>

#define WORD_CHARS                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789@:_.+~%/\\-"
#define EXPANDED "$`\\\"'*?[{;&|<>()#!"
#define INIT_DIR "/etc/init.d/"

static const char *const unit_suffixes[] = { ".service", ".socket", ".target", ".timer",
					     ".path",	 ".mount",  ".slice",  ".automount",
					     ".swap",	 ".device", ".scope" };

/*
 * Programs whose arguments are data. Where the first is a verb it stays, unless it is one of those that
 * come to the same.
 */
static const struct program {
	const char *name;
	bool verb;
	const char *alike[5];
} programs[] = {
	{ "dpkg-maintscript-helper",
	  true,
	  { "rm_conffile", "mv_conffile", "symlink_to_dir", "dir_to_symlink" } },
	{ "update-alternatives", true, { NULL } },
	{ "py3compile", false, { NULL } },
	{ "py3clean", false, { NULL } },
};

struct normal {
	const char *package, *init;
	struct buf *out;
	struct block_words *words;
};

/* How many characters at the start of @s are (or are not) of @set. */
static size_t run_of(struct span s, const char *set, bool of)
{
	size_t n = 0;

	while (n < s.len && s.p[n] && (strchr(set, s.p[n]) != NULL) == of)
		n++;
	return n;
}

static bool has_suffix(struct span s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len > len && memcmp(s.p + s.len - len, suffix, len) == 0;
}

static bool is_name(struct span word)
{
	return !memchr(word.p, '/', word.len);
}

static bool is_unit(struct span word)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_suffixes); i++)
		if (has_suffix(word, unit_suffixes[i]))
			return is_name(word);
	return false;
}

/* x of /etc/init.d/x */
static bool init_name(struct span word, struct span *ret)
{
	size_t len = strlen(INIT_DIR);

	if (word.len <= len || memcmp(word.p, INIT_DIR, len) != 0)
		return false;
	*ret = (struct span){ word.p + len, word.len - len };
	return is_name(*ret);
}

/* "name" or "name:architecture" */
static bool is_package(struct span word, const char *name)
{
	const char *colon = memchr(word.p, ':', word.len);

	if (colon)
		word.len = (size_t)(colon - word.p);
	return span_eq(word, name);
}

static bool ends_with(const struct buf *b, const char *s)
{
	size_t len = strlen(s);

	return b->len >= len && memcmp(b->data + b->len - len, s, len) == 0;
}

static void cut(struct buf *b, size_t len)
{
	b->len = len;
	b->data[len] = '\0';
}

/* One more of a list's words: the list is one placeholder. */
static int put_listed(struct normal *n, const char *placeholder, struct span word,
		      struct strv *words)
{
	char before[16];

	snprintf(before, sizeof(before), "%s ", placeholder);
	if (ends_with(n->out, before))
		cut(n->out, n->out->len - 1);
	else
		buf_append_str(n->out, placeholder);
	return strv_take(words, span_dup(word));
}

static int put_word(struct normal *n, struct span word)
{
	struct span init;

	if (is_unit(word))
		return put_listed(n, "%UNIT", word, &n->words->units);
	if (has_suffix(word, ".conf") && is_name(word))
		return put_listed(n, "%CONF", word, &n->words->confs);
	if (init_name(word, &init) || (n->init && span_eq(word, n->init)))
		buf_append_str(n->out, "%INIT");
	else if (is_package(word, n->package))
		buf_append_str(n->out, "%PACKAGE");
	else
		buf_append(n->out, word.p, word.len);
	return 0;
}

/* A string in quotes of which the shell changes nothing: its length with the quotes, or 0. */
static size_t literal_quoted(struct span s)
{
	const char quote[2] = { s.p[0], '\0' };

	if (*quote != '\'' && *quote != '"')
		return 0;
	struct span in = { s.p + 1, s.len - 1 };
	size_t len = run_of(in, *quote == '"' ? EXPANDED : quote, false);
	return len < in.len && in.p[len] == *quote ? len + 2 : 0;
}

/* What stands at the start of @s, which is moved behind it. */
static int put_piece(struct normal *n, struct span *s)
{
	size_t quoted = literal_quoted(*s), len = run_of(*s, WORD_CHARS, true);
	int r = 0;

	if (quoted && ends_with(n->out, "=")) {
		buf_append_str(n->out, "%VALUE");
		len = quoted;
	} else if (quoted > 2 &&
		   run_of((struct span){ s->p + 1, s->len - 1 }, WORD_CHARS, true) == quoted - 2) {
		r = put_word(n, (struct span){ s->p + 1, quoted - 2 });
		len = quoted;
	} else if (len) {
		r = put_word(n, (struct span){ s->p, len });
	} else {
		len = 1;
		buf_append(n->out, s->p, 1);
	}
	s->p += len;
	s->len -= len;
	return r;
}

static const struct program *find_program(struct span word)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (span_eq(word, programs[i].name))
			return &programs[i];
	return NULL;
}

static bool is_literal(struct span word)
{
	return literal_quoted(word) == word.len || run_of(word, EXPANDED, false) == word.len ||
	       run_of(word, WORD_CHARS, true) == word.len;
}

static void put_verb(struct buf *out, const struct program *p, struct span word)
{
	buf_append_str(out, " ");
	for (size_t i = 0; p->alike[i]; i++)
		if (span_eq(word, p->alike[i])) {
			buf_append_str(out, "%CHANGE");
			return;
		}
	buf_append(out, word.p, word.len);
}

/* "program verb arg…": arguments that are literal give way, the others stay. */
static bool put_command(struct normal *n, struct span line)
{
	const struct program *p;
	struct span word;

	if (!span_word(&line, &word) || !(p = find_program(word)))
		return false;
	buf_append(n->out, word.p, word.len);
	if (p->verb && span_word(&line, &word))
		put_verb(n->out, p, word);
	while (span_word(&line, &word)) {
		if (!is_literal(word)) {
			buf_append_str(n->out, " ");
			buf_append(n->out, word.p, word.len);
		} else if (!ends_with(n->out, " %ARGS")) {
			buf_append_str(n->out, " %ARGS");
		}
	}
	return true;
}

static int put_line(struct normal *n, struct span line, size_t *last)
{
	size_t start = n->out->len;
	int r = 0;

	if (!put_command(n, line))
		while (r == 0 && line.len)
			r = put_piece(n, &line);
	buf_append_str(n->out, "\n");
	if (r < 0 || buf_failed(n->out))
		return -ENOMEM;
	size_t len = n->out->len - start;
	if (start - *last == len && memcmp(n->out->data + *last, n->out->data + start, len) == 0)
		cut(n->out, start);
	else
		*last = start;
	return 0;
}

/* The next line that counts, with those that continue it. */
static bool next_line(struct span *body, struct buf *line)
{
	struct span part;

	line->len = 0;
	while (span_line(body, &part)) {
		part = span_trim(part);
		if (!line->len && (!part.len || part.p[0] == '#'))
			continue;
		bool more = part.len && part.p[part.len - 1] == '\\';
		if (line->len)
			buf_append_str(line, " ");
		struct span text = span_trim((struct span){ part.p, part.len - more });
		buf_append(line, text.p, text.len);
		if (!more)
			return true;
	}
	return line->len > 0;
}

static int find_init(struct span body, char **ret)
{
	struct span name;

	while (body.len) {
		size_t len = run_of(body, WORD_CHARS, true);
		if (init_name((struct span){ body.p, len }, &name)) {
			*ret = span_dup(name);
			return *ret ? 0 : -ENOMEM;
		}
		body.p += MAX(len, (size_t)1);
		body.len -= MAX(len, (size_t)1);
	}
	return 0;
}

int block_normal_form(const struct block *b, const char *package, struct buf *out,
		      struct block_words *words)
{
	_cleanup_free_ char *init = NULL;
	_cleanup_buf_ struct buf line = BUF_INIT;
	struct span body = b->body;

	int r = find_init(body, &init);
	if (r == 0 && init)
		r = strv_add(&words->inits, init);
	struct normal n = { package, init, out, words };
	buf_append(out, b->tool.p, b->tool.len);
	buf_append_str(out, "\n");
	size_t last = out->len;
	while (r == 0 && next_line(&body, &line))
		r = put_line(&n, (struct span){ buf_str(&line), line.len }, &last);
	return r < 0 || buf_failed(out) || buf_failed(&line) ? -ENOMEM : 0;
}

int block_digest(const struct block *b, const char *package, struct block_words *words,
		 uint8_t out[SHA256_BYTES])
{
	_cleanup_buf_ struct buf form = BUF_INIT;

	int r = block_normal_form(b, package, &form, words);
	if (r == 0)
		sha256_bytes(form.data, form.len, out);
	return r;
}
