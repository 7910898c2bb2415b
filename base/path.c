/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/path.h"

#include <sys/stat.h>

#include "base/buf.h"
#include "base/utf8.h"

static bool is_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* "..": takes the last name off again, if that is the same. Return: was it? */
static bool go_up(struct buf *out)
{
	const char *path = buf_str(out), *last = path_last(path);

	if (str_eq(path, "/"))
		return true;
	if (!*last || str_eq(last, "..") || !is_directory(path))
		return false;
	out->len = (size_t)(last - path);
	if (out->len > 1)
		out->len--; /* the slash before it, but for the root's */
	out->data[out->len] = '\0';
	return true;
}

char *path_tidy(const char *path)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t len;

	buf_append(&out, "/", *path == '/');
	for (const char *p = path; *p; p += len) {
		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 0 || (len == 1 && *p == '.') ||
		    (len == 2 && memcmp(p, "..", 2) == 0 && go_up(&out)))
			continue;
		if (out.len && !str_eq(buf_str(&out), "/"))
			buf_append(&out, "/", 1);
		buf_append(&out, p, len);
		if (buf_failed(&out))
			return NULL;
	}
	if (!out.len)
		buf_append(&out, ".", 1);
	return buf_take_str(&out);
}

/* Line and paragraph separators, and what turns the direction of text. Spec: Unicode, UAX #9, 2 */
static bool is_unseen(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Control characters of both halves of Latin-1 are what terminals obey. */
static bool printable(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && !is_unseen(c);
}

static char *quote(const char *path, const char *backslash)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint32_t c;

	buf_append_str(&b, "");
	while (*path) {
		size_t n = utf8_next(path, &c);
		if (*path == '\\')
			buf_append_str(&b, backslash);
		else if (n && printable(c))
			buf_append(&b, path, n);
		else
			for (size_t i = 0; i < MAX(n, (size_t)1); i++)
				buf_printf(&b, "\\x%02x", (uint8_t)path[i]);
		path += MAX(n, (size_t)1);
	}
	return buf_take_str(&b);
}

char *path_quote(const char *path)
{
	return quote(path, "\\\\");
}

char *path_quote_message(const char *text)
{
	return quote(text, "\\");
}
