/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/recipe/yaml.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>

#include "base/blob.h"
#include "base/buf.h"
#include "base/near.h"
#include "base/utf8.h"

#define MAX_FILE_BYTES MiB
#define MAX_ITEMS      10000 /* those of a list are compared with each other */

/* Keys that are there twice are map_pair()'s to find: libfyaml would compare each with all before it. */
#define PARSE_FLAGS                                                                       \
	(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | \
	 FYPCF_ALLOW_DUPLICATE_KEYS)

struct yaml_doc {
	char *name;
	char *text; /* libfyaml's nodes point into it */
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct fy_document *fyd;
};

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

/* Where a node begins: a mapping or sequence has no token of its own, what is in it has. */
static struct fy_token *first_token(struct fy_node *node)
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

/* A scalar stands where it stands; another value where its key does, or if it has none, where it begins. */
static struct yaml_value value_at(const struct yaml_doc *d, struct fy_node *node,
				  struct fy_node *key_node, const char *key)
{
	struct yaml_value v = { .doc = d, .node = node, .key = key, .line = 1, .column = 1 };
	bool at_key = key_node && !(node && fy_node_is_scalar(node));
	struct fy_token *t = first_token(at_key ? key_node : node);

	if (!t && key_node)
		t = first_token(key_node);
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

/* What is more than a value, or NULL. */
static struct fy_token *magic_of(const struct fy_event *ev, const char **ret_complaint)
{
	struct fy_token *anchor = NULL, *tag = NULL;

	if (ev->type == FYET_ALIAS) {
		*ret_complaint = "aliases (*name) are not accepted: write the value out";
		return ev->alias.anchor;
	}
	if (ev->type == FYET_SCALAR)
		anchor = ev->scalar.anchor, tag = ev->scalar.tag;
	else if (ev->type == FYET_SEQUENCE_START)
		anchor = ev->sequence_start.anchor, tag = ev->sequence_start.tag;
	else if (ev->type == FYET_MAPPING_START)
		anchor = ev->mapping_start.anchor, tag = ev->mapping_start.tag;
	*ret_complaint = anchor ? "anchors (&name) are not accepted: leave it out"
				: "tags (!name) are not accepted: leave it out";
	return anchor ? anchor : tag;
}

/*
 * Before there is a document: libfyaml would compare each anchor with all before it. What is no YAML
 * ends this early, and is for it to complain of.
 */
static int refuse_magic(const struct yaml_doc *d, size_t len, struct err *e)
{
	_cleanup_(fy_diag_destroy) struct fy_diag *diag = new_diag();
	const struct fy_parse_cfg cfg = { .flags = PARSE_FLAGS, .diag = diag };
	_cleanup_(fy_parser_destroy) struct fy_parser *parser = fy_parser_create(&cfg);
	struct fy_event *ev;
	const char *complaint;
	int r = 0;

	if (!diag || !parser || fy_parser_set_string(parser, d->text, len) < 0)
		return err_oom(e);
	while (r == 0 && (ev = fy_parser_parse(parser))) {
		struct fy_token *t = magic_of(ev, &complaint);
		const struct fy_mark *m = t ? fy_token_start_mark(t) : NULL;
		if (m)
			r = err_set(e, -EINVAL, "%s:%d:%d: %s", d->name, m->line + 1, m->column + 1,
				    complaint);
		fy_parser_event_free(parser, ev);
	}
	return r;
}

/* Behind the first document there is nothing. */
static int check_end(struct yaml_doc *d, struct err *e)
{
	_cleanup_(fy_document_destroy) struct fy_document *more = fy_parse_load_document(d->parser);

	if (!more)
		return fy_parser_get_stream_error(d->parser) ? syntax_error(d, e) : 0;
	struct yaml_value v = value_at(d, fy_document_root(more), NULL, "");
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
	return value_at(d, fy_document_root(d->fyd), NULL, "");
}

const char *yaml_file(const struct yaml_value *v)
{
	return v->doc->name;
}

int yaml_error(const struct yaml_value *v, struct err *e, const char *fmt, ...)
{
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (*v->key)
		return err_set(e, -EINVAL, "%s:%d:%d: %s: %s", v->doc->name, v->line, v->column,
			       v->key, msg);
	return err_set(e, -EINVAL, "%s:%d:%d: %s", v->doc->name, v->line, v->column, msg);
}

/* What a value is, for messages. */
static const char *type_name(const struct yaml_value *v)
{
	if (!v->node || fy_node_is_null(v->node))
		return "nothing";
	if (fy_node_is_mapping(v->node))
		return "a mapping";
	return fy_node_is_sequence(v->node) ? "a list" : "a single value";
}

static const struct yaml_field *find_field(const struct yaml_field *fields, size_t n,
					   const char *key, size_t *ret_index)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(fields[i].key, key)) {
			*ret_index = i;
			return &fields[i];
		}
	return NULL;
}

