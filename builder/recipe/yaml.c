/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>

#include "base/blob.h"
#include "base/utf8.h"
#include "builder/recipe/yaml_internal.h"

#define MAX_FILE_BYTES MiB

/* Keys that are there twice are map_pair()'s to find: libfyaml would compare each with all before it. */
#define PARSE_FLAGS                                                                       \
	(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | \
	 FYPCF_ALLOW_DUPLICATE_KEYS)

DEFINE_CLEANUP(struct fy_document *, fy_document_destroy)
DEFINE_CLEANUP(struct fy_parser *, fy_parser_destroy)
DEFINE_CLEANUP(struct fy_diag *, fy_diag_destroy)

void yaml_close(struct yaml_doc *d)
{
	if (!d)
		return;
	if (d->fyd)
		fy_document_destroy(d->fyd);
	if (d->parser)
		fy_parser_destroy(d->parser);
	if (d->diag)
		fy_diag_destroy(d->diag);
	free(d->text);
	free(d->name);
	free(d);
}

struct fy_token *yaml_first_token(struct fy_node *node)
{
	while (node && !fy_node_is_scalar(node)) {
		struct fy_node_pair *pair =
			fy_node_is_mapping(node) ? fy_node_mapping_get_by_index(node, 0) : NULL;
		node = pair			   ? fy_node_pair_key(pair)
		       : fy_node_is_sequence(node) ? fy_node_sequence_get_by_index(node, 0)
						   : NULL;
	}
	return node ? fy_node_get_scalar_token(node) : NULL;
}

struct yaml_value yaml_value_at(const struct yaml_doc *d, struct fy_node *node,
				struct fy_node *key_node, const char *key)
{
	struct yaml_value v = { .doc = d, .node = node, .key = key, .line = 1, .column = 1 };
	bool at_key = key_node && !(node && fy_node_is_scalar(node));
	struct fy_token *t = yaml_first_token(at_key ? key_node : node);

	if (!t && key_node)
		t = yaml_first_token(key_node);
	const struct fy_mark *m = t ? fy_token_start_mark(t) : NULL;
	if (m) {
		v.line = m->line + 1;
		v.column = m->column + 1;
	}
	return v;
}

