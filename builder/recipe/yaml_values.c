/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdarg.h>

#include "base/buf.h"
#include "base/near.h"
#include "builder/recipe/yaml_internal.h"

#define MAX_ITEMS 10000 /* those of a list are compared with each other */

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
	struct yaml_value at_key = yaml_value_at(v->doc, key_node, NULL, v->key);
	size_t i;

	if (!key)
		return yaml_error(&at_key, e, "a key has to be a plain word");
	const struct yaml_field *f = find_field(fields, n, key, &i);
	if (!f)
		return unknown_key(&at_key, fields, n, key, e);
	struct yaml_value val = yaml_value_at(v->doc, fy_node_pair_value(pair), key_node, f->key);
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
	*ret = yaml_value_at(v->doc, fy_node_pair_value(pair), fy_node_pair_key(pair), key);
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
		struct yaml_value iv = yaml_value_at(v->doc, item, NULL, v->key);
		if (!yaml_first_token(
			    item)) /* empty: its list is the nearest that has a position */
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

int yaml_add_string(const struct yaml_value *v, void *target, struct err *e)
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
	return yaml_each(v, yaml_add_string, ret, e);
}
