/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/version.h"

#define DIGITS	"0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ORDERED DIGITS LETTERS "~-^." /* all others are as if they were not there */

static int compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (!a_len || !b_len)
		return (a_len > 0) - (b_len > 0);
	for (; a_len && *a == '0'; a_len--)
		a++;
	for (; b_len && *b == '0'; b_len--)
		b++;
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

static int compare_letters(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, MIN(a_len, b_len));

	return r ? r : (a_len > b_len) - (a_len < b_len);
}

/* Compares what both begin with of these characters, and goes past it. */
static int compare_run(const char **a, const char **b, const char *set,
		       int (*compare)(const char *a, size_t a_len, const char *b, size_t b_len))
{
	size_t a_len = strspn(*a, set), b_len = strspn(*b, set);
	int r = compare(*a, a_len, *b, b_len);

	*a += a_len;
	*b += b_len;
	return r;
}

int version_compare(const char *a, const char *b)
{
	/* Whichever has one of these where the other has not is older; "~" even than nothing. */
	static const char separators[] = "-^.";
	int r = 0;

	while (r == 0) {
		const char *s = separators;

		a += strcspn(a, ORDERED);
		b += strcspn(b, ORDERED);
		if (*a == '~' || *b == '~') {
			r = (*a != '~') - (*b != '~');
			a++, b++;
			continue;
		}
		if (!*a || !*b)
			return (*a != '\0') - (*b != '\0');
		while (*s && *a != *s && *b != *s)
			s++;
		if (*s) {
			r = (*a != *s) - (*b != *s);
			a++, b++;
		} else if (strchr(DIGITS, *a) || strchr(DIGITS, *b)) {
			r = compare_run(&a, &b, DIGITS, compare_numbers);
		} else {
			r = compare_run(&a, &b, LETTERS, compare_letters);
		}
	}
	return r;
}

bool version_is_valid(const char *s)
{
	return *s && s[strspn(s, DIGITS LETTERS "._-+~^")] == '\0' && *s != '.';
}