/* What would be right, for what people do wrong most often: libfyaml only says what is wrong. */
static const char *advice(const char *complaint)
{
	static const struct {
		const char *part, *advice;
	} known[] = {
		{ "tab character", ": indent with spaces" },
		{ "quoted scalar", ": is its closing quote missing?" },
		{ "multiline plain key", ": a key is followed by a colon and a space" },
		{ "Max depth", ": no value is nested that deeply" },
		{ "cannot start with", ": put it into quotes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(complaint, known[i].part))
			return known[i].advice;
	return "";
}

/* The parser's first complaint, with its position. */
static int syntax_error(struct yaml_doc *d, struct err *e)
{
	void *iter = NULL;
	struct fy_diag_error *de = fy_diag_errors_iterate(d->diag, &iter);

	if (!de)
		return err_set(e, -EINVAL, "%s:1:1: not valid YAML", d->name);
	/* libfyaml counts from 0 in marks and from 1 in collected errors' lines. */
	return err_set(e, -EINVAL, "%s:%d:%d: not valid YAML: %s%s", d->name, MAX(de->line, 1),
		       MAX(de->column, 1), de->msg, advice(de->msg));
}

/* Are there only blanks and comments? */
static bool is_blank(const char *text)
{
	while (*text) {
		text += strspn(text, " \t\r\n");
		if (*text && *text != '#')
			return false;
		text += strcspn(text, "\n");
	}
	return true;
}

/* Bytes of the character here; 0: none of a text */
static size_t character_bytes(const char *s)
{
	uint32_t c = 0;
	size_t n = utf8_next(s, &c);

	return (c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 127 ? 0 : n;
}

/* What is no text, before the parser sees it: some bytes would be the end of the file to it. */
static int check_text(const struct yaml_doc *d, size_t len, struct err *e)
{
	size_t line = 1, column = 1, n;
	const char *p = d->text;

	for (; *p && (n = character_bytes(p)); p += n) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	if (p != d->text + len)
		return err_set(
			e, -EINVAL,
			"%s:%zu:%zu: byte 0x%02x is no part of a text: save the file as UTF-8",
			d->name, line, column, (uint8_t)*p);
	if (is_blank(d->text))
		return err_set(e, -EINVAL,
			       "%s:1:1: the file is empty: it has to hold keys with values, such "
			       "as name: node",
			       d->name);
	return 0;
}

/* Where libfyaml puts its complaints, of which it would print those that have no place. */
static struct fy_diag *new_diag(void)
{
	struct fy_diag_cfg cfg;

	fy_diag_cfg_default(&cfg);
	cfg.fp = NULL;
	cfg.colorize = false;
	struct fy_diag *diag = fy_diag_create(&cfg);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

/* What a recipe has no use for, or NULL; @here: the text behind the token's start. */
static const char *magic(enum fy_token_type type, const char *here)
{
	switch (type) {
	case FYTT_ALIAS:
		return "aliases (*name) are not accepted: write the value out";
	case FYTT_ANCHOR:
		return "anchors (&name) are not accepted: leave it out";
	case FYTT_TAG:
		return "tags (!name) are not accepted: leave it out";
	case FYTT_KEY:
		return *here == '?'
			       ? "keys behind a question mark are not accepted: write key: value"
			       : NULL;
	default:
		return NULL;
	}
}

/*
 * Token by token, and not further than the first that is refused: libfyaml would compare each anchor with
 * all before it, and frees one thing twice for some that follow a key behind a question mark (0.7.12).
 * What is no YAML ends this early, and is for the parser to complain of.
 */
static int refuse_magic(const struct yaml_doc *d, size_t len, struct err *e)
{
	_cleanup_(fy_diag_destroy) struct fy_diag *diag = new_diag();
	const struct fy_parse_cfg cfg = { .flags = PARSE_FLAGS, .diag = diag };
	_cleanup_(fy_parser_destroy) struct fy_parser *parser = fy_parser_create(&cfg);
	struct fy_token *t;
	int r = 0;

	if (!diag || !parser || fy_parser_set_string(parser, d->text, len) < 0)
		return err_oom(e);
	while (r == 0 && (t = fy_scan(parser))) {
		const struct fy_mark *m = fy_token_start_mark(t);
		const char *complaint =
			m ? magic(fy_token_get_type(t), d->text + m->input_pos) : NULL;
		if (complaint)
			r = err_set(e, -EINVAL, "%s:%d:%d: %s", d->name, m->line + 1, m->column + 1,
				    complaint);
		fy_scan_token_free(parser, t);
	}
	return r;
}

/* Behind the first document there is nothing. */
static int check_end(struct yaml_doc *d, struct err *e)
{
	_cleanup_(fy_document_destroy) struct fy_document *more = fy_parse_load_document(d->parser);

	if (!more)
		return fy_parser_get_stream_error(d->parser) ? syntax_error(d, e) : 0;
	struct yaml_value v = yaml_value_at(d, fy_document_root(more), NULL, "");
	return yaml_error(&v, e, "a second document (behind --- or ...): a file holds one");
}

static int parse(struct yaml_doc *d, size_t len, struct err *e)
{
	const struct fy_parse_cfg cfg = { .flags = PARSE_FLAGS, .diag = d->diag };

	d->parser = fy_parser_create(&cfg);
	if (!d->parser || fy_parser_set_string(d->parser, d->text, len) < 0)
		return err_oom(e);
	d->fyd = fy_parse_load_document(d->parser);
	if (!d->fyd || !fy_document_root(d->fyd))
		return syntax_error(d, e);
	return check_end(d, e);
}

int yaml_open_string(const char *name, const char *text, size_t len, struct yaml_doc **ret,
		     struct err *e)
{
	_cleanup_(yaml_close) struct yaml_doc *d = calloc(1, sizeof(*d));

	if (!d)
		return err_oom(e);
	d->name = strdup(name);
	d->text = strndup(text, len);
	d->diag = new_diag();
	if (!d->name || !d->text || !d->diag)
		return err_oom(e);
	int r = check_text(d, len, e);
	if (r == 0)
		r = refuse_magic(d, len, e);
	if (r == 0)
		r = parse(d, len, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

int yaml_open(const char *path, struct yaml_doc **ret, struct err *e)
{
	_cleanup_(blob_unref) struct blob *b = NULL;

	int r = blob_new_file(AT_FDCWD, path, &b, e);
	if (r < 0)
		return r;
	if (b->len > MAX_FILE_BYTES)
		return err_set(e, -EINVAL, "%s: larger than 1 MiB: this is not what is meant",
			       path);
	return yaml_open_string(path, b->len ? (const char *)b->data : "", b->len, ret, e);
}

struct yaml_value yaml_root(const struct yaml_doc *d)
{
	return yaml_value_at(d, fy_document_root(d->fyd), NULL, "");
}