static int unknown_key(const struct yaml_value *v, const struct yaml_field *fields, size_t n,
		       const char *key, struct err *e)
{
	const char *names[64];
	_cleanup_buf_ struct buf list = BUF_INIT;

	for (size_t i = 0; i < n && i < ARRAY_SIZE(names); i++) {
		names[i] = fields[i].key;
		buf_printf(&list, "%s%s", i ? ", " : "", fields[i].key);
	}
	const char *near = near_name(key, names, MIN(n, ARRAY_SIZE(names)));
	if (near)
		return yaml_error(v, e, "unknown key \"%s\"; did you mean \"%s\"?", key, near);
	return yaml_error(v, e, "unknown key \"%s\"; known here: %s", key, buf_str(&list));
}

static int map_pair(const struct yaml_value *v, struct fy_node_pair *pair,
		    const struct yaml_field *fields, size_t n, uint64_t *seen, void *target,
		    struct err *e)
{
	struct fy_node *key_node = fy_node_pair_key(pair);
	const char *key = key_node ? fy_node_get_scalar0(key_node) : NULL;
	struct yaml_value at_key = value_at(v->doc, key_node, NULL, v->key);
	size_t i;

	if (!key)
		return yaml_error(&at_key, e, "a key has to be a plain word");
	const struct yaml_field *f = find_field(fields, n, key, &i);
	if (!f)
		return unknown_key(&at_key, fields, n, key, e);
	struct yaml_value val = value_at(v->doc, fy_node_pair_value(pair), key_node, f->key);
	at_key.key = f->key;
	if (*seen & UINT64_C(1) << i)
		return yaml_error(&at_key, e, "this key is there twice: leave one out");
	*seen |= UINT64_C(1) << i;
	return f->set(&val, target, e);
}

bool yaml_is_map(const struct yaml_value *v)
{
	return v->node && fy_node_is_mapping(v->node);
}

bool yaml_find(const struct yaml_value *v, const char *key, struct yaml_value *ret)
{
	struct fy_node_pair *pair =
		yaml_is_map(v) ? fy_node_mapping_lookup_pair_by_string(v->node, key, FY_NT) : NULL;

	if (!pair)
		return false;
	*ret = value_at(v->doc, fy_node_pair_value(pair), fy_node_pair_key(pair), key);
	return true;
}

int yaml_map(const struct yaml_value *v, const struct yaml_field *fields, size_t n, void *target,
	     struct err *e)
{
	struct fy_node_pair *pair;
	uint64_t seen = 0;
	void *iter = NULL;

	if (!yaml_is_map(v))
		return yaml_error(v, e, "expected a mapping (key: value), found %s", type_name(v));
	while ((pair = fy_node_mapping_iterate(v->node, &iter))) {
		int r = map_pair(v, pair, fields, n, &seen, target, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++)
		if (fields[i].required && !(seen & UINT64_C(1) << i))
			return yaml_error(v, e, "key \"%s\" is missing", fields[i].key);
	return 0;
}

int yaml_each(const struct yaml_value *v,
	      int (*fn)(const struct yaml_value *item, void *target, struct err *e), void *target,
	      struct err *e)
{
	struct fy_node *item;
	void *iter = NULL;
	int n = 0;

