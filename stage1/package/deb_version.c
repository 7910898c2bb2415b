/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/deb_version.h"

struct version {
	const char *epoch, *upstream, *revision;
	size_t epoch_len, upstream_len, revision_len;
};

/* The epoch ends at the first colon, the revision begins after the last hyphen. */
static struct version split(const char *s)
{
	struct version v = { .epoch = "", .upstream = s, .revision = "" };
	const char *colon = strchr(s, ':');

	if (colon) {
		v.epoch = s;
		v.epoch_len = (size_t)(colon - s);
		v.upstream = colon + 1;
	}
	v.upstream_len = strlen(v.upstream);
	const char *hyphen = strrchr(v.upstream, '-');
	if (hyphen) {
		v.upstream_len = (size_t)(hyphen - v.upstream);
		v.revision = hyphen + 1;
		v.revision_len = strlen(v.revision);
	}
	return v;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* '~' before the end, the end before letters, letters before all else. A digit ends the part. */
static int char_order(const char *s, size_t at, size_t len)
{
	if (at >= len || is_digit(s[at]))
		return 0;
	if (s[at] == '~')
		return -1;
	return is_letter(s[at]) ? (unsigned char)s[at] : (unsigned char)s[at] + 256;
}

/* Numbers of any length: without leading zeros the longer one is larger. */
static int compare_numbers(const char *a, size_t *i, size_t a_len, const char *b, size_t *j,
			   size_t b_len)
{
	int first = 0;

	while (*i < a_len && a[*i] == '0')
		(*i)++;
	while (*j < b_len && b[*j] == '0')
		(*j)++;
	for (;;) {
		bool more_a = *i < a_len && is_digit(a[*i]), more_b = *j < b_len && is_digit(b[*j]);
		if (!more_a || !more_b)
			return more_a ? 1 : more_b ? -1 : first;
		if (!first)
			first = (int)a[*i] - (int)b[*j];
		(*i)++;
		(*j)++;
	}
}

static int compare_part(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0, j = 0;

	while (i < a_len || j < b_len) {
		while ((i < a_len && !is_digit(a[i])) || (j < b_len && !is_digit(b[j]))) {
			int x = char_order(a, i, a_len), y = char_order(b, j, b_len);
			if (x != y)
				return x < y ? -1 : 1;
			i++;
			j++;
		}
		int c = compare_numbers(a, &i, a_len, b, &j, b_len);
		if (c)
			return c < 0 ? -1 : 1;
	}
	return 0;
}

int deb_version_compare(const char *a, const char *b)
{
	struct version x = split(a), y = split(b);

	int c = compare_part(x.epoch, x.epoch_len, y.epoch, y.epoch_len);
	if (c == 0)
		c = compare_part(x.upstream, x.upstream_len, y.upstream, y.upstream_len);
	return c ? c : compare_part(x.revision, x.revision_len, y.revision, y.revision_len);
}

static bool only_has(const char *s, size_t len, const char *also)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(s[i]) && !is_letter(s[i]) && !strchr(also, s[i]))
			return false;
	return true;
}

int deb_version_check(const char *version, struct err *e)
{
	struct version v = split(version);
	const char *what = NULL;
	uint64_t epoch;

	if (strchr(version, ':')) {
		_cleanup_free_ char *text = strndup(v.epoch, v.epoch_len);
		if (!text)
			return err_oom(e);
		if (parse_u64(text, 10, &epoch) < 0 || epoch > INT32_MAX)
			what = "its epoch is not a number in range";
	}
	if (v.upstream_len == 0)
		what = "it is empty";
	else if (!is_digit(v.upstream[0]))
		what = "it does not begin with a digit";
	else if (!only_has(v.upstream, v.upstream_len, ".+-~:"))
		what = "it has a character that versions do not have";
	else if (strchr(v.upstream, '-') && v.revision_len == 0)
		what = "its revision is empty";
	else if (!only_has(v.revision, v.revision_len, ".+~"))
		what = "its revision has a character that revisions do not have";
	return what ? err_set(e, -EINVAL, "\"%s\" is not a version: %s", version, what) : 0;
}

bool deb_version_satisfies(const char *version, const char *relation, const char *bound)
{
	int c = deb_version_compare(version, bound);

	if (str_eq(relation, "<<"))
		return c < 0;
	if (str_eq(relation, "<=") || str_eq(relation, "<"))
		return c <= 0;
	if (str_eq(relation, "="))
		return c == 0;
	if (str_eq(relation, ">=") || str_eq(relation, ">"))
		return c >= 0;
	return str_eq(relation, ">>") && c > 0;
}

/* "name[:arch] [(rel version)]", spaces as the writer liked. */
static bool item_covers(const char *item, size_t len, const char *package, const char *version)
{
	static const char space[] = " \t\r\n";
	_cleanup_free_ char *s = strndup(item, len), *bound = NULL;
	char relation[3] = "";

	if (!s)
		return false;
	char *name = s + strspn(s, space);
	char *rest = name + strcspn(name, " \t\r\n(:");
	char *paren = strchr(rest, '(');
	*rest = '\0';
	if (!str_eq(name, package))
		return false;
	if (!paren)
		return true;
	paren += 1 + strspn(paren + 1, space);
	size_t n = strspn(paren, "<>=");
	if (n == 0 || n > 2)
		return false;
	memcpy(relation, paren, n);
	paren += n;
	paren += strspn(paren, space);
	bound = strndup(paren, strcspn(paren, " \t\r\n)"));
	return bound && deb_version_satisfies(version, relation, bound);
}

bool deb_relation_covers(const char *field, const char *package, const char *version)
{
	while (field && *field) {
		size_t len = strcspn(field, ",|");
		if (item_covers(field, len, package, version))
			return true;
		field += len + (field[len] != '\0');
	}
	return false;
}
