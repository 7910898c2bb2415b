/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/json.h"

#include <limits.h>
#include <openssl/evp.h>

int json_read_object(const char *data, size_t len, int depth, struct json_object **ret,
		     struct err *e)
{
	_cleanup_(json_tokener_free) struct json_tokener *t = json_tokener_new_ex(depth);

	if (!t)
		return err_oom(e);
	if (len > INT_MAX)
		return err_set(e, -EBADMSG, "it is too long");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	_cleanup_(json_object_put) struct json_object *o = json_tokener_parse_ex(t, data, (int)len);
	if (!o && json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "", -1);
	if (!o || !json_object_is_type(o, json_type_object))
		return err_set(e, -EBADMSG, "not a JSON object");
	if (json_tokener_get_parse_end(t) < len)
		return err_set(e, -EBADMSG, "text after the JSON object");
	*ret = TAKE_PTR(o);
	return 0;
}

int json_read_line(const char *data, size_t len, int depth, struct json_object **ret, struct err *e)
{
	return json_read_object(data, len && data[len - 1] == '\n' ? len - 1 : len, depth, ret, e);
}

int json_read_string(struct json_object *o, const char *key, const char **ret, struct err *e)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return err_set(e, -EBADMSG, "no string \"%s\"", key);
	const char *text = json_object_get_string(v);
	if (strlen(text) != (size_t)json_object_get_string_len(v))
		return err_set(e, -EBADMSG, "\"%s\" has a NUL in it", key);
	*ret = text;
	return 0;
}

size_t json_find_list(struct json_object *o, const char *key, struct json_object **ret)
{
	return json_object_object_get_ex(o, key, ret) && json_object_is_type(*ret, json_type_array)
		       ? json_object_array_length(*ret)
		       : 0;
}

/* EVP_DecodeBlock() skips white space and counts the padding as bytes. */
int json_read_base64(struct json_object *o, const char *key, struct buf *ret, struct err *e)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	const char *text;
	int r = json_read_string(o, key, &text, e);

	if (r < 0)
		return r;
	size_t len = strlen(text),
	       pad = len >= 2 ? (text[len - 1] == '=') + (text[len - 2] == '=') : 0;
	if (len == 0 || len % 4 || strspn(text, alphabet) != len - pad)
		return err_set(e, -EBADMSG, "\"%s\" is not base64", key);
	uint8_t *p = buf_grow(ret, len / 4 * 3);
	if (!p)
		return err_oom(e);
	int n = EVP_DecodeBlock(p, (const uint8_t *)text, (int)len);
	if (n < 0 || (size_t)n < pad)
		return err_set(e, -EBADMSG, "\"%s\" is not base64", key);
	ret->len += (size_t)n - pad;
	return 0;
}
