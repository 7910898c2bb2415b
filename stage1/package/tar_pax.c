/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/tar_pax.h"

#define XATTR_PREFIX	      "SCHILY.xattr."
#define MAX_XATTR_NAME_BYTES  255
#define MAX_XATTR_VALUE_BYTES 65536
#define MAX_XATTRS	      64

void package_xattrs_free(struct package_xattr *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].value);
	}
	free(v);
}

void tar_extra_done(struct tar_extra *x)
{
	free(x->path);
	free(x->target);
	package_xattrs_free(x->xattrs, x->n_xattrs);
	*x = (struct tar_extra){ 0 };
}

/* A copy with its NUL, for what must not hold one. */
static int copy_text(const char *key, const char *value, size_t len, size_t max, char **ret,
		     struct err *e)
{
	if (len == 0 || len > max || memchr(value, '\0', len))
		return err_set(e, -EBADMSG, "pax %s of %zu bytes is not a name", key, len);
	char *s = strndup(value, len);
	if (!s)
		return err_oom(e);
	if (!tar_name_is_plain(s)) {
		free(s);
		return err_set(e, -EBADMSG, "a control character in pax %s", key);
	}
	free(*ret);
	*ret = s;
	return 0;
}

static int parse_number(const char *key, const char *value, size_t len, uint64_t max, uint64_t *ret,
			struct err *e)
{
	char text[24];
	uint64_t v;

	if (len >= sizeof(text))
		return err_set(e, -EBADMSG, "pax %s is not a number in range", key);
	memcpy(text, value, len);
	text[len] = '\0';
	if (strlen(text) != len || parse_u64(text, 10, &v) < 0 || v > max)
		return err_set(e, -EBADMSG, "pax %s is not a number in range", key);
	*ret = v;
	return 0;
}

/* Seconds with an optional sign and fraction, rounded down. */
static int parse_time(const char *value, size_t len, int64_t *ret, struct err *e)
{
	bool negative = len > 0 && value[0] == '-';
	size_t from = negative ? 1 : 0, to = from;
	bool fraction = false;
	uint64_t v;

	while (to < len && value[to] != '.')
		to++;
	for (size_t i = to + 1; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return err_set(e, -EBADMSG, "pax mtime is not a number in range");
		fraction = fraction || value[i] != '0';
	}
	int r = parse_number("mtime", value + from, to - from, INT64_MAX - 1, &v, e);
	if (r < 0)
		return r;
	*ret = negative ? -(int64_t)v - (fraction ? 1 : 0) : (int64_t)v;
	return 0;
}

static int add_xattr(struct tar_extra *x, const char *name, size_t name_len, const char *value,
		     size_t len, struct err *e)
{
	_cleanup_free_ char *own = NULL;

	int r = copy_text("xattr", name, name_len, MAX_XATTR_NAME_BYTES, &own, e);
	if (r < 0)
		return r;
	if (len > MAX_XATTR_VALUE_BYTES)
		return err_set(e, -EBADMSG, "xattr %s has %zu bytes, and %d are the most", own, len,
			       MAX_XATTR_VALUE_BYTES);
	if (x->n_xattrs == MAX_XATTRS)
		return err_set(e, -EBADMSG, "more than %d xattrs", MAX_XATTRS);
	for (size_t i = 0; i < x->n_xattrs; i++)
		if (str_eq(x->xattrs[i].name, own))
			return err_set(e, -EBADMSG, "xattr %s is there twice", own);
	struct package_xattr *v = reallocarray(x->xattrs, x->n_xattrs + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	x->xattrs = v;
	void *copy = malloc(len ? len : 1);
	if (!copy)
		return err_oom(e);
	memcpy(copy, value, len);
	v[x->n_xattrs++] = (struct package_xattr){ TAKE_PTR(own), copy, len };
	return 0;
}

static int take_number(struct tar_extra *x, const char *key, const char *value, size_t len,
		       struct err *e)
{
	uint64_t v;
	int r = parse_number(key, value, len, str_eq(key, "size") ? INT64_MAX : UINT32_MAX - 1, &v,
			     e);
	if (r < 0)
		return r;
	if (str_eq(key, "size")) {
		x->has_size = true;
		x->size_bytes = v;
	} else if (str_eq(key, "uid")) {
		x->has_uid = true;
		x->uid = (uint32_t)v;
	} else {
		x->has_gid = true;
		x->gid = (uint32_t)v;
	}
	return 0;
}

/* Keys that say nothing about what we keep are passed over, as POSIX asks. */
static int take_record(struct tar_extra *x, const char *key, const char *value, size_t len,
		       struct err *e)
{
	if (str_eq(key, "path"))
		return copy_text(key, value, len, TAR_MAX_PATH_BYTES, &x->path, e);
	if (str_eq(key, "linkpath"))
		return copy_text(key, value, len, TAR_MAX_PATH_BYTES, &x->target, e);
	if (str_eq(key, "size") || str_eq(key, "uid") || str_eq(key, "gid"))
		return take_number(x, key, value, len, e);
	if (str_eq(key, "mtime")) {
		x->has_mtime = true;
		return parse_time(value, len, &x->mtime, e);
	}
	if (str_has_prefix(key, XATTR_PREFIX)) {
		const char *name = key + strlen(XATTR_PREFIX);
		return add_xattr(x, name, strlen(name), value, len, e);
	}
	if (str_has_prefix(key, "GNU.sparse."))
		return err_set(e, -EBADMSG, "sparse files are not supported");
	if (str_has_prefix(key, "SCHILY.acl."))
		return err_set(e, -EBADMSG, "access control lists are not supported");
	return 0;
}

/* "<length> <key>=<value>\n", where the length counts all of it. */
static int split_record(const char *data, size_t len, size_t *ret_len, const char **ret_key,
			struct err *e)
{
	size_t n = 0, i = 0;

	for (; i < len && i < 8 && data[i] >= '0' && data[i] <= '9'; i++)
		n = n * 10 + (size_t)(data[i] - '0');
	if (i == 0 || i >= len || data[i] != ' ' || n > len || n < i + 3 || data[n - 1] != '\n')
		return err_set(e, -EBADMSG, "malformed pax header");
	*ret_len = n;
	*ret_key = data + i + 1;
	return 0;
}

int tar_pax_parse(struct tar_extra *x, const uint8_t *data, size_t len, bool global, struct err *e)
{
	const char *p = (const char *)data;

	while (len) {
		char key[sizeof(XATTR_PREFIX) + MAX_XATTR_NAME_BYTES];
		const char *start = p;
		size_t n = 0;
		int r = split_record(p, len, &n, &start, e);
		if (r < 0)
			return r;
		const char *end = p + n - 1;
		const char *equals = memchr(start, '=', (size_t)(end - start));
		size_t key_len = equals ? (size_t)(equals - start) : 0;
		if (key_len == 0 || key_len >= sizeof(key) || memchr(start, '\0', key_len))
			return err_set(e, -EBADMSG, "malformed pax header");
		memcpy(key, start, key_len);
		key[key_len] = '\0';
		if (!global)
			r = take_record(x, key, equals + 1, (size_t)(end - equals - 1), e);
		else if (!str_eq(key, "comment"))
			r = err_set(e, -EBADMSG, "global pax header sets %s for all files", key);
		if (r < 0)
			return r;
		p += n;
		len -= n;
	}
	return 0;
}