	if (!v->node || !fy_node_is_sequence(v->node))
		return yaml_error(v, e, "expected a list, found %s", type_name(v));
	while ((item = fy_node_sequence_iterate(v->node, &iter))) {
		struct yaml_value iv = value_at(v->doc, item, NULL, v->key);
		if (!first_token(item)) /* empty: its list is the nearest that has a position */
			iv.line = v->line, iv.column = v->column;
		if (n++ == MAX_ITEMS)
			return yaml_error(&iv, e, "more than %d entries: this is not what is meant",
					  MAX_ITEMS);
		int r = fn(&iv, target, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without quotes, most readers of YAML take these for something else than text. */
static bool is_no_text(const struct yaml_value *v, const char *s, size_t len)
{
	static const char *const words[] = { "~",    "null", "Null",  "NULL",  "true",
					     "True", "TRUE", "false", "False", "FALSE" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], s, len) == 0)
			return fy_node_get_style(v->node) == FYNS_PLAIN;
	return false;
}

int yaml_string(const struct yaml_value *v, char **ret, struct err *e)
{
	size_t len;

	if (!v->node || !fy_node_is_scalar(v->node))
		return yaml_error(v, e, "expected a single value, found %s", type_name(v));
	const char *s = fy_node_get_scalar(v->node, &len);
	if (!s || len == 0)
		return yaml_error(v, e, "is empty: give it a value, or leave the key out");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 127)
			return yaml_error(
				v, e,
				"holds a control character or a line break: write it on one line");
	if (is_no_text(v, s, len))
		return yaml_error(v, e, "%.*s is no text: put it in quotes if it is meant to be",
				  (int)len, s);
	char *copy = strndup(s, len);
	if (!copy)
		return err_oom(e);
	free(*ret);
	*ret = copy;
	return 0;
}

int yaml_choice(const struct yaml_value *v, const char *const *names, size_t n, size_t *ret,
		struct err *e)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	_cleanup_free_ char *s = NULL;

	int r = yaml_string(v, &s, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(s, names[i])) {
			*ret = i;
			return 0;
		}
		buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	return yaml_error(v, e, "\"%s\" is not one of: %s", s, buf_str(&list));
}

int yaml_u64(const struct yaml_value *v, uint64_t min, uint64_t max, uint64_t *ret, struct err *e)
{
	_cleanup_free_ char *s = NULL;
	uint64_t n;

	int r = yaml_string(v, &s, e);
	if (r < 0)
		return r;
	if (parse_u64(s, 10, &n) < 0 || n < min || n > max)
		return yaml_error(v, e, "\"%s\" is not a whole number from %" PRIu64 " to %" PRIu64,
				  s, min, max);
	*ret = n;
	return 0;
}

int yaml_size(const struct yaml_value *v, uint64_t *ret, struct err *e)
{
	_cleanup_free_ char *s = NULL;

	int r = yaml_string(v, &s, e);
	if (r < 0)
		return r;
	if (parse_size(s, ret) < 0)
		return yaml_error(
			v, e, "\"%s\" is not a size: write bytes, or a number with K, M, G or T",
			s);
	return 0;
}

static int add_string(const struct yaml_value *v, void *target, struct err *e)
{
	_cleanup_free_ char *s = NULL;
	struct strv *l = target;

	int r = yaml_string(v, &s, e);
	if (r < 0)
		return r;
	if (strv_contains(l, s))
		return yaml_error(v, e, "\"%s\" is there twice: leave one out", s);
	return strv_take(l, TAKE_PTR(s)) < 0 ? err_oom(e) : 0;
}

int yaml_strings(const struct yaml_value *v, struct strv *ret, struct err *e)
{
	return yaml_each(v, add_string, ret, e);
}
